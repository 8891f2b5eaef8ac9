"""Decode OTLP JSON into spans and log records: msgspec reads typed structures (in C), one pass converts them.

The conversion is the hot path of every large verification. It is therefore written out flat: defaults by `or`, string
values tested first, expressions instead of calls (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sys import intern

import msgspec
from msgspec import UNSET

from spanpact.errors import SourceError
from spanpact.otlp.batch import (
    KINDS,
    STATUSES,
    Batch,
    MalformedValue,
    SharedValues,
    Signal,
    id_of_log,
    parent_remote,
    severity_name,
    trace_flags,
)
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.json import messages as wire
from spanpact.otlp.json.errors import JsonFault, describe_failure, find_duplicate_key, quoted
from spanpact.otlp.json.surrogates import with_whole_characters
from spanpact.otlp.json.unknown_fields import decode_with_unknown_fields
from spanpact.otlp.json.values import decode_attributes, decode_integer, decode_value
from spanpact.otlp.json.wrappers import as_request
from spanpact.trace.model import (
    Event,
    Link,
    LogRecord,
    Resource,
    Scope,
    Span,
    SpanKind,
    StatusCode,
    UnreadField,
)

_DECODER = msgspec.json.Decoder(wire.Request)
_ENCODER = msgspec.json.Encoder()
_KIND_NAMES = {f"SPAN_KIND_{kind.upper()}": number for number, kind in enumerate(KINDS)}
KINDS_BY_NUMBER: dict[int | str | None, SpanKind] = dict(
    enumerate(KINDS)
)  # the usual case; `decode_kind` has the others
_STATUS_NAMES = {f"STATUS_CODE_{status.upper()}": number for number, status in enumerate(STATUSES)}
_SEVERITY_NAMES = {f"SEVERITY_NUMBER_{severity_name(number) or 'UNSPECIFIED'}": number for number in range(25)}
_MOST_DIGITS = 20  # of the number of an enum; Python refuses to read thousands of digits


@dataclass(frozen=True, slots=True)
class Origin:
    """The position of a JSON text: the file's name for error messages, and the byte offset and line it starts at."""

    name: str = "OTLP JSON"
    offset: int = 0
    line: int = 1

    def error(self, fault: JsonFault, data: bytes, format: str = "OTLP JSON") -> SourceError:
        """Return the SourceError for a fault in `data`, with byte offset and line counted from the file's start."""
        if fault.offset is None:
            return SourceError(f"{self.name}: line {self.line}: not {format}: {fault.what}")
        line = self.line + data.count(b"\n", 0, fault.offset)
        return SourceError(f"{self.name}: byte {self.offset + fault.offset} (line {line}): not {format}: {fault.what}")


def decode_json(
    data: bytes,
    *,
    origin: Origin | None = None,
    shared: SharedValues | None = None,
    duplicate_keys: bool = True,
    wrapped: bool = False,
) -> Batch:
    """Decode one OTLP JSON document: traces, logs, or both in one object.

    `wrapped`: the document may also be one of the other forms in which programs write requests (`json_wrappers`).
    `duplicate_keys` also rejects objects with a key that occurs twice. That costs little where no field is unknown.
    Raise SourceError, with the byte offset where it is known, for anything that is not OTLP JSON.
    """
    origin, data = origin or Origin(), with_whole_characters(data)
    request, unread = parse_request(data, origin, duplicate_keys=duplicate_keys, wrapped=wrapped)
    with faults_in(data, origin):
        return _batch(request, shared or SharedValues(), unread)


def parse_request(
    data: bytes, origin: Origin, *, duplicate_keys: bool, wrapped: bool = False
) -> tuple[wire.Request, tuple[UnreadField, ...]]:
    """Parse a document with whole characters into messages, whose values are not decoded yet.

    Returns also what unknown fields hold. The options and errors are those of `decode_json`.
    """
    unread: tuple[UnreadField, ...] = ()
    text = as_request(data) if wrapped else data
    with faults_in(data, origin):
        try:
            request = _DECODER.decode(text)
        except msgspec.MsgspecError:  # often an unknown field
            request, fields = decode_with_unknown_fields(data, wrapped=wrapped)
            unread = fields.fields()
            text = b"" if wrapped else data  # a request has more texts than what it was wrapped in
    if duplicate_keys and not _holds_all_texts(request, text) and (fault := find_duplicate_key(data)):
        raise origin.error(fault, data)
    return request, unread


@contextmanager
def faults_in(data: bytes, origin: Origin) -> Iterator[None]:
    """Turn the errors of decoding a document into a SourceError that names the place."""
    try:
        yield
    except MalformedValue as error:
        raise origin.error(JsonFault(str(error)), data) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise origin.error(describe_failure(error, data), data) from None


def _holds_all_texts(request: wire.Request, data: bytes) -> bool:
    """Return whether a request has as many texts, keys included, as the JSON text from which it was decoded.

    Then no key occurred twice: of two equal keys only the last one is decoded. False proves nothing.
    """
    try:
        return _quotes(_ENCODER.encode(request)) == _quotes(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def _quotes(text: bytes) -> int:
    """Return how many quotes begin or end a text in valid JSON: those that are not escaped."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return text.count(b'"')


def _batch(request: wire.Request, shared: SharedValues, unread: tuple[UnreadField, ...]) -> Batch:
    spans = [span for group in request.resource_spans or () for span in _spans(group, shared)]
    logs = [log for group in request.resource_logs or () for log in _logs(group, shared)]
    return Batch(spans, logs, frozenset(_signals(request)), unread)


def _signals(request: wire.Request) -> Iterator[Signal]:
    if request.resource_spans is not UNSET:
        yield "traces"
    if request.resource_logs is not UNSET:
        yield "logs"
    if request.resource_metrics is not UNSET:
        yield "metrics"


def _spans(group: wire.ResourceSpans, shared: SharedValues) -> Iterator[Span]:
    resource = decode_resource(group.resource, group.schema_url, shared)
    for scoped in group.scope_spans or ():
        scope = decode_scope(scoped.scope, scoped.schema_url, shared)
        for span in scoped.spans or ():
            yield decode_span(span, resource, scope)


def _logs(group: wire.ResourceLogs, shared: SharedValues) -> Iterator[LogRecord]:
    resource = decode_resource(group.resource, group.schema_url, shared)
    for scoped in group.scope_logs or ():
        scope = decode_scope(scoped.scope, scoped.schema_url, shared)
        for log in scoped.log_records or ():
            yield decode_log(log, resource, scope)


def decode_resource(resource: wire.WireResource | None, schema_url: str | None, shared: SharedValues) -> Resource:
    """Decode the resource of a group of spans.

    Raise MalformedValue for a value that OTLP does not allow and RecursionError for one that nests too deep, as every
    decoder below does.
    """
    resource = resource or wire.WireResource()
    attributes = decode_attributes(resource.attributes) if resource.attributes else {}
    return shared.resource(attributes, schema_url or "", decode_integer(resource.dropped_attributes_count))


def decode_scope(scope: wire.WireScope | None, schema_url: str | None, shared: SharedValues) -> Scope:
    """Decode the instrumentation scope of a group of spans."""
    scope = scope or wire.WireScope()
    attributes = decode_attributes(scope.attributes) if scope.attributes else {}
    dropped = decode_integer(scope.dropped_attributes_count)
    return shared.scope(scope.name or "", scope.version or "", attributes, schema_url or "", dropped)


def decode_span(span: wire.WireSpan, resource: Resource, scope: Scope) -> Span:
    """Decode one span of a group with this resource and scope."""
    status = span.status
    return Span(
        normalize_id(span.trace_id) if span.trace_id else "",
        normalize_id(span.span_id) if span.span_id else "",
        intern(span.name) if span.name else "",
        normalize_id(span.parent_span_id) if span.parent_span_id else "",
        KINDS_BY_NUMBER.get(span.kind) or decode_kind(span.kind or 0),
        decode_integer(span.start_time_unix_nano),
        decode_integer(span.end_time_unix_nano),
        decode_status(status.code) if status and status.code else "unset",
        (status.message or "") if status else "",
        decode_attributes(span.attributes) if span.attributes else {},
        [decode_event(event) for event in span.events] if span.events else (),
        [decode_link(link) for link in span.links] if span.links else (),
        resource,
        scope,
        span.trace_state or "",
        parent_remote(decode_integer(span.flags)) if span.flags else None,
        decode_integer(span.dropped_attributes_count) if span.dropped_attributes_count else 0,
        decode_integer(span.dropped_events_count) if span.dropped_events_count else 0,
        decode_integer(span.dropped_links_count) if span.dropped_links_count else 0,
    )


def decode_event(event: wire.WireEvent) -> Event:
    """Decode an event of a span."""
    return Event(
        event.name or "",
        decode_integer(event.time_unix_nano),
        decode_attributes(event.attributes) if event.attributes else {},
        decode_integer(event.dropped_attributes_count),
    )


def decode_link(link: wire.WireLink) -> Link:
    """Decode a link of a span."""
    return Link(
        normalize_id(link.trace_id or ""),
        normalize_id(link.span_id or ""),
        decode_attributes(link.attributes) if link.attributes else {},
        link.trace_state or "",
        decode_integer(link.dropped_attributes_count),
    )


def decode_log(log: wire.WireLogRecord, resource: Resource, scope: Scope) -> LogRecord:
    """Decode a log record of a group with this resource and scope."""
    severity = _severity(log.severity_number)
    return LogRecord(
        id_of_log(normalize_id(log.trace_id or "")),
        id_of_log(normalize_id(log.span_id or "")),
        log.event_name or "",
        decode_value(log.body, 0) if log.body else None,
        log.severity_text or severity_name(severity),
        decode_integer(log.time_unix_nano) or decode_integer(log.observed_time_unix_nano),
        decode_attributes(log.attributes) if log.attributes else {},
        resource,
        scope,
        severity,
        trace_flags(decode_integer(log.flags)),
        decode_integer(log.dropped_attributes_count),
    )


def decode_kind(kind: int | str) -> SpanKind:
    """Decode the kind of a span, a number or a name."""
    number = _enum(kind, _KIND_NAMES)
    return KINDS[number] if 0 <= number < len(KINDS) else "unspecified"


def decode_status(code: int | str) -> StatusCode:
    """Decode the status code of a span, a number or a name."""
    number = _enum(code, _STATUS_NAMES)
    return STATUSES[number] if 0 <= number < len(STATUSES) else "unset"


def _severity(severity: int | str | None) -> int:
    if not isinstance(severity, str):
        return severity or 0
    return _enum(severity, _SEVERITY_NAMES)


def _enum(value: int | str, names: dict[str, int]) -> int:
    """Return the number of an enum value. Unknown numbers belong to a later version and pass; unknown names fail."""
    if isinstance(value, int):
        return value
    if value in names:
        return names[value]
    short = value.upper()  # old exporters sent the name without its prefix, or the number as a text
    found = next((number for name, number in names.items() if name.endswith(f"_{short}")), None)
    if found is None and not (short.isdecimal() and len(short) < _MOST_DIGITS):
        raise MalformedValue(f"unknown enum name {quoted(value)}; accepted: {', '.join(names)}")
    return int(short) if found is None else found
