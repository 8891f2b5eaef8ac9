"""Compare one span as two sources give it, in what both can carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.engine.checks.values.shown import shown, shown_ns
from spanpact.trace.attributes import filtered, values_of
from spanpact.trace.clocks import two_source_allowance_ns
from spanpact.trace.equality import equal_across_sources
from spanpact.trace.model import Attributes, Capability, Event, Link, LogRecord, Resource, Scope, Span, Value

_Carrier: TypeAlias = Event | Link | LogRecord


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs: its name (`attributes.key`), its value in the first source and in the second."""

    field: str
    expected: str
    observed: str


class SpanComparer:
    """A comparison of spans in what both sources can carry.

    `common` are the capabilities of both, `resolution_ns` is the coarser resolution of the two.
    """

    def __init__(self, common: frozenset[Capability], resolution_ns: int) -> None:
        self.common = common
        self.resolution_ns = resolution_ns
        self.allowance_ns = two_source_allowance_ns(resolution_ns)

    def differences(self, one: Span, other: Span) -> Iterator[Difference]:
        """Yield the fields that differ, in the order of the model."""
        for field, mine, theirs in self._texts(one, other):
            if mine != theirs:
                yield Difference(field, mine or "none", theirs or "none")
        for field, first_ns, second_ns in (("start", one.start_ns, other.start_ns), ("end", one.end_ns, other.end_ns)):
            if abs(first_ns - second_ns) > self.allowance_ns:
                yield Difference(field, "the same time", f"{shown_ns(second_ns - first_ns)} later")
        yield from self._attributes("attributes", self._own_attributes(one, other), self._own_attributes(other, one))
        if "resource" in self.common and one.resource is not other.resource:
            yield from self._attributes("resource", one.resource.attributes, other.resource.attributes)
        if "schema_urls" in self.common and one.scope is not other.scope:  # without them, scopes have no attributes
            yield from self._attributes("scope", one.scope.attributes, other.scope.attributes)
        if "events" in self.common:
            yield from self._events(one.events, other.events)
        if "links" in self.common:
            yield from self._links(one.links, other.links)

    def _texts(self, one: Span, other: Span) -> Iterator[tuple[str, str, str]]:
        common = self.common
        yield "name", one.name, other.name
        yield "parent", one.parent_id, other.parent_id
        yield "kind", one.kind, other.kind
        yield "status", self._status(one), self._status(other)
        if "status_message" in common:
            yield "status_message", one.status_message, other.status_message
        if "scope" in common:
            yield "scope", f"{one.scope.name} {one.scope.version}", f"{other.scope.name} {other.scope.version}"
        if "schema_urls" in common:
            yield "resource schema URL", one.resource.schema_url, other.resource.schema_url
            yield "scope schema URL", one.scope.schema_url, other.scope.schema_url
        if "trace_state" in common:
            yield "trace_state", one.trace_state, other.trace_state
        if "remote" in common and None not in (one.parent_remote, other.parent_remote):
            yield "remote", str(one.parent_remote).lower(), str(other.parent_remote).lower()
        if "dropped_counts" in common:
            yield "dropped", _dropped(one), _dropped(other)
            yield "resource dropped", _dropped_in(one.resource), _dropped_in(other.resource)
            yield "scope dropped", _dropped_in(one.scope), _dropped_in(other.scope)

    def _status(self, span: Span) -> str:
        return "unset" if span.status == "ok" and "status_ok" not in self.common else span.status

    def _own_attributes(self, span: Span, other: Span) -> Attributes:
        """Return the attributes of a span without those that are of the resource in the other source."""
        if "resource" in self.common:
            return span.attributes
        of_resource = other.resource.attributes.keys() - other.attributes.keys()
        return filtered(span.attributes, lambda name: name not in of_resource)

    def _attributes(self, where: str, one: Attributes, other: Attributes) -> Iterator[Difference]:
        for name in sorted(one.keys() | other.keys()):
            mine, theirs = list(values_of(one, name)), list(values_of(other, name))
            if not equal_across_sources(mine, theirs, self.common):
                yield Difference(f"{where}.{name}", _all_shown(mine), _all_shown(theirs))

    def _events(self, one: Sequence[Event], other: Sequence[Event]) -> Iterator[Difference]:
        """Compare events paired by time and name: sources order them differently."""
        one, other = sorted(one, key=self._event_key), sorted(other, key=self._event_key)
        if [event.name for event in one] != [event.name for event in other]:
            yield Difference("events", _names(one), _names(other))
            return
        for mine, theirs in zip(one, other, strict=True):
            if abs(mine.time_ns - theirs.time_ns) > self.allowance_ns:
                later = shown_ns(theirs.time_ns - mine.time_ns)
                yield Difference(f"events.{mine.name}", "the same time", f"{later} later")
            yield from self._carried(f"events.{mine.name}", mine, theirs)

    def _event_key(self, event: Event) -> tuple[int, str]:
        return event.time_ns // self.resolution_ns, event.name

    def _links(self, one: Sequence[Link], other: Sequence[Link]) -> Iterator[Difference]:
        mine, theirs = sorted(one, key=_target), sorted(other, key=_target)
        if list(map(_target, mine)) != list(map(_target, theirs)):
            yield Difference("links", f"{len(mine)}: {_targets(mine)}", f"{len(theirs)}: {_targets(theirs)}")
            return
        for link, counterpart in zip(mine, theirs, strict=True):
            yield from self._carried(f"links.{link.span_id}", link, counterpart)
            if "trace_state" in self.common and link.trace_state != counterpart.trace_state:
                states = (link.trace_state or "none", counterpart.trace_state or "none")
                yield Difference(f"links.{link.span_id} trace_state", *states)

    def logs(self, one: Sequence[LogRecord], other: Sequence[LogRecord]) -> Iterator[Difference]:
        """Yield the differences of the log records of one span, paired by time and name."""
        one, other = sorted(one, key=self._log_key), sorted(other, key=self._log_key)
        if len(one) != len(other):
            yield Difference("logs", f"{len(one)} records", f"{len(other)} records")
            return
        for mine, theirs in zip(one, other, strict=True):
            for field in ("event_name", "severity", "severity_number", "trace_flags"):
                values = (getattr(mine, field), getattr(theirs, field))
                if values[0] != values[1]:
                    yield Difference(f"logs.{field}", *(str(value) or "none" for value in values))
            if abs(mine.time_ns - theirs.time_ns) > self.allowance_ns:
                yield Difference("logs.time", "the same time", f"{shown_ns(theirs.time_ns - mine.time_ns)} later")
            if not equal_across_sources(mine.body, theirs.body, self.common):
                yield Difference("logs.body", shown(mine.body), shown(theirs.body))
            yield from self._carried("logs", mine, theirs)

    def _log_key(self, record: LogRecord) -> tuple[object, ...]:
        return record.time_ns // self.resolution_ns, record.event_name, record.severity_number, shown(record.body)

    def _carried(self, where: str, one: _Carrier, other: _Carrier) -> Iterator[Difference]:
        """Yield the differences of what a span carries in its attributes and the count of dropped ones."""
        yield from self._attributes(where, one.attributes, other.attributes)
        if "dropped_counts" in self.common and one.dropped_attributes != other.dropped_attributes:
            yield Difference(f"{where} dropped", _dropped_in(one), _dropped_in(other))


def _all_shown(values: Sequence[Value]) -> str:
    return ", ".join(map(shown, values)) or "absent"


def _dropped_in(carrier: _Carrier | Resource | Scope) -> str:
    return f"{carrier.dropped_attributes} attributes"


def _dropped(span: Span) -> str:
    counts = (span.dropped_attributes, span.dropped_events, span.dropped_links)
    return "{} attributes, {} events, {} links".format(*counts)


def _names(events: Sequence[Event]) -> str:
    return f"{len(events)}: {', '.join(event.name for event in events)}" if events else "none"


def _target(link: Link) -> tuple[str, str]:
    return link.trace_id, link.span_id


def _targets(links: Sequence[Link]) -> str:
    return ", ".join(f"{link.trace_id}/{link.span_id}" for link in links) or "none"
