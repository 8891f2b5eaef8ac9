"""What Jaeger changes in spans when it takes them in, undone where it says what was there before.

As measured with Jaeger 2.13, whose storages hold the changed form: a span that ends before its start (or never ended)
gets an end 1 ns after its start, and a warning with the end that was sent; a resource without `service.name`, or with
an empty one, gets a name that says so. One of another type is lost: only that it was of another type is left.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from spanpact.trace.model import Attributes, Resource, Span, Value

WARNINGS: Final = "@jaeger@warnings"
"""The attribute in which the stable API gives Jaeger's own warnings."""

_OWN: Final = "@jaeger@"
_SERVICE: Final = "service.name"
_SENT: Final[Mapping[Value, Attributes]] = {"missing-service-name": {}, "empty-service-name": {_SERVICE: ""}}
_END_SENT: Final = re.compile(
    r"Original end timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))? \+0000 UTC, adjusted to"
)


class Restorer:
    """Gives spans as they were sent: without warnings, with their own end and resource, and ids of full length."""

    def __init__(self) -> None:
        self._resources: dict[int, tuple[Resource, Resource]] = {}

    def span(self, span: Span) -> Span:
        """The span as it was sent; the same object where nothing was changed."""
        changed: dict[str, object] = {}
        attributes = span.attributes
        if any(name.startswith(_OWN) for name in attributes):
            changed["attributes"] = {name: value for name, value in attributes.items() if not name.startswith(_OWN)}
            adjusted = span.end_ns - span.start_ns <= 1  # else it is the warning of another span with this id
            if adjusted and (end := _end_sent(attributes.get(WARNINGS))) is not None:
                changed["end_ns"] = end
        resource = self._resource(span.resource)
        if resource is not span.resource:
            changed["resource"] = resource
        for field, digits in (("trace_id", 32), ("span_id", 16), ("parent_id", 16)):  # the old API shortens ids
            each = getattr(span, field)
            if len(each) < digits and (each or field != "parent_id"):
                changed[field] = each.zfill(digits)
        return msgspec.structs.replace(span, **changed) if changed else span

    def _resource(self, resource: Resource) -> Resource:
        known = self._resources.get(id(resource))
        if known is None:
            known = self._resources[id(resource)] = (resource, _resource_sent(resource))
        return known[1]


def _resource_sent(resource: Resource) -> Resource:
    name = resource.attributes.get(_SERVICE)
    if not isinstance(name, str) or name not in _SENT:
        return resource
    rest = {each: value for each, value in resource.attributes.items() if each != _SERVICE}
    return msgspec.structs.replace(resource, attributes={**_SENT[name], **rest})


def _end_sent(warnings: Value) -> int | None:
    """The end that a warning says was sent, in ns (0: none); None where no warning speaks of it."""
    said: Sequence[Value] = warnings if isinstance(warnings, list) else [warnings]
    for each in said:
        if isinstance(each, str) and (found := _END_SENT.search(each)):
            seconds = dt.datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
            return int(seconds) * 1_000_000_000 + int((found[2] or "").ljust(9, "0"))
    return None
