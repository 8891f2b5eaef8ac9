"""What a storage behind Jaeger can carry, as far as the spans that were read show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from spanpact.sources.jaeger.alterations import REFERENCE
from spanpact.trace.model import Capability, Span


class Description:
    """The capabilities and the resolution of all spans that were added. More spans may add to either."""

    def __init__(self) -> None:
        self._missing = dict(_SHOWN_BY)
        self._more: set[Capability] = set()
        self._references = False
        self._whole_microseconds = True

    def add(self, spans: Iterable[Span]) -> None:
        """Add some spans."""
        for span in spans:
            for capability in [name for name, shows in self._missing.items() if shows(span)]:
                self._more.add(capability)
                del self._missing[capability]
            if span.links and not self._references:
                self._references = any(REFERENCE in link.attributes for link in span.links)
            if self._whole_microseconds and _is_finer(span):
                self._whole_microseconds = False

    def capabilities(self, known: frozenset[Capability]) -> frozenset[Capability]:
        """Return the capabilities, given those of the API: without links where only a type of reference was kept."""
        return (known | self._more) - ({"links"} if self._references else frozenset())

    @property
    def resolution_ns(self) -> int:
        """Return 1000 where all times are whole microseconds, as most storages of Jaeger keep them; else 1."""
        return 1000 if self._whole_microseconds else 1


def _is_finer(span: Span) -> bool:
    times = (span.start_ns, span.end_ns, *(event.time_ns for event in span.events))
    return any(time % 1000 for time in times)


def _has_schema_urls(span: Span) -> bool:
    return bool(span.resource.schema_url or span.scope.schema_url or span.scope.attributes)


def _has_dropped_counts(span: Span) -> bool:
    """Return whether the span, or something that it carries, has a dropped count."""
    counts = [span.dropped_attributes, span.dropped_events, span.dropped_links]
    counts += [span.resource.dropped_attributes, span.scope.dropped_attributes]
    counts += [event.dropped_attributes for event in span.events]
    counts += [link.dropped_attributes for link in span.links]
    return any(counts)


def _has_structure(span: Span) -> bool:
    """Return whether the span has a list, a map or the empty value, which storages of Jaeger 1 keep as text."""
    attribute_sets = [span.attributes, span.resource.attributes, span.scope.attributes]
    attribute_sets += [event.attributes for event in span.events]
    attribute_sets += [link.attributes for link in span.links]
    return any(isinstance(value, list | dict | None) for attributes in attribute_sets for value in attributes.values())


_SHOWN_BY: Final[Mapping[Capability, Callable[[Span], bool]]] = {
    "remote": lambda span: span.parent_remote is not None,
    "trace_state": lambda span: bool(span.trace_state),
    "schema_urls": _has_schema_urls,
    "dropped_counts": _has_dropped_counts,
    "value_types": _has_structure,
}
