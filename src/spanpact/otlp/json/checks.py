"""Check that an OTLP JSON document can be decoded, without building spans: only what may be wrong is decoded.

What passes is decoded by `decoding` without an error, and what does not is refused by it in the same words.
Written out flat, as the receiver checks every body that arrives.
"""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.otlp.json import messages as wire
from spanpact.otlp.json.decoding import (
    KINDS_BY_NUMBER,
    Origin,
    decode_event,
    decode_kind,
    decode_link,
    decode_log,
    decode_status,
    faults_in,
    parse_request,
)
from spanpact.otlp.json.surrogates import with_whole_characters
from spanpact.otlp.json.values import decode_integer, decode_value
from spanpact.otlp.message_checks import MessageContent
from spanpact.trace.model import NO_RESOURCE, NO_SCOPE


def check_json(data: bytes, *, origin: Origin, duplicate_keys: bool = True) -> MessageContent:
    """Return what a document holds. Raise SourceError as `decode_json` does."""
    data = with_whole_characters(data)
    request, unread = parse_request(data, origin, duplicate_keys=duplicate_keys)
    with faults_in(data, origin):
        spans = sum(_check_spans(group) for group in request.resource_spans or ())
        logs = sum(_check_logs(group) for group in request.resource_logs or ())
    return MessageContent(spans, logs, unread)


def _check_spans(group: wire.ResourceSpans) -> int:
    """Check the spans of one resource, and return how many there are."""
    spans = 0
    _check_emitter(group.resource)
    for scoped in group.scope_spans or ():
        _check_emitter(scoped.scope)
        for span in scoped.spans or ():
            _check_span(span)
            spans += 1
    return spans


def _check_logs(group: wire.ResourceLogs) -> int:
    logs = 0
    _check_emitter(group.resource)
    for scoped in group.scope_logs or ():
        _check_emitter(scoped.scope)
        for log in scoped.log_records or ():
            decode_log(log, NO_RESOURCE, NO_SCOPE)
            logs += 1
    return logs


def _check_emitter(emitter: wire.WireResource | wire.WireScope | None) -> None:
    if emitter is not None:
        _check_attributes(emitter.attributes or ())
        decode_integer(emitter.dropped_attributes_count)


def _check_attributes(pairs: Sequence[wire.KeyValue]) -> None:
    """Decode the values that are neither a text nor a boolean."""
    for pair in pairs:
        value = pair.value
        if value is not None and value.string_value is None and value.bool_value is None:
            decode_value(value, 0)


def _check_span(span: wire.WireSpan) -> None:
    """Decode of a span what may be wrong: integers, enums, values that are no text or boolean, events and links."""
    if span.kind not in KINDS_BY_NUMBER:
        decode_kind(span.kind or 0)
    decode_integer(span.start_time_unix_nano)
    decode_integer(span.end_time_unix_nano)
    if span.status is not None and span.status.code:
        decode_status(span.status.code)
    if span.attributes:
        _check_attributes(span.attributes)
    for event in span.events or ():
        decode_event(event)
    for link in span.links or ():
        decode_link(link)
    if span.flags:
        decode_integer(span.flags)
    if span.dropped_attributes_count or span.dropped_events_count or span.dropped_links_count:
        decode_integer(span.dropped_attributes_count)
        decode_integer(span.dropped_events_count)
        decode_integer(span.dropped_links_count)
