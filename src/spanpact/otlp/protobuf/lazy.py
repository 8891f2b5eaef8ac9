"""Decode OTLP protobuf without decoding attributes. Streaming verification uses this, because it discards most spans.

The messages are those of `opentelemetry-proto`, with one change: attributes, events, links and the bodies of log
records are declared as bytes, which have the same wire format as messages. Whatever this module cannot read raises
`NeedsFullDecoding`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import unpack
from sys import intern
from typing import Any, Final, NamedTuple

from google.protobuf import (  # type: ignore[import-untyped,unused-ignore]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue

from spanpact.otlp.batch import Ends, NeedsFullDecoding, SharedValues, SimpleRecord, SimpleSpans, id_of_log, trace_flags
from spanpact.otlp.protobuf.decoding import decode_log, decode_resource, decode_scope, decode_span, decode_value
from spanpact.otlp.protobuf.unknown_fields import has_unknown_fields
from spanpact.otlp.protobuf.wire import encode_varint
from spanpact.trace.model import LogRecord, Resource, Scope, Span, Value

_PACKAGE: Final = "spanpact.raw"
_FIELDS: Final = {
    "trace_id": (1, "BYTES"), "span_id": (2, "BYTES"), "trace_state": (3, "STRING"), "parent_span_id": (4, "BYTES"),
    "name": (5, "STRING"), "kind": (6, "INT32"), "start_time_unix_nano": (7, "FIXED64"),
    "end_time_unix_nano": (8, "FIXED64"), "attributes": (9, "BYTES"), "dropped_attributes_count": (10, "UINT32"),
    "events": (11, "BYTES"), "dropped_events_count": (12, "UINT32"), "links": (13, "BYTES"),
    "dropped_links_count": (14, "UINT32"), "status": (15, ".opentelemetry.proto.trace.v1.Status"),
    "flags": (16, "FIXED32"),
}  # fmt: skip
_RECORD_FIELDS: Final = {
    "time_unix_nano": (1, "FIXED64"), "severity_number": (2, "INT32"), "severity_text": (3, "STRING"),
    "body": (5, "BYTES"), "attributes": (6, "BYTES"), "dropped_attributes_count": (7, "UINT32"),
    "flags": (8, "FIXED32"), "trace_id": (9, "BYTES"), "span_id": (10, "BYTES"),
    "observed_time_unix_nano": (11, "FIXED64"), "event_name": (12, "STRING"),
}  # fmt: skip
_DOUBLE: Final = b"\x12\x09\x21"  # KeyValue.value (field 2) of nine bytes, holding double_value (field 4) of eight
_KEY, _VALUE = 0x0A, 0x12  # KeyValue.key, and AnyValue.string_value (field 1); KeyValue.value (field 2)
_SHORTEST_TEXT, _LONGEST_TEXT = 6, 125  # bytes
_REPEATED: Final = frozenset(
    [
        "attributes",
        "events",
        "links",
        "body",
        "spans",
        "scope_spans",
        "resource_spans",
        "log_records",
        "scope_logs",
        "resource_logs",
    ]
)
"""`body` is sent once, but if it is sent twice, both parts count."""


def _message_classes() -> Any:
    """Build the classes of TracesData, ResourceSpans and LogsData in which attributes, events and so on are bytes."""
    file = descriptor_pb2.FileDescriptorProto(
        name="spanpact/raw.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[f"opentelemetry/proto/{kind}/v1/{kind}.proto" for kind in ("trace", "resource", "common")],
    )
    _add_message(file, "RawSpan", _FIELDS)
    scope = ".opentelemetry.proto.common.v1.InstrumentationScope"
    fields = {"scope": (1, scope), "spans": (2, f".{_PACKAGE}.RawSpan"), "schema_url": (3, "STRING")}
    _add_message(file, "RawScopeSpans", fields)
    resource = ".opentelemetry.proto.resource.v1.Resource"
    scope_spans = (2, f".{_PACKAGE}.RawScopeSpans")
    fields = {"resource": (1, resource), "scope_spans": scope_spans, "schema_url": (3, "STRING")}
    _add_message(file, "RawResourceSpans", fields)
    _add_message(file, "RawTraces", {"resource_spans": (1, f".{_PACKAGE}.RawResourceSpans")})
    _add_message(file, "RawRecord", _RECORD_FIELDS)
    fields = {"scope": (1, scope), "log_records": (2, f".{_PACKAGE}.RawRecord"), "schema_url": (3, "STRING")}
    _add_message(file, "RawScopeLogs", fields)
    scope_logs = (2, f".{_PACKAGE}.RawScopeLogs")
    fields = {"resource": (1, resource), "scope_logs": scope_logs, "schema_url": (3, "STRING")}
    _add_message(file, "RawResourceLogs", fields)
    _add_message(file, "RawLogs", {"resource_logs": (1, f".{_PACKAGE}.RawResourceLogs")})
    pool = descriptor_pool.Default()
    pool.Add(file)
    found = (pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in ("RawTraces", "RawResourceSpans", "RawLogs"))
    return tuple(map(message_factory.GetMessageClass, found))


def _add_message(file: Any, name: str, fields: dict[str, tuple[int, str]]) -> None:
    message = file.message_type.add(name=name)
    for field, (number, kind) in fields.items():
        described = message.field.add(name=field, number=number)
        described.label = described.LABEL_REPEATED if field in _REPEATED else described.LABEL_OPTIONAL
        described.type = getattr(described, "TYPE_MESSAGE" if kind.startswith(".") else f"TYPE_{kind}")
        if kind.startswith("."):
            described.type_name = kind


_Traces, _RawResourceSpans, _Logs = _message_classes()


class RawGroup(NamedTuple):
    """The encoded resource and scope of some spans. Equal groups have the same resource and scope."""

    resource: bytes
    scope: bytes
    scope_schema_url: str


def iter_groups(data: bytes) -> Iterator[tuple[RawGroup, Sequence[Any]]]:
    """Yield the spans of one TracesData message by resource and scope. Raise NeedsFullDecoding for other bytes.

    That includes a message with unknown fields, which may hold spans.
    """
    for part in _parse(data).resource_spans:
        for group, scoped in _scopes(part, part.scope_spans):
            yield group, scoped.spans


def iter_record_groups(data: bytes) -> Iterator[tuple[RawGroup, Sequence[Any]]]:
    """Yield the log records of one LogsData message in the same way, with the same errors."""
    for part in _parse(data, _Logs).resource_logs:
        for group, scoped in _scopes(part, part.scope_logs):
            yield group, scoped.log_records


def _scopes(part: Any, scopes: Sequence[Any]) -> Iterator[tuple[RawGroup, Any]]:
    if has_unknown_fields(part) or any(map(has_unknown_fields, scopes)):
        raise NeedsFullDecoding
    resource = _RawResourceSpans(resource=part.resource, schema_url=part.schema_url).SerializeToString()
    for scoped in scopes:
        yield RawGroup(resource, scoped.scope.SerializeToString(), scoped.schema_url), scoped


def decode_group(group: RawGroup, shared: SharedValues) -> tuple[Resource, Scope]:
    """Decode the resource and the scope of a group."""
    scope = decode_scope(InstrumentationScope.FromString(group.scope), group.scope_schema_url, shared)
    return decode_resource(_RawResourceSpans.FromString(group.resource), shared), scope


def find_trace_ids(data: bytes) -> set[str]:
    """Return the ids of all traces of one TracesData message. Raise NeedsFullDecoding for other bytes."""
    scopes = (scoped for group in _parse(data).resource_spans for scoped in group.scope_spans)
    return {trace_id.hex() for trace_id in {span.trace_id for scoped in scopes for span in scoped.spans}}


def find_trace_ids_of_logs(data: bytes) -> set[str]:
    """Return the ids of all traces of one LogsData message, "" for none. Raise NeedsFullDecoding for other bytes."""
    scopes = (scoped for group in _parse(data, _Logs).resource_logs for scoped in group.scope_logs)
    found = {record.trace_id for scoped in scopes for record in scoped.log_records}
    return {id_of_log(trace_id.hex()) for trace_id in found}


def _parse(data: bytes, kind: Any = _Traces) -> Any:
    try:
        message = kind.FromString(data)
    except DecodeError as error:
        raise NeedsFullDecoding from error
    if has_unknown_fields(message):
        raise NeedsFullDecoding
    return message


def read_simple_spans(spans: Sequence[Any]) -> SimpleSpans:
    """Return the fields of spans."""
    return SimpleSpans(
        [span.trace_id.hex() for span in spans],
        [span.start_time_unix_nano for span in spans],
        [span.span_id.hex() for span in spans],
        [span.parent_span_id.hex() for span in spans],
        [span.end_time_unix_nano for span in spans],
        [(span.name, span.kind, span.flags) for span in spans],
        [None if _is_unusual(span) else _ends(span.attributes) for span in spans],
    )


def _is_unusual(span: Any) -> object:
    status = span.status
    return (
        status.code
        or status.message
        or len(span.events)
        or len(span.links)
        or span.trace_state
        or span.dropped_attributes_count
        or span.dropped_events_count
        or span.dropped_links_count
    )


def _ends(pieces: Sequence[bytes]) -> Ends:
    if len(pieces) > 1:
        return pieces[0], tuple(pieces[1:-1]), pieces[-1]
    return pieces[0] if pieces else b"", (), b""


def split_block(block: Sequence[bytes]) -> Sequence[bytes]:
    """Return the attributes between the first and the last one of a span."""
    return block


def read_simple_record(record: Any) -> SimpleRecord | None:
    """Return the log record as a `SimpleRecord`; None where it has dropped counts or more than one body."""
    bodies = record.body
    if record.dropped_attributes_count or len(bodies) > 1:
        return None
    rest = record.severity_number, record.severity_text
    return record.event_name, rest, trace_flags(record.flags), bodies[0] if bodies else b"", record.attributes


def record_ids(record: Any) -> tuple[str, str]:
    """Return the trace id and the span id of a log record, "" for what it has not."""
    return id_of_log(record.trace_id.hex()), id_of_log(record.span_id.hex())


def split_double(piece: bytes) -> tuple[bytes, float]:
    """Split an encoded attribute with a double value into the bytes before the number, and the number.

    Return empty bytes and 0 for any other attribute.
    """
    if piece[-11:-8] != _DOUBLE:
        return b"", 0.0
    return piece[:-8], unpack("<d", piece[-8:])[0]


def split_text(piece: bytes) -> tuple[bytes, bytes]:
    """Split an encoded attribute with a short text value into the bytes before the value, and the text.

    Return empty bytes twice for any other attribute: its lengths, of one byte each, must add up.
    """
    size = len(piece)
    if size < _SHORTEST_TEXT or piece[0] != _KEY:
        return b"", b""
    value = 2 + piece[1]  # where the field with the value begins
    if value + 4 > size or size - value - 4 > _LONGEST_TEXT:
        return b"", b""
    text = piece[value + 4 :]
    if piece[value : value + 4] != bytes((_VALUE, len(text) + 2, _KEY, len(text))):
        return b"", b""
    return piece[:value], text


def decode_attribute(piece: bytes) -> tuple[str, Value]:
    """Decode the name and the value of an encoded attribute. Raise NeedsFullDecoding where it is malformed."""
    try:
        pair = KeyValue.FromString(piece)
        if pair.value.WhichOneof("value") in ("array_value", "kvlist_value"):
            pair = _parse_span(piece, _ATTRIBUTES).attributes[0]
    except DecodeError as error:
        raise NeedsFullDecoding from error
    return intern(pair.key), decode_value(pair.value)


def decode_body(body: bytes) -> Value:
    """Decode the body of a log record. Raise NeedsFullDecoding where it is malformed."""
    try:
        value = AnyValue.FromString(body)
        if value.WhichOneof("value") in ("array_value", "kvlist_value"):
            value = _parse_record(_with_length(_BODY, body)).body
    except DecodeError as error:
        raise NeedsFullDecoding from error
    return decode_value(value)


def decode_whole_span(span: Any, resource: Resource, scope: Scope) -> Span:
    """Decode a span with its attributes, events and links. Raise NeedsFullDecoding where it is malformed."""
    return decode_span_bytes(span.SerializeToString(), resource, scope)


def decode_span_bytes(span: bytes, resource: Resource, scope: Scope) -> Span:
    """Decode the bytes of a Span message. Raise NeedsFullDecoding where it is malformed."""
    try:
        return decode_span(_parse_span(span), resource, scope)
    except DecodeError as error:
        raise NeedsFullDecoding from error


def decode_whole_record(record: Any, resource: Resource, scope: Scope) -> LogRecord:
    """Decode a log record with its body and attributes. Raise NeedsFullDecoding where it is malformed."""
    try:
        return decode_log(_parse_record(record.SerializeToString()), resource, scope)
    except DecodeError as error:
        raise NeedsFullDecoding from error


_RESOURCE, _SCOPE, _ITEM, _ATTRIBUTES, _BODY = b"\x0a", b"\x12", b"\x12", b"\x4a", b"\x2a"
"""The tags of groups and of what is in them, which traces and logs have in common, of a span's attribute and a body."""


def _parse_span(data: bytes, *tags: bytes) -> Any:
    """Parse a span, or the field of a span with this tag, wrapped in a request.

    The runtime limits how deep messages nest. Within a request the limit is the same as in full decoding.
    """
    for tag in (*tags, _ITEM, _SCOPE, _RESOURCE):
        data = _with_length(tag, data)
    return ExportTraceServiceRequest.FromString(data).resource_spans[0].scope_spans[0].spans[0]


def _parse_record(data: bytes) -> Any:
    """Parse a log record wrapped in a request, for the same limit."""
    for tag in (_ITEM, _SCOPE, _RESOURCE):
        data = _with_length(tag, data)
    return ExportLogsServiceRequest.FromString(data).resource_logs[0].scope_logs[0].log_records[0]


def _with_length(tag: bytes, data: bytes) -> bytes:
    return tag + encode_varint(len(data)) + data
