"""Read unknown fields of OTLP protobuf messages: the field of old versions is read, others that hold data are counted.

OTLP 0.15 to 0.18 had `instrumentation_library_spans` and `instrumentation_library_logs` as field 1000; older versions
used the numbers of today. Only messages of a request, a resource and a scope are looked at, as these are few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from spanpact.otlp.unread import UnreadFields

_OLD_FIELD: Final = 1000
_WITH_LENGTH: Final = 2
_EVENT_NAME: Final = 12
_KNOWS_EVENT_NAMES: Final = "event_name" in LogRecord.DESCRIPTOR.fields_by_name
_TRACE_ID, _SPAN_ID = 16, 8


def has_unknown_fields(message: Any) -> bool:
    """Return whether the bytes of a message had fields that its type does not know."""
    return len(UnknownFieldSet(message)) > 0


def old_scopes(group: Any, scope_type: Any, unread: UnreadFields) -> Iterator[Any]:
    """Yield the groups of scopes that a ResourceSpans or ResourceLogs message holds in the field of old versions."""
    for field in UnknownFieldSet(group):
        if field.field_number == _OLD_FIELD and field.wire_type == _WITH_LENGTH:
            try:
                yield scope_type.FromString(field.data)
                continue
            except DecodeError:
                pass
        _count(group, field, unread)


def count_unknown_fields(message: Any, unread: UnreadFields) -> None:
    """Count what the unknown fields of a message hold."""
    for field in UnknownFieldSet(message):
        _count(message, field, unread)


def event_name(log: Any) -> str:
    """Return the event name of a LogRecord message. opentelemetry-proto knows its field from 1.35 on."""
    if _KNOWS_EVENT_NAMES:
        return str(log.event_name)
    found = [field.data for field in UnknownFieldSet(log) if field.field_number == _EVENT_NAME]
    return found[-1].decode("utf-8", "replace") if found and isinstance(found[-1], bytes) else ""


def _count(message: Any, field: Any, unread: UnreadFields) -> None:
    if field.wire_type != _WITH_LENGTH:
        return
    name = f"field {field.field_number} of {message.DESCRIPTOR.name}"
    spans = _number_in(field.data, (ResourceSpans, ScopeSpans, Span), "scope_spans", "spans", _is_span)
    if spans:
        unread.count(name, "spans", spans)
        return
    logs = _number_in(field.data, (ResourceLogs, ScopeLogs, LogRecord), "scope_logs", "log_records", _is_log)
    if logs:
        unread.count(name, "log records", logs)


def _number_in(
    data: bytes, kinds: Sequence[Any], scopes_field: str, items_field: str, is_item: Callable[[Any], bool]
) -> int:
    """Return how many spans or log records some bytes hold: of a resource, of a scope, or one.

    `kinds` are the types of these three messages, `is_item` returns whether a message is a real span or log record.
    """
    resource, scope, item = (_parsed(kind, data) for kind in kinds)
    if resource is not None:
        found = sum(map(is_item, _all(getattr(resource, scopes_field), items_field)))
        if found:
            return found
    if scope is not None and (found := sum(map(is_item, getattr(scope, items_field)))):
        return found
    return int(item is not None and is_item(item))


def _all(scopes: Any, field: str) -> Iterator[Any]:
    return (each for scoped in scopes for each in getattr(scoped, field))


def _parsed(kind: Any, data: bytes) -> Any:
    try:
        return kind.FromString(data)
    except DecodeError:
        return None


def _is_span(span: Any) -> bool:
    return len(span.trace_id) == _TRACE_ID and len(span.span_id) == _SPAN_ID


def _is_log(log: Any) -> bool:
    return bool(log.time_unix_nano or log.observed_time_unix_nano) and log.HasField("body")
