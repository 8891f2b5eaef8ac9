"""The neutral model of a trace: what every source gives and every check reads.

The values follow the OpenTelemetry trace data model, without depending on OpenTelemetry. They are
`msgspec.Struct`s (frozen), as a source makes millions of them: see docs/adr/0002.

Units: times are integer nanoseconds since the Unix epoch. Ids are lower-case hexadecimal text (32 digits for
a trace, 16 for a span), kept as they were sent when malformed: judging that is a check's work, not a source's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, Union

import msgspec

Value: TypeAlias = Union[bool, int, float, str, bytes, "list[Value]", "dict[str, Value]", None]
"""An attribute's value: the OpenTelemetry AnyValue. Arrays are lists, maps are dicts with string keys."""

Attributes: TypeAlias = dict[str, Value]

SpanKind: TypeAlias = Literal["unspecified", "internal", "server", "client", "producer", "consumer"]
StatusCode: TypeAlias = Literal["unset", "ok", "error"]
Capability: TypeAlias = Literal[
    "events", "logs", "links", "status_message", "scope", "resource", "remote", "number_types",
    "value_types", "bytes", "trace_state", "dropped_counts", "complete", "offered",
]  # fmt: skip

ALL_CAPABILITIES: frozenset[Capability] = frozenset(Capability.__args__)  # type: ignore[attr-defined]


class Resource(msgspec.Struct, frozen=True):
    """What produced a span: the process, its service, its host."""

    attributes: Attributes = {}
    schema_url: str = ""


class Scope(msgspec.Struct, frozen=True):
    """The instrumentation scope: the library that made the span."""

    name: str = ""
    version: str = ""
    attributes: Attributes = {}


class Event(msgspec.Struct, frozen=True):
    """Something that happened at one moment of a span."""

    name: str
    time_ns: int = 0
    attributes: Attributes = {}
    dropped_attributes: int = 0


class Link(msgspec.Struct, frozen=True):
    """A reference from a span to another span, perhaps of another trace."""

    trace_id: str
    span_id: str
    attributes: Attributes = {}
    trace_state: str = ""
    dropped_attributes: int = 0


NO_RESOURCE = Resource()
NO_SCOPE = Scope()


class Span(msgspec.Struct, frozen=True):
    """One operation. `parent_id` is "" for a root; `end_ns` is 0 for a span that never ended.

    `parent_remote` says whether the parent is in another process; None where the source does not know.
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
    """A log record that carries a trace id (and mostly a span id, else "")."""

    trace_id: str
    span_id: str = ""
    event_name: str = ""
    body: Value = None
    severity: str = ""
    time_ns: int = 0
    attributes: Attributes = {}
    resource: Resource = NO_RESOURCE
    scope: Scope = NO_SCOPE


class Trace(msgspec.Struct, frozen=True):
    """All spans (in the order in which they were read) and log records that share one trace id.

    `complete`: no more spans will come. `scenario`: the label given by whoever caused the trace, "" for none.
    """

    trace_id: str
    spans: Sequence[Span]
    logs: Sequence[LogRecord] = ()
    complete: bool = True
    scenario: str = ""


class SourceInfo(msgspec.Struct, frozen=True):
    """What a source says of itself: a name for reports, what it can carry, and the resolution of its times."""

    name: str
    capabilities: frozenset[Capability] = ALL_CAPABILITIES
    resolution_ns: int = 1


class Reading(msgspec.Struct, frozen=True):
    """What one read of a source gave: its traces, and the number of requests the caller declares as offered.

    `let_go` and `spans_let_go` count traces, and their spans, that were judged and are not held any more.
    """

    source: SourceInfo
    traces: Sequence[Trace]
    offered: int | None = None
    let_go: int = 0
    spans_let_go: int = 0

    @property
    def trace_count(self) -> int:
        """How many traces were read."""
        return len(self.traces) + self.let_go

    @property
    def span_count(self) -> int:
        """How many spans were read."""
        return sum(len(trace.spans) for trace in self.traces) + self.spans_let_go
