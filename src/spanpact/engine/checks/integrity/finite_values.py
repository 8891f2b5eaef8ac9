"""Integrity of attribute values: numbers are finite (section 14)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.trace.attributes import pairs_of, walk_values
from spanpact.trace.model import Attributes

_FINITE: Final = frozenset([str, bool, int, bytes, type(None)])


def check_finite_values(context: Context) -> Iterator[LocatedBreach]:
    """Yield `value-not-finite` for each attribute, of a span or what it carries, that holds NaN or an infinity."""
    for span in context.topology.spans:
        carriers = [("attribute", span.attributes), ("resource attribute", span.resource.attributes)]
        carriers += [("event attribute", event.attributes) for event in span.events]
        carriers += [("link attribute", link.attributes) for link in span.links]
        carriers += [("scope attribute", span.scope.attributes)]
        carriers += [("log attribute", record.attributes) for record in context.logs_of(span)]
        for what, attributes in carriers:
            if _FINITE.issuperset(map(type, attributes.values())) and type(attributes) is dict:
                continue  # almost always
            for name in dict.fromkeys(_not_finite(attributes)):
                message = f"{what} {name} is not a finite number"
                yield span.span_id, Breach("value-not-finite", message, "a finite number", "NaN or infinite")


def _not_finite(attributes: Attributes) -> Iterator[str]:
    """Yield the names of the attributes whose value is, or contains, NaN or an infinity."""
    for name, value in pairs_of(attributes):
        if type(value) is str or type(value) is bool or type(value) is int:
            continue  # almost every value
        if any(isinstance(one, float) and not math.isfinite(one) for one in walk_values(value)):
            yield name
