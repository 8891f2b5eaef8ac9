"""Jaeger's old API, `/api/traces`, in the model of Jaeger 1, where the fields of OTLP are tags.

It is a fallback: newer Jaegers have no search here, and respond 500 where a span has a NaN. The model of Jaeger 1 loses
nanoseconds, the attributes of links, remote flags and dropped counts. Lists and maps become JSON texts, and the empty
value becomes an empty text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from spanpact.otlp import SharedValues
from spanpact.sources.jaeger.alterations import WARNINGS
from spanpact.sources.jaeger.api import JaegerApi
from spanpact.sources.search.query import Search
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Attributes, Event, Link, Resource, Scope, Span, SpanKind, StatusCode, Value

_KINDS: Final[Mapping[object, SpanKind]] = {
    "internal": "internal", "server": "server", "client": "client", "producer": "producer", "consumer": "consumer",
}  # fmt: skip
_STATUSES: Final[Mapping[object, StatusCode]] = {"OK": "ok", "ERROR": "error"}
_SCOPES: Final = (("otel.scope.name", "otel.scope.version"), ("otel.library.name", "otel.library.version"))


class _Tag(msgspec.Struct):
    key: str
    type: str = "string"
    value: Any = None


class _Reference(msgspec.Struct, rename="camel"):
    ref_type: str = "CHILD_OF"
    trace_id: str = msgspec.field(default="", name="traceID")
    span_id: str = msgspec.field(default="", name="spanID")


class _Log(msgspec.Struct):
    timestamp: int = 0
    fields: list[_Tag] | None = None


class _Process(msgspec.Struct, rename="camel"):
    service_name: str = ""
    tags: list[_Tag] | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str = msgspec.field(name="traceID")
    span_id: str = msgspec.field(name="spanID")
    operation_name: str = ""
    references: list[_Reference] | None = None
    start_time: int = 0
    duration: int = 0
    tags: list[_Tag] | None = None
    logs: list[_Log] | None = None
    process_id: str = msgspec.field(default="", name="processID")
    warnings: list[str] | None = None


class _Trace(msgspec.Struct):
    spans: list[_Span] | None = None
    processes: dict[str, _Process] | None = None


class _Answer(msgspec.Struct):
    data: list[_Trace] | None


class JaegerLegacy(JaegerApi):
    """A client of `/api/traces`."""

    name = traces_path = "/api/traces"
    raw_parameter = "raw"
    resolution_ns = 1000
    capabilities = frozenset(
        ["events", "status_message", "status_ok", "scope", "resource", "scalar_types", "number_types", "bytes"]
    )

    def search(self, search: Search, deadline: float) -> list[Span]:
        """Return all spans of the traces found."""
        query = [
            ("service", search.service),
            ("start", str(search.start_ns // 1000)),
            ("end", str(search.end_ns // 1000)),
            ("limit", str(search.limit)),
            ("raw", "true"),
        ]
        if search.operation:
            query.append(("operation", search.operation))
        return self._get(self.traces_path, query, deadline)

    def _decode(self, body: bytes) -> list[Span]:
        try:
            return decode_answer(body, SharedValues())
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, TypeError) as error:
            raise self._not_understood(error) from None


def decode_answer(body: bytes, shared: SharedValues) -> list[Span]:
    """Decode the spans of an answer of `/api/traces`, which is also what Jaeger's UI saves.

    Raise MsgspecError, UnicodeDecodeError, RecursionError, ValueError or TypeError where it is something else.
    """
    traces = msgspec.json.decode(body, type=_Answer).data or ()
    return [span for trace in traces for span in _of_trace(trace, shared)]


def _of_trace(trace: _Trace, shared: SharedValues) -> Iterator[Span]:
    resources = {name: _resource(process, shared) for name, process in (trace.processes or {}).items()}
    for span in trace.spans or ():
        yield _span(span, resources.get(span.process_id, Resource()), shared)


def _resource(process: _Process, shared: SharedValues) -> Resource:
    tags = process.tags or []
    named = [tag for tag in tags if tag.key == "service.name"]
    named = named or [_Tag("service.name", value=process.service_name)]
    return shared.resource(_attributes([*named, *(tag for tag in tags if tag.key != "service.name")]), "")


def _span(span: _Span, resource: Resource, shared: SharedValues) -> Span:
    tags, failed = _own_attributes(span.tags)
    status, message = _status(tags, failed=failed)
    scope = _scope(tags, shared)
    state = tags.pop("w3c.tracestate", "")
    if span.warnings:
        tags[WARNINGS] = list(span.warnings)
    parent, links = _references(span)
    start = span.start_time * 1000
    return Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        name=span.operation_name,
        parent_id=parent,
        kind=_KINDS.get(tags.pop("span.kind", ""), "unspecified"),
        start_ns=start,
        end_ns=start + _signed(span.duration) * 1000,
        status=status,
        status_message=message,
        attributes=tags,
        events=[_event(log) for log in span.logs or ()] or (),
        links=links or (),
        resource=resource,
        scope=scope,
        trace_state=str(state),
    )


def _signed(duration: int) -> int:
    """Return a duration in microseconds: Jaeger 1 gives a negative one, of a span that never ended, as 64 bits."""
    return duration - (1 << 64) if duration >= 1 << 63 else duration


def _own_attributes(tags: Sequence[_Tag] | None) -> tuple[Attributes, bool]:
    """Return the span's attributes without Jaeger's mark of a failed span, and whether there was such a mark.

    The mark is the last tag `error` with the value true; the span may have an attribute of that name as well.
    """
    marks = [tag for tag in tags or () if tag.key == "error" and tag.value is True]
    return _attributes([tag for tag in tags or () if not marks or tag is not marks[-1]]), bool(marks)


def _status(tags: Attributes, *, failed: bool) -> tuple[StatusCode, str]:
    """Take the status out of the tags. Jaeger 1 has only the mark of a failed span."""
    code = tags.pop("otel.status_code", None)
    status = _STATUSES.get(code, "error" if failed and code is None else "unset")
    if failed and status != "error":
        tags["error"] = True  # then it was an attribute
    return status, str(tags.pop("otel.status_description", ""))


def _scope(tags: Attributes, shared: SharedValues) -> Scope:
    for names in _SCOPES:
        if any(name in tags for name in names):
            name, version = (str(tags.pop(each, "")) for each in names)
            return shared.scope(name, version, {})
    return Scope()


def _references(span: _Span) -> tuple[str, list[Link]]:
    """Return the parent, the first CHILD_OF reference within the trace, and the other references as links."""
    parent, links = "", []
    for reference in span.references or ():
        if not parent and reference.ref_type == "CHILD_OF" and reference.trace_id == span.trace_id:
            parent = reference.span_id
        else:
            links.append(Link(reference.trace_id, reference.span_id))
    return parent, links


def _event(log: _Log) -> Event:
    attributes = _attributes(log.fields)
    attributes.pop("otel.event.dropped_attributes_count", None)
    return Event(str(attributes.pop("event", "")), log.timestamp * 1000, attributes)


def _attributes(tags: Sequence[_Tag] | None) -> Attributes:
    return attributes_of([(tag.key, _value(tag)) for tag in tags or ()])


def _value(tag: _Tag) -> Value:
    """Convert a tag's value by the tag's type: in JSON a double may look like an integer, a large integer is text."""
    value: Value = tag.value
    if tag.type == "int64" and isinstance(value, str):
        return int(value)
    if tag.type == "float64" and isinstance(value, int | float | str):
        return float(value)
    if tag.type == "binary" and isinstance(value, str | None):  # empty bytes are null
        return base64.b64decode(value or "", validate=True)
    return value
