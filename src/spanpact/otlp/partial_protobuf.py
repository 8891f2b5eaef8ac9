"""OTLP protobuf read only as far as a verification needs that lets most spans go: attributes stay bytes.

The messages are those of `opentelemetry-proto` with one change: what is a message there and is mostly not looked at is
bytes here, which is the same on the wire. What this does not understand is left to `protobuf_decoding`.
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
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue

from spanpact.otlp.batch import NotPlain, Plain, SharedValues
from spanpact.otlp.protobuf_decoding import resource_of, scope_of, span_of, value_of
from spanpact.otlp.protobuf_wire import varint
from spanpact.trace.model import Resource, Scope, Span, Value

_PACKAGE: Final = "spanpact.raw"
_FIELDS: Final = {
    "trace_id": (1, "BYTES"), "span_id": (2, "BYTES"), "trace_state": (3, "STRING"), "parent_span_id": (4, "BYTES"),
    "name": (5, "STRING"), "kind": (6, "INT32"), "start_time_unix_nano": (7, "FIXED64"),
    "end_time_unix_nano": (8, "FIXED64"), "attributes": (9, "BYTES"), "dropped_attributes_count": (10, "UINT32"),
    "events": (11, "BYTES"), "dropped_events_count": (12, "UINT32"), "links": (13, "BYTES"),
    "dropped_links_count": (14, "UINT32"), "status": (15, ".opentelemetry.proto.trace.v1.Status"),
    "flags": (16, "FIXED32"),
}  # fmt: skip
_DOUBLE: Final = b"\x12\x09\x21"  # field 2 with nine bytes, of which field 4 has eight
_REPEATED: Final = frozenset(["attributes", "events", "links", "spans", "scope_spans", "resource_spans"])


def _messages() -> Any:
    """The classes of TracesData and ResourceSpans in which a span's attributes, events and links are bytes."""
    file = descriptor_pb2.FileDescriptorProto(
        name="spanpact/raw.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[f"opentelemetry/proto/{kind}/v1/{kind}.proto" for kind in ("trace", "resource", "common")],
    )
    _add(file, "RawSpan", _FIELDS)
    scope = ".opentelemetry.proto.common.v1.InstrumentationScope"
    _add(file, "RawScopeSpans", {"scope": (1, scope), "spans": (2, f".{_PACKAGE}.RawSpan")})
    resource = ".opentelemetry.proto.resource.v1.Resource"
    scope_spans = (2, f".{_PACKAGE}.RawScopeSpans")
    _add(file, "RawResourceSpans", {"resource": (1, resource), "scope_spans": scope_spans, "schema_url": (3, "STRING")})
    _add(file, "RawTraces", {"resource_spans": (1, f".{_PACKAGE}.RawResourceSpans")})
    pool = descriptor_pool.Default()
    pool.Add(file)
    found = (pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in ("RawTraces", "RawResourceSpans"))
    return tuple(map(message_factory.GetMessageClass, found))


def _add(file: Any, name: str, fields: dict[str, tuple[int, str]]) -> None:
    message = file.message_type.add(name=name)
    for field, (number, kind) in fields.items():
        described = message.field.add(name=field, number=number)
        described.label = described.LABEL_REPEATED if field in _REPEATED else described.LABEL_OPTIONAL
        described.type = getattr(described, "TYPE_MESSAGE" if kind.startswith(".") else f"TYPE_{kind}")
        if kind.startswith("."):
            described.type_name = kind


_Traces, _WithoutSpans = _messages()


class RawGroup(NamedTuple):
    """The resource and the scope of some spans, not read yet: equal groups are the same."""

    resource: bytes
    scope: bytes


def read_groups(data: bytes) -> Iterator[tuple[RawGroup, Sequence[Any]]]:
    """The spans of one TracesData message, by group. Raises NotPlain for bytes that are none."""
    for part in _parsed(data).resource_spans:
        resource = _WithoutSpans(resource=part.resource, schema_url=part.schema_url).SerializeToString()
        for scoped in part.scope_spans:
            yield RawGroup(resource, scoped.scope.SerializeToString()), scoped.spans


def read_group(group: RawGroup, shared: SharedValues) -> tuple[Resource, Scope]:
    """The resource and the scope of a group."""
    scope = InstrumentationScope.FromString(group.scope)
    return resource_of(_WithoutSpans.FromString(group.resource), shared), scope_of(scope, shared)


def trace_ids(data: bytes) -> set[str]:
    """The ids of all traces of one TracesData message. Raises NotPlain for bytes that are none."""
    scopes = (scoped for group in _parsed(data).resource_spans for scoped in group.scope_spans)
    return {trace_id.hex() for trace_id in {span.trace_id for scoped in scopes for span in scoped.spans}}


def _parsed(data: bytes) -> Any:
    try:
        return _Traces.FromString(data)
    except DecodeError as error:
        raise NotPlain from error


def plain(span: Any) -> Plain | None:
    """What a span says if it is as most are: no status, nothing carried or lost. None where there is more to it."""
    status = span.status
    if (
        status.code
        or status.message
        or len(span.events)
        or len(span.links)
        or span.trace_state
        or span.dropped_attributes_count
        or span.dropped_events_count
        or span.dropped_links_count
    ):
        return None
    return (
        span.start_time_unix_nano,
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.end_time_unix_nano,
        (span.name, span.kind, span.flags),
        span.attributes,
    )


def cut_number(piece: bytes) -> tuple[bytes, float]:
    """What stands before the number in an attribute that is a double, and the number; nothing and 0 for another."""
    if piece[-11:-8] != _DOUBLE:
        return b"", 0.0
    return piece[:-8], unpack("<d", piece[-8:])[0]


def read_piece(piece: bytes) -> tuple[str, Value]:
    """Name and value of an attribute. Raises NotPlain for what is none."""
    try:
        pair = KeyValue.FromString(piece)
        if pair.value.WhichOneof("value") in ("array_value", "kvlist_value"):
            pair = _whole(piece, _ATTRIBUTES).attributes[0]
    except DecodeError as error:
        raise NotPlain from error
    return intern(pair.key), value_of(pair.value)


def read_span(span: Any, resource: Resource, scope: Scope) -> Span:
    """The whole span. Raises NotPlain for what is none."""
    try:
        return span_of(_whole(span.SerializeToString()), resource, scope)
    except DecodeError as error:
        raise NotPlain from error


_RESOURCE_SPANS, _SCOPE_SPANS, _SPANS, _ATTRIBUTES = b"\x0a", b"\x12", b"\x12", b"\x4a"


def _whole(data: bytes, *tags: bytes) -> Any:
    """A span, or a span of this field, read at its place in a request: the runtime limits how deep messages nest."""
    for tag in (*tags, _SPANS, _SCOPE_SPANS, _RESOURCE_SPANS):
        data = tag + varint(len(data)) + data
    return ExportTraceServiceRequest.FromString(data).resource_spans[0].scope_spans[0].spans[0]
