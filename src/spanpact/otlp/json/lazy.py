"""Decode OTLP JSON without decoding attributes. Streaming verification uses this, because it discards most spans.

The attributes of a span or a log record are cut into one piece of bytes each. Equal bytes mean the same attribute, so
the caller can decode each piece once. Whatever this module reads, `decoding` reads to the same span; the rest raises
`NeedsFullDecoding`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from sys import intern
from typing import Final, NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET

from spanpact.otlp.batch import (
    Ends,
    MalformedValue,
    NeedsFullDecoding,
    SharedValues,
    SimpleRecord,
    SimpleSpans,
    id_of_log,
    trace_flags,
)
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.json import messages as wire
from spanpact.otlp.json.decoding import decode_log, decode_resource, decode_scope, decode_span
from spanpact.otlp.json.raw_messages import RawDocument, RawRecord, RawResourceLogs, RawSignals, RawSpan
from spanpact.otlp.json.values import decode_value
from spanpact.trace.model import LogRecord, Resource, Scope, Span, Value

_FIRST, _BETWEEN, _LAST = b'[{"key":', b'},{"key":', b"}]"
_FROM, _TO = len(_FIRST), -len(_LAST)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError, MalformedValue)
_DOUBLE: Final = b'{"doubleValue":'
_TEXT: Final = b'{"stringValue":"'
_STEP: Final = len(_BETWEEN)
_ONE_ID: Final = frozenset([16])  # characters
_MOST_RECENT: Final = 8
_NO_OR_ONE_ID: Final = frozenset([0, 16])
_NO_ATTRIBUTES: Final = (b"", b"null", b"[]")


_DECODER = msgspec.json.Decoder(RawDocument)
_SIGNALS = msgspec.json.Decoder(RawSignals)
_RESOURCE = msgspec.json.Decoder(wire.WireResource | None)
_SCOPE = msgspec.json.Decoder(wire.WireScope | None)
_ATTRIBUTE = msgspec.json.Decoder(wire.KeyValue)
_ATTRIBUTES = msgspec.json.Decoder(list[wire.KeyValue] | None)
_BODY = msgspec.json.Decoder(wire.AnyValue | None)


RawGroup: TypeAlias = tuple[bytes, str | None, bytes, str | None]
"""The encoded resource of some spans, its schema URL, their encoded scope, its schema URL. Equal groups have the same
resource and scope.
"""


class RawRequest(NamedTuple):
    """The spans and the log records of one document by resource and scope, and whether it may have log records."""

    spans: Iterator[tuple[RawGroup, Sequence[RawSpan]]]
    records: Iterator[tuple[RawGroup, Sequence[RawRecord]]]
    has_logs: bool


def read_request(data: bytes) -> RawRequest:
    """Read one document. Raise NeedsFullDecoding for one that is not OTLP JSON."""
    with _needs_full_decoding():
        request = _DECODER.decode(data)
    logs = request.resource_logs
    return RawRequest(_iter_spans(request), iter(()) if not logs else _iter_records(logs), logs is not UNSET)


def has_logs(data: bytes) -> bool:
    """Return whether a document has a field for log records. Raise NeedsFullDecoding for one that is not OTLP JSON."""
    with _needs_full_decoding():
        return _SIGNALS.decode(data).resource_logs is not UNSET


def _iter_spans(request: RawDocument) -> Iterator[tuple[RawGroup, Sequence[RawSpan]]]:
    recent: list[bytes] = []  # one object for equal resources, as each object is hashed once
    for part in request.resource_spans or ():
        resource = bytes(part.resource)
        if resource in recent:
            resource = recent[recent.index(resource)]
        elif len(recent) < _MOST_RECENT:
            recent.append(resource)
        for scoped in part.scope_spans or ():
            group = resource, part.schema_url, bytes(scoped.scope), scoped.schema_url
            yield group, scoped.spans or ()


def _iter_records(parts: Sequence[RawResourceLogs]) -> Iterator[tuple[RawGroup, Sequence[RawRecord]]]:
    for part in parts:
        resource = bytes(part.resource)
        for scoped in part.scope_logs or ():
            group = resource, part.schema_url, bytes(scoped.scope), scoped.schema_url
            yield group, scoped.log_records or ()


def decode_group(group: RawGroup, shared: SharedValues) -> tuple[Resource, Scope]:
    """Decode the resource and the scope of a group. Raise NeedsFullDecoding for malformed ones."""
    of_resource, schema_url, of_scope, scope_schema_url = group
    with _needs_full_decoding():
        resource = _RESOURCE.decode(of_resource) if of_resource else None
        scope = _SCOPE.decode(of_scope) if of_scope else None
        decoded = decode_scope(scope, scope_schema_url, shared)
        return decode_resource(resource, schema_url, shared), decoded


def read_simple_spans(spans: Sequence[RawSpan]) -> SimpleSpans:
    """Return the fields of spans. Raise NeedsFullDecoding for a time that is not a number.

    Attributes are None, too, where an id has another length than hexadecimal ones: it may be base64.
    """
    span_ids = [span.span_id or "" for span in spans]
    parent_ids = [span.parent_span_id or "" for span in spans]
    attributes = _ends_of(spans)
    if not (_ONE_ID.issuperset(map(len, span_ids)) and _NO_OR_ONE_ID.issuperset(map(len, parent_ids))):
        for i, (span_id, parent_id) in enumerate(zip(span_ids, parent_ids, strict=True)):
            if len(span_id) not in _ONE_ID or len(parent_id) not in _NO_OR_ONE_ID:
                attributes[i] = None
    try:
        starts = list(map(int, [span.start_time_unix_nano or 0 for span in spans]))
        ends = list(map(int, [span.end_time_unix_nano or 0 for span in spans]))
    except ValueError as error:
        raise NeedsFullDecoding from error
    trace_ids, looks = [span.trace_id or "" for span in spans], [(span.name, span.kind, span.flags) for span in spans]
    return SimpleSpans(trace_ids, starts, span_ids, parent_ids, ends, looks, attributes)


def _ends_of(spans: Sequence[RawSpan]) -> list[Ends | None]:
    """Return the attributes of spans; None where there is more in a span, or blanks are in unusual places."""
    found: list[Ends | None] = []
    for span in spans:
        status = span.status
        if (
            (status is not None and (status.code or status.message))
            or span.events
            or span.links
            or span.trace_state
            or span.dropped_attributes_count
            or span.dropped_events_count
            or span.dropped_links_count
        ):
            found.append(None)
            continue
        text = bytes(span.attributes)
        first = text.find(_BETWEEN)
        if first > 0 and text.startswith(_FIRST) and text.endswith(_LAST):
            last = text.rfind(_BETWEEN)
            found.append((text[_FROM:first], text[first:last], text[last + _STEP : _TO]))
        else:
            pieces = _cut(text)
            found.append(None if pieces is None else (pieces[0] if pieces else b"", b"", b""))
    return found


def split_block(block: bytes) -> Sequence[bytes]:
    """Return the attributes between the first and the last one of a span."""
    return block[_STEP:].split(_BETWEEN) if block else ()


def _cut(text: bytes) -> list[bytes] | None:
    """Cut the text of attributes into one piece for each; None if it has blanks in unusual places."""
    if text.startswith(_FIRST) and text.endswith(_LAST):
        return text[_FROM:_TO].split(_BETWEEN)
    return [] if text in _NO_ATTRIBUTES else None


def read_simple_record(record: RawRecord) -> SimpleRecord | None:
    """Return the log record as a `SimpleRecord`; None where it has dropped counts or its severity is a name.

    Raise NeedsFullDecoding for a number that is none.
    """
    severity = record.severity_number or 0
    pieces = _cut(bytes(record.attributes))
    if pieces is None or record.dropped_attributes_count or isinstance(severity, str):
        return None
    try:
        if not int(record.time_unix_nano or 0):
            int(record.observed_time_unix_nano or 0)
        flags = trace_flags(int(record.flags or 0))
    except ValueError as error:
        raise NeedsFullDecoding from error
    rest = severity, record.severity_text
    return record.event_name or "", rest, flags, bytes(record.body), pieces


def record_ids(record: RawRecord) -> tuple[str, str]:
    """Return the trace id and the span id of a log record, "" for what it has not."""
    trace_id, span_id = record.trace_id, record.span_id
    return id_of_log(normalize_id(trace_id)) if trace_id else "", id_of_log(normalize_id(span_id)) if span_id else ""


def split_double(piece: bytes) -> tuple[bytes, float]:
    """Split an encoded attribute with a double value into the bytes before the number, and the number.

    Return empty bytes and 0 for any other attribute. The number is valid JSON, as the whole document was parsed before.
    """
    head, _, rest = piece.partition(_DOUBLE)
    if rest.endswith(b"}"):
        try:
            return head, float(rest[:-1])
        except ValueError:
            pass
    return b"", 0.0


def split_text(piece: bytes) -> tuple[bytes, bytes]:
    """Split an encoded attribute with a text value into the bytes before the value, and the text as it is written.

    Return empty bytes twice for any other attribute, and for a text with a quote in it.
    """
    head, _, rest = piece.partition(_TEXT)
    text = rest[:-2]
    return (head, text) if rest.endswith(b'"}') and b'"' not in text else (b"", b"")


def decode_attribute(piece: bytes) -> tuple[str, Value]:
    """Decode the name and the value of an encoded attribute. Raise NeedsFullDecoding where it is malformed.

    Splitting at `},{"key":` is safe: inside a string the quotes would be escaped. An attribute whose value is itself a
    list of maps is cut into fragments, none of which is valid JSON: they raise NeedsFullDecoding.
    """
    try:
        pair = _ATTRIBUTE.decode(b'{"key":%b}' % piece)
        return intern(pair.key or ""), decode_value(pair.value, 0) if pair.value else None
    except _UNREADABLE as error:
        raise NeedsFullDecoding from error


def decode_body(body: bytes) -> Value:
    """Decode the body of a log record. Raise NeedsFullDecoding where it is malformed."""
    with _needs_full_decoding():
        value = _BODY.decode(body) if body else None
        return decode_value(value, 0) if value else None


def decode_whole_span(span: RawSpan, resource: Resource, scope: Scope) -> Span:
    """Decode a span with its attributes. Raise NeedsFullDecoding where it is malformed."""
    with _needs_full_decoding():
        text = bytes(span.attributes)
        fields = {name: getattr(span, name) for name in _FIELDS}
        whole = wire.WireSpan(**fields, attributes=_ATTRIBUTES.decode(text) if text else None)
        return decode_span(whole, resource, scope)


def decode_whole_record(record: RawRecord, resource: Resource, scope: Scope) -> LogRecord:
    """Decode a log record with its body and attributes. Raise NeedsFullDecoding where it is malformed."""
    with _needs_full_decoding():
        text, body = bytes(record.attributes), bytes(record.body)
        fields = {name: getattr(record, name) for name in _RECORD_FIELDS}
        attributes = _ATTRIBUTES.decode(text) if text else None
        whole = wire.WireLogRecord(**fields, attributes=attributes, body=_BODY.decode(body) if body else None)
        return decode_log(whole, resource, scope)


_FIELDS: Final = tuple(name for name in RawSpan.__struct_fields__ if name != "attributes")
_RECORD_FIELDS: Final = tuple(name for name in RawRecord.__struct_fields__ if name not in ("attributes", "body"))


@contextmanager
def _needs_full_decoding() -> Iterator[None]:
    """Turn every decoding error of the block into NeedsFullDecoding."""
    try:
        yield
    except _UNREADABLE as error:
        raise NeedsFullDecoding from error
