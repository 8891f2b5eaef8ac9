"""Decode OTLP protobuf into spans and log records.

The messages are those of `opentelemetry-proto`. The protobuf runtime checks UTF-8, framing and depth (at most 100
nested messages). Messages are typed as Any, as the stubs of the generated classes are slow to check and add little.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import intern
from typing import Any, Literal

from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from spanpact.errors import SourceError
from spanpact.otlp.batch import (
    KINDS,
    STATUSES,
    Batch,
    SharedValues,
    id_of_log,
    parent_remote,
    severity_name,
    trace_flags,
)
from spanpact.otlp.protobuf.unknown_fields import count_unknown_fields, event_name, has_unknown_fields, old_scopes
from spanpact.otlp.unread import UnreadFields
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Attributes, Event, Link, LogRecord, Resource, Scope, Span, Value


def decode_protobuf_traces(data: bytes, *, name: str = "OTLP protobuf", shared: SharedValues | None = None) -> Batch:
    """Decode one ExportTraceServiceRequest, or TracesData, which has the same wire format.

    `name` is the file or sender in error messages. Raise SourceError for bytes that are not such a message.
    """
    message = parse_message(ExportTraceServiceRequest, data, name)
    shared = shared or SharedValues()
    unread = UnreadFields()
    count_unknown_fields(message, unread)
    groups = _scope_groups(message.resource_spans, shared, unread, field="scope_spans")
    spans = [decode_span(span, resource, scope) for resource, scope, scoped in groups for span in scoped.spans]
    return Batch(spans, [], frozenset({"traces"}), unread.fields())


def decode_protobuf_logs(data: bytes, *, name: str = "OTLP protobuf", shared: SharedValues | None = None) -> Batch:
    """Decode the log records of one ExportLogsServiceRequest. Raise SourceError as for traces."""
    message = parse_message(ExportLogsServiceRequest, data, name)
    shared = shared or SharedValues()
    unread = UnreadFields()
    count_unknown_fields(message, unread)
    groups = _scope_groups(message.resource_logs, shared, unread, field="scope_logs")
    logs = [decode_log(log, resource, scope) for resource, scope, scoped in groups for log in scoped.log_records]
    return Batch([], logs, frozenset({"logs"}), unread.fields())


def parse_message(kind: Any, data: bytes, name: str) -> Any:
    """Parse the bytes of a message of this kind. Raise SourceError for others; `name` is who sent them."""
    try:
        return kind.FromString(data)
    except DecodeError:
        message = f"{name}: not an OTLP protobuf message ({kind.DESCRIPTOR.name}) of {len(data)} bytes"
        raise SourceError(message, hint="it is damaged, truncated, nested too deep, or in another format") from None


def _scope_groups(
    resource_groups: Any, shared: SharedValues, unread: UnreadFields, *, field: Literal["scope_spans", "scope_logs"]
) -> Iterator[tuple[Resource, Scope, Any]]:
    """Yield each ScopeSpans or ScopeLogs message with its resource and its scope; count unknown fields."""
    for group in resource_groups:
        resource = decode_resource(group, shared)
        scopes = getattr(group, field)
        if has_unknown_fields(group):
            scopes = [*scopes, *old_scopes(group, ScopeSpans if field == "scope_spans" else ScopeLogs, unread)]
        for scoped in scopes:
            count_unknown_fields(scoped, unread)
            yield resource, decode_scope(scoped.scope, scoped.schema_url, shared), scoped


def decode_resource(group: Any, shared: SharedValues) -> Resource:
    """Decode the resource of a ResourceSpans or ResourceLogs message."""
    resource = group.resource
    return shared.resource(_attributes(resource.attributes), group.schema_url, resource.dropped_attributes_count)


def decode_scope(scope: Any, schema_url: str, shared: SharedValues) -> Scope:
    """Decode an InstrumentationScope message."""
    attributes = _attributes(scope.attributes)
    return shared.scope(scope.name, scope.version, attributes, schema_url, scope.dropped_attributes_count)


def decode_span(span: Any, resource: Resource, scope: Scope) -> Span:
    """Decode a Span message of a group with this resource and scope."""
    kind, status = span.kind, span.status
    return Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        intern(span.name),
        span.parent_span_id.hex(),
        KINDS[kind] if 0 <= kind < len(KINDS) else "unspecified",
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        STATUSES[status.code] if 0 <= status.code < len(STATUSES) else "unset",
        status.message,
        _attributes(span.attributes),
        [_event(event) for event in span.events] or (),
        [_link(link) for link in span.links] or (),
        resource,
        scope,
        span.trace_state,
        parent_remote(span.flags),
        span.dropped_attributes_count,
        span.dropped_events_count,
        span.dropped_links_count,
    )


def _event(event: Any) -> Event:
    return Event(event.name, event.time_unix_nano, _attributes(event.attributes), event.dropped_attributes_count)


def _link(link: Any) -> Link:
    return Link(
        link.trace_id.hex(),
        link.span_id.hex(),
        _attributes(link.attributes),
        link.trace_state,
        link.dropped_attributes_count,
    )


def decode_log(log: Any, resource: Resource, scope: Scope) -> LogRecord:
    """Decode a LogRecord message of a group with this resource and scope."""
    return LogRecord(
        id_of_log(log.trace_id.hex()),
        id_of_log(log.span_id.hex()),
        event_name(log),
        decode_value(log.body),
        log.severity_text or severity_name(log.severity_number),
        log.time_unix_nano or log.observed_time_unix_nano,
        _attributes(log.attributes),
        resource,
        scope,
        log.severity_number,
        trace_flags(log.flags),
        log.dropped_attributes_count,
    )


def _attributes(pairs: Any) -> Attributes:
    attributes = {intern(pair.key): decode_value(pair.value) for pair in pairs}
    if len(attributes) == len(pairs):
        return attributes
    return attributes_of([(intern(pair.key), decode_value(pair.value)) for pair in pairs])  # a key repeats


def decode_value(value: Any) -> Value:
    """Decode an AnyValue message."""
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value  # type: ignore[no-any-return]
        case "int_value":
            return value.int_value  # type: ignore[no-any-return]
        case "bool_value":
            return value.bool_value  # type: ignore[no-any-return]
        case "double_value":
            return value.double_value  # type: ignore[no-any-return]
        case "bytes_value":
            return value.bytes_value  # type: ignore[no-any-return]
        case "array_value":
            return [decode_value(member) for member in value.array_value.values]
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
    return None  # the empty value, or one of a later version of OTLP
