"""Undo the changes that Jaeger makes to spans when it stores them, where it keeps the original value.

As measured with Jaeger 1.62, 2.10, 2.13 and 2.21:

- A span that ends before its start (or never ended) gets an end 1 ns after its start, and a warning with the original
  end. The original end is restored.
- A resource without `service.name`, or with an empty one, gets a placeholder. The original is restored. A
  `service.name` that is not a text is lost.
- Since 2.16 a span without a name gets a placeholder. The original is restored.
- A root that links to itself gets itself as its parent in storages with the model of Jaeger 1, such as Badger. That is
  removed. One that links to another span of its trace gets that as its parent, which looks like any child.
- Jaeger 1 adds an attribute with the format in which the span came. It is removed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from spanpact.trace.attributes import attributes_of, filtered, pairs_of
from spanpact.trace.model import Attributes, Link, Resource, Span, Value

WARNINGS: Final = "@jaeger@warnings"
"""The attribute in which the stable API gives Jaeger's own warnings."""

REFERENCE: Final = "opentracing.ref_type"
"""The only attribute of links in storages with the model of Jaeger 1."""

_JAEGER_PREFIX: Final = "@jaeger@"
_SERVICE: Final = "service.name"
_FORMAT: Final = "internal.span.format"
_FORMATS: Final[tuple[Value, ...]] = ("otlp", "proto", "jaeger", "zipkin")
_UNNAMED: Final = "empty-span-name"
_MOST_RESOURCES: Final = 1000  # remembered; a sender may give every span a resource of its own
_ORIGINAL_NAMES: Final[Mapping[Value, Attributes]] = {
    "missing-service-name": {},
    "OTLPResourceNoServiceName": {},
    "empty-service-name": {_SERVICE: ""},
}
_ORIGINAL_END: Final = re.compile(
    r"Original end timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))? \+0000 UTC, adjusted to"
)


class Restorer:
    """Restores spans as they were sent: without warnings, with the original end and resource, and full-length ids.

    `names_spans`: this Jaeger may have given a name to spans without one. `marks_formats`: it may have marked spans
    with the format in which they came.
    """

    def __init__(self, *, names_spans: bool = True, marks_formats: bool = True) -> None:
        self._names_spans, self._marks_formats = names_spans, marks_formats
        self._resources: dict[int, tuple[Resource, Resource]] = {}

    def span(self, span: Span) -> Span:
        """Return the span as it was sent; the same object where nothing was changed."""
        changed: dict[str, object] = {}
        attributes = span.attributes
        if self._marks_formats and attributes.get(_FORMAT) in _FORMATS:
            attributes = changed["attributes"] = filtered(attributes, lambda name: name != _FORMAT)
        if any(name.startswith(_JAEGER_PREFIX) for name in attributes):
            changed["attributes"] = filtered(attributes, lambda name: not name.startswith(_JAEGER_PREFIX))
            adjusted = span.end_ns - span.start_ns <= 1  # else the warning belongs to another span with this id
            if adjusted and (end := _original_end(attributes.get(WARNINGS))) is not None:
                changed["end_ns"] = end
        if span.name == _UNNAMED and self._names_spans:
            changed["name"] = ""
        if span.links and span.parent_id == span.span_id and any(_leads_to(link, span) for link in span.links):
            changed["parent_id"] = ""
        resource = self._resource(span.resource)
        if resource is not span.resource:
            changed["resource"] = resource
        for field, digits in (("trace_id", 32), ("span_id", 16), ("parent_id", 16)):  # the old API shortens ids
            id = getattr(span, field)
            if len(id) < digits and (id or field != "parent_id"):
                changed[field] = id.zfill(digits)
        return msgspec.structs.replace(span, **changed) if changed else span

    def _resource(self, resource: Resource) -> Resource:
        cached = self._resources.get(id(resource))
        if cached is None:
            if len(self._resources) >= _MOST_RESOURCES:
                self._resources.clear()
            cached = self._resources[id(resource)] = (resource, _original_resource(resource))
        return cached[1]


def _leads_to(link: Link, span: Span) -> bool:
    """Return whether the link leads to this span, from a storage that keeps a type of reference with each link."""
    return link.span_id == span.span_id and link.trace_id == span.trace_id and REFERENCE in link.attributes


def _original_resource(resource: Resource) -> Resource:
    name = resource.attributes.get(_SERVICE)
    if not isinstance(name, str) or name not in _ORIGINAL_NAMES:
        return resource
    others = pairs_of(filtered(resource.attributes, lambda key: key != _SERVICE))
    return msgspec.structs.replace(resource, attributes=attributes_of([*_ORIGINAL_NAMES[name].items(), *others]))


def _original_end(warnings: Value) -> int | None:
    """Return the original end from Jaeger's warnings, in ns (0: never ended); None where no warning has it."""
    texts: Sequence[Value] = warnings if isinstance(warnings, list) else [warnings]
    for text in texts:
        if isinstance(text, str) and (found := _ORIGINAL_END.search(text)):
            seconds = dt.datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
            return int(seconds) * 1_000_000_000 + int((found[2] or "").ljust(9, "0"))
    return None
