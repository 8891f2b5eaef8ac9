"""The model of traces that every source produces and every check reads.

The types follow the OpenTelemetry trace data model, without depending on OpenTelemetry. They are frozen
`msgspec.Struct`s, because a source creates millions of them (docs/adr/0002).

Times are integer nanoseconds since the Unix epoch. Ids are lower-case hexadecimal text: 32 digits for a trace, 16 for a
span. A malformed id is kept as it was sent, because a check reports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, Union

import msgspec

Value: TypeAlias = Union[bool, int, float, str, bytes, "list[Value]", "dict[str, Value]", None]
"""An attribute's value: the OpenTelemetry AnyValue. Arrays are lists, maps are dicts with string keys."""

Attributes: TypeAlias = dict[str, Value]

SpanKind: TypeAlias = Literal["unspecified", "internal", "server", "client", "producer", "consumer"]
StatusCode: TypeAlias = Literal["unset", "ok", "error"]
Capability: TypeAlias = Literal[
    "events", "logs", "links", "status_message", "scope", "resource", "remote", "number_types",
    "value_types", "scalar_types", "status_ok", "bytes", "trace_state", "schema_urls", "dropped_counts", "complete",
    "offered",
]  # fmt: skip

ALL_CAPABILITIES: frozenset[Capability] = frozenset(Capability.__args__)  # type: ignore[attr-defined]


class Resource(msgspec.Struct, frozen=True):
    """The entity that produced a span: a process with its service and host."""

    attributes: Attributes = {}
    schema_url: str = ""
    dropped_attributes: int = 0


class Scope(msgspec.Struct, frozen=True):
    """The instrumentation scope: the library that created the span.

    `schema_url` says by which version of the semantic conventions the scope names its spans.
    """

    name: str = ""
    version: str = ""
    attributes: Attributes = {}
    schema_url: str = ""
    dropped_attributes: int = 0


class Event(msgspec.Struct, frozen=True):
    """An event of a span, at one point in time."""

    name: str
    time_ns: int = 0
    attributes: Attributes = {}
    dropped_attributes: int = 0


class Link(msgspec.Struct, frozen=True):
    """A reference from a span to another span, of the same trace or of another one."""

    trace_id: str
    span_id: str
    attributes: Attributes = {}
    trace_state: str = ""
    dropped_attributes: int = 0


NO_RESOURCE = Resource()
NO_SCOPE = Scope()


class Span(msgspec.Struct, frozen=True):
    """One operation. `parent_id` is "" for a root span; `end_ns` is 0 for a span that never ended.

    `parent_remote` is whether the parent is in another process; None where the source does not know.
    """

    trace_id: str
    span_id: str
    name: str
    parent_id: str = ""
    kind: SpanKind = "internal"
    start_ns: int = 0
    end_ns: int = 0
    status: StatusCode = "unset"
    status_message: str = ""
    attributes: Attributes = {}
    events: Sequence[Event] = ()
    links: Sequence[Link] = ()
    resource: Resource = NO_RESOURCE
    scope: Scope = NO_SCOPE
    trace_state: str = ""
    parent_remote: bool | None = None
    dropped_attributes: int = 0
    dropped_events: int = 0
    dropped_links: int = 0


class LogRecord(msgspec.Struct, frozen=True):
    """A log record. `span_id` is "" where it belongs to no span; then `trace_id` may be "" too.

    `severity` is the text of the severity, or the short name of its number. `trace_flags` are those of the span in
    which it was logged, 0 where they are not known.
    """

    trace_id: str
    span_id: str = ""
    event_name: str = ""
    body: Value = None
    severity: str = ""
    time_ns: int = 0
    attributes: Attributes = {}
    resource: Resource = NO_RESOURCE
    scope: Scope = NO_SCOPE
    severity_number: int = 0
    trace_flags: int = 0
    dropped_attributes: int = 0


class Trace(msgspec.Struct, frozen=True):
    """The spans (in the order in which they were read) and log records with one trace id.

    `complete`: no more spans will arrive. `scenario`: the label that the caller gave the trace, "" for none.
    """

    trace_id: str
    spans: Sequence[Span]
    logs: Sequence[LogRecord] = ()
    complete: bool = True
    scenario: str = ""


class SourceInfo(msgspec.Struct, frozen=True):
    """The description of a source: its name in reports, what it can carry, and the resolution of its times.

    `version` is that of the server that was asked (`Jaeger 2.13.0`), "" for other sources.
    """

    name: str
    capabilities: frozenset[Capability] = ALL_CAPABILITIES
    resolution_ns: int = 1
    version: str = ""


class UnreadField(msgspec.Struct, frozen=True):
    """A field that OTLP does not know, and how much of what it `holds` (`spans`) was therefore not read."""

    field: str
    holds: str
    count: int


class ClockResolutions(Protocol):
    """The resolution of the times of each resource, as its spans show it: `trace.clocks.Clocks`."""

    def resolution_ns(self, resource: Resource) -> int:
        """Return the resolution of a resource's times."""

    def possible_ns(self, resource: Resource) -> int:
        """Return the coarsest resolution that the resource may turn out to have when more spans come."""

    def coarse(self) -> Sequence[tuple[str, int]]:
        """Return the service names of resources whose times are coarser than 1 ns, sorted, with their resolution."""


class Reading(msgspec.Struct, frozen=True):
    """The result of one read of a source. `offered` is the number of requests that the caller says were made.

    `unread` are the unknown fields whose content is not in the traces. A verification sets `clocks`.
    `spanless` are the log records of which no span was read: a trace without spans for each trace id, "" for records
    without one. They are not counted as traces.

    Streaming verification does not keep traces without findings: `let_go` counts these, and `spans_let_go` their spans.
    `spans_held` is the number of spans of `traces` where it is known; these may be in a file (`held_traces`).

    `growing` is set for a search among live traces: what makes one of them incomplete, in words that follow `traces`.
    `left_out` is the number of such traces that were left out.
    """

    source: SourceInfo
    traces: Sequence[Trace]
    offered: int | None = None
    let_go: int = 0
    spans_let_go: int = 0
    unread: Sequence[UnreadField] = ()
    clocks: ClockResolutions | None = None
    spanless: Sequence[Trace] = ()
    growing: str = ""
    left_out: int = 0
    spans_held: int | None = None

    @property
    def trace_count(self) -> int:
        """Return the number of traces that were read."""
        return len(self.traces) + self.let_go

    @property
    def span_count(self) -> int:
        """Return the number of spans that were read."""
        held = self.spans_held
        return (sum(len(trace.spans) for trace in self.traces) if held is None else held) + self.spans_let_go
