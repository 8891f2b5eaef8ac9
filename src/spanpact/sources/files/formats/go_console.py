"""What the stdout exporter of OpenTelemetry's Go SDK prints: a span a JSON text, in lines or pretty-printed.

It loses the schema URL of the resource. The SDK prints no span that has a NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from spanpact.otlp import SharedValues
from spanpact.otlp.batch import KINDS, MalformedValue
from spanpact.sources.files.formats.iso_times import nanoseconds
from spanpact.sources.files.formats.json_spans import json_reader
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import ALL_CAPABILITIES, Attributes, Event, Link, Span, StatusCode, Value

_NAME: Final = "the console output of OpenTelemetry Go"
_STATUSES: Final[Mapping[str, StatusCode]] = {"Unset": "unset", "Ok": "ok", "Error": "error"}
_NO_SPAN: Final = "0" * 16


class _Value(msgspec.Struct, frozen=True, rename="pascal"):
    type: str = "EMPTY"
    value: Any = None


class _Attribute(msgspec.Struct, frozen=True, rename="pascal"):
    key: str
    value: _Value = _Value()


class _Context(msgspec.Struct, frozen=True):
    trace_id: str = msgspec.field(name="TraceID")
    span_id: str = msgspec.field(name="SpanID")
    trace_state: str = msgspec.field(default="", name="TraceState")
    remote: bool = msgspec.field(default=False, name="Remote")


class _Event(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    time: str
    attributes: list[_Attribute] | None = None
    dropped_attribute_count: int = 0


class _Link(msgspec.Struct, frozen=True, rename="pascal"):
    span_context: _Context
    attributes: list[_Attribute] | None = None
    dropped_attribute_count: int = 0


class _Status(msgspec.Struct, frozen=True, rename="pascal"):
    code: str = "Unset"
    description: str = ""


class _Scope(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""
    version: str = ""
    attributes: list[_Attribute] | None = None
    schema_url: str = msgspec.field(default="", name="SchemaURL")


class _Span(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    span_context: _Context
    parent: _Context
    span_kind: int
    start_time: str
    end_time: str
    attributes: list[_Attribute] | None = None
    events: list[_Event] | None = None
    links: list[_Link] | None = None
    status: _Status = _Status()
    dropped_attributes: int = 0
    dropped_events: int = 0
    dropped_links: int = 0
    resource: list[_Attribute] | None = None
    instrumentation_scope: _Scope | None = None
    instrumentation_library: _Scope | None = None


_DECODER: Final = msgspec.json.Decoder(_Span)


def _recognizes(start: Start) -> bool:
    return start.has("SpanContext.TraceID")


def _decode(data: bytes, shared: SharedValues) -> Sequence[Span]:
    try:
        span = _DECODER.decode(data)
    except msgspec.ValidationError:
        if isinstance(value := msgspec.json.decode(data), dict) and "SpanContext" not in value:
            return []  # a line of a log
        raise
    scope = span.instrumentation_scope or span.instrumentation_library or _Scope()
    parent = span.parent.span_id if span.parent.span_id != _NO_SPAN else ""
    return [
        Span(
            span.span_context.trace_id,
            span.span_context.span_id,
            span.name,
            parent,
            KINDS[span.span_kind] if 0 <= span.span_kind < len(KINDS) else "unspecified",
            nanoseconds(span.start_time),
            nanoseconds(span.end_time),
            _STATUSES.get(span.status.code, "unset"),
            span.status.description,
            _attributes(span.attributes),
            [_event(each) for each in span.events or ()] or (),
            [_link(each) for each in span.links or ()] or (),
            shared.resource(_attributes(span.resource), ""),
            shared.scope(scope.name, scope.version, _attributes(scope.attributes), scope.schema_url),
            span.span_context.trace_state,
            span.parent.remote,
            span.dropped_attributes,
            span.dropped_events,
            span.dropped_links,
        )
    ]


def _event(event: _Event) -> Event:
    attributes = _attributes(event.attributes)
    return Event(event.name, nanoseconds(event.time), attributes, event.dropped_attribute_count)


def _link(link: _Link) -> Link:
    to = link.span_context
    attributes = _attributes(link.attributes)
    return Link(to.trace_id, to.span_id, attributes, to.trace_state, link.dropped_attribute_count)


def _attributes(pairs: Sequence[_Attribute] | None) -> Attributes:
    return attributes_of([(pair.key, _value(pair.value)) for pair in pairs or ()])


def _value(value: _Value) -> Value:
    """Return the value of an attribute. JSON writes a double that is whole like an integer, so the type is asked."""
    content = value.value
    match value.type:
        case "FLOAT64":
            return float(content)
        case "FLOAT64SLICE":
            return [float(each) for each in content or ()]
        case "INT64SLICE" | "STRINGSLICE" | "BOOLSLICE":
            return list(content or ())
        case "INT64" | "STRING" | "BOOL" | "EMPTY" | "INVALID":
            return content  # type: ignore[no-any-return]
    raise MalformedValue(f"an attribute has the type {value.type[:40]!r}, which is not known")


GO_CONSOLE = TraceFormat(
    _NAME, _recognizes, json_reader(_NAME, _decode), capabilities=ALL_CAPABILITIES - {"schema_urls"}
)
