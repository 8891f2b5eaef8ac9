"""Integrity of attributes: each key occurs once, as OTLP demands (section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.integrity.owners import Seen, is_new
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.engine.checks.values.shown import shown
from spanpact.trace.attributes import IrregularAttributes, pairs_of, repeated_keys, values_of, walk_values
from spanpact.trace.equality import equal
from spanpact.trace.model import Attributes, Span, Value

_MOST_SHOWN: Final = 5
_NESTED: Final = frozenset([list, dict, IrregularAttributes])


def check_repeated_keys(context: Context) -> Iterator[LocatedBreach]:
    """Yield `attribute-repeated` for each key that occurs more than once in one list of attributes, or in a map.

    Resources and scopes are reported once a trace, at the first of their spans.
    """
    seen: Seen = set()
    logs = bool(context.topology.trace.logs)
    for span in context.topology.spans:
        owners_seen = id(span.resource) in seen and id(span.scope) in seen
        if owners_seen and not (logs or span.events or span.links) and _is_plain(span.attributes):
            continue  # almost always
        breaches: dict[str, Breach] = {}
        for what, attributes in _carriers(span, context, seen):
            if not _is_plain(attributes):
                for breach in _repeated(what, attributes):
                    breaches.setdefault(breach.message, breach)
        for breach in breaches.values():
            yield span.span_id, breach


def _is_plain(attributes: Attributes) -> bool:
    return type(attributes) is dict and _NESTED.isdisjoint(map(type, attributes.values()))


def _carriers(span: Span, context: Context, seen: Seen) -> Iterator[tuple[str, Attributes]]:
    """Yield each list of attributes of the span and of what it carries, with what to call an attribute of it."""
    yield "attribute", span.attributes
    for what, owner in (("resource attribute", span.resource), ("scope attribute", span.scope)):
        if _is_plain(owner.attributes):
            seen.add(id(owner))
        elif is_new(owner, seen):
            yield what, owner.attributes
    for event in span.events:
        yield "event attribute", event.attributes
    for link in span.links:
        yield "link attribute", link.attributes
    for record in context.logs_of(span):
        yield "log attribute", record.attributes
        if isinstance(record.body, list | dict):
            yield "log record with a", {"body": record.body}


def _repeated(what: str, attributes: Attributes) -> Iterator[Breach]:
    for name in repeated_keys(attributes):
        yield _breach(f"{what} {name}", values_of(attributes, name))
    for name, value in pairs_of(attributes):
        if isinstance(value, list | dict):
            for each in (one for one in walk_values(value) if isinstance(one, IrregularAttributes)):
                for key in repeated_keys(each):
                    yield _breach(f"the key {key} in {what} {name}", values_of(each, key))


def _breach(what: str, values: Sequence[Value]) -> Breach:
    if all(equal(values[0], each) for each in values[1:]):
        observed = f"{len(values)} equal values"
    else:
        more = ", …" if len(values) > _MOST_SHOWN else ""
        observed = f"{len(values)} values: {', '.join(map(shown, values[:_MOST_SHOWN]))}{more}"
    message = f"{what} occurs more than once"
    return Breach(
        "attribute-repeated", message, "each key once", observed, "set the attribute once: backends keep one value"
    )
