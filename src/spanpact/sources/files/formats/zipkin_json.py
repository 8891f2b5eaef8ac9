"""Zipkin's JSON of version 2: what reporters and exporters send, and answers of `/api/v2/trace` and `/api/v2/traces`.

A span has texts only: tags are all that attributes, resource, scope and status become, and each exporter writes lists
and events in its own way. A server writes names in lower case. Links, logs, remote flags, trace states and dropped
counts are lost; so is the status `ok` of some exporters, and whether a text was a number or a boolean (`scalar_types`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from spanpact.otlp import SharedValues
from spanpact.otlp.batch import MalformedValue
from spanpact.sources.files.formats.json_spans import json_reader
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.trace.model import Attributes, Event, Span, SpanKind, StatusCode

_NAME: Final = "Zipkin's JSON of version 2"
_AROUND: Final = ("[].", "[][].", "")
_NOT_IN_SPANS: Final = ("spanId", "binaryAnnotations", "annotations[].endpoint")  # the last two are of version 1
_KINDS: Final[Mapping[str | None, SpanKind]] = {
    "SERVER": "server", "CLIENT": "client", "PRODUCER": "producer", "CONSUMER": "consumer",
}  # fmt: skip
_STATUSES: Final[Mapping[str | None, StatusCode]] = {"OK": "ok", "ERROR": "error"}
_SERVICE: Final = "service.name"
_SHARED: Final = b"shared"  # in a key of spans; it may be in any text
_ELEMENTS: Final = 64
_MICROSECOND: Final = 1000
_COUNTS: Final = frozenset(f"otel.dropped_{what}_count" for what in ("attributes", "events", "links"))
_SCOPES: Final = (("otel.scope.name", "otel.scope.version"), ("otel.library.name", "otel.library.version"))


class _Endpoint(msgspec.Struct, rename="camel"):
    service_name: str | None = None


class _Annotation(msgspec.Struct):
    timestamp: int = 0
    value: str = ""
    endpoint: Any = None  # of version 1


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str
    id: str
    parent_id: str | None = None
    kind: str | None = None
    name: str | None = None
    timestamp: int | None = None
    duration: int | None = None
    shared: bool | None = None
    local_endpoint: _Endpoint | None = None
    annotations: list[_Annotation] | None = None
    tags: dict[str, str | bool | int | float | None] | None = None
    binary_annotations: Any = None  # of version 1

    @property
    def service(self) -> str:
        """Return the name of the service, in lower case after a server."""
        return (self.local_endpoint and self.local_endpoint.service_name) or ""


def _recognizes(start: Start) -> bool:
    return any(
        start.has(f"{around}traceId", f"{around}id") and not start.has_any(*(f"{around}{key}" for key in _NOT_IN_SPANS))
        for around in _AROUND
    )


def decode_zipkin(data: bytes, shared: SharedValues) -> Sequence[Span]:
    """Return the spans of one JSON text. Raise msgspec.MsgspecError or ValueError for another text."""
    spans = _spans_of(data)
    own_ids = _own_ids(spans)
    return [_span(each, own_ids, shared) for each in spans]


def _decode_groups(data: bytes, shared: SharedValues) -> Iterator[Sequence[Span]]:
    """Yield the spans of a text that is a list, some elements of it at a time: traces, or spans."""
    elements = msgspec.json.decode(data, type=list[msgspec.Raw])
    own_ids = set[tuple[str, str, str]]()
    for group in _groups(elements if _SHARED in data else ()):
        own_ids |= _own_ids(_spans_of(group))
    for group in _groups(elements):
        yield [_span(each, own_ids, shared) for each in _spans_of(group)]


def _groups(elements: Sequence[msgspec.Raw]) -> Iterator[bytes]:
    """Yield texts that are lists of some elements each."""
    for begin in range(0, len(elements), _ELEMENTS):
        yield b"[%b]" % b",".join(elements[begin : begin + _ELEMENTS])


def _spans_of(data: bytes) -> list[_Span]:
    spans = [msgspec.convert(each, _Span) for each in _flat(msgspec.json.decode(data))]
    if any(map(_is_version_1, spans)):
        raise MalformedValue("it holds spans of version 1: ask the server for version 2: /api/v2/trace/ID")
    return spans


def _own_ids(spans: Sequence[_Span]) -> set[tuple[str, str, str]]:
    """Return the trace, id and service of the server's half of spans that share an id."""
    return {(each.trace_id, each.id, each.service) for each in spans if each.shared}


def _is_version_1(span: _Span) -> bool:
    return span.binary_annotations is not None or any(each.endpoint is not None for each in span.annotations or ())


def _flat(value: Any) -> Iterator[Any]:
    """Yield the spans of a list of spans, of a list of traces, or of one span."""
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _span(span: _Span, own_ids: set[tuple[str, str, str]], shared: SharedValues) -> Span:
    tags: Attributes = {
        name: value if isinstance(value, str) else json.dumps(value)  # a server, too, takes numbers for texts
        for name, value in (span.tags or {}).items()
        if value is not None and name not in _COUNTS
    }
    start = (span.timestamp or 0) * _MICROSECOND
    status, message = _status(tags)
    return Span(
        span.trace_id.lower().zfill(32),
        _own_id(span) if span.shared else _full_id(span.id),
        span.name or "",
        _parent_id(span, own_ids),
        _KINDS.get(span.kind, "internal"),
        start,
        start + (span.duration or 0) * _MICROSECOND,
        status,
        message,
        scope=shared.scope(*_scope(tags), {}),
        resource=shared.resource({_SERVICE: tags.pop(_SERVICE, span.service)}, ""),
        attributes=tags,
        events=[_event(each) for each in span.annotations or ()] or (),
    )


def _full_id(id: str | None) -> str:
    return id.lower().zfill(16) if id else ""


def _own_id(span: _Span) -> str:
    """Return an id for the server's half of a span whose id the client and the server share."""
    return hashlib.sha256(f"{span.trace_id} {span.id} {span.service}".encode()).hexdigest()[:16]


def _parent_id(span: _Span, own_ids: set[tuple[str, str, str]]) -> str:
    """Return the parent: of a shared span the client's half, of the spans below it in its service the server's half."""
    if span.shared:
        return _full_id(span.id)
    if span.parent_id and (span.trace_id, span.parent_id, span.service) in own_ids:
        return _own_id(_Span(span.trace_id, span.parent_id, local_endpoint=span.local_endpoint))
    return _full_id(span.parent_id)


def _status(tags: Attributes) -> tuple[StatusCode, str]:
    """Take the status out of the tags. `error` marks a failed span; its text is the message, or `true`."""
    code = tags.pop("otel.status_code", None)
    if code is None and "error" not in tags:
        return "unset", ""
    status = _STATUSES.get(str(code), "error" if "error" in tags else "unset")
    message = tags.pop("otel.status_description", None)
    error = tags.pop("error", "") if status == "error" else ""
    return status, str(message if message is not None else error)


def _scope(tags: Attributes) -> tuple[str, str]:
    found = [(str(tags.pop(name, "")), str(tags.pop(version, ""))) for name, version in _SCOPES]
    return next((each for each in found if each[0]), ("", ""))


def _event(annotation: _Annotation) -> Event:
    """Return an event; exporters write its attributes as JSON, `{"name": {"key": "value"}}`."""
    time = annotation.timestamp * _MICROSECOND
    try:  # Python's own reader, as its exporter writes NaN and Infinity
        ((name, attributes),) = msgspec.convert(json.loads(annotation.value), dict[str, dict[str, Any]]).items()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Event(annotation.value, time)
    return Event(name, time, attributes)


ZIPKIN_JSON = TraceFormat(
    _NAME,
    _recognizes,
    json_reader(_NAME, decode_zipkin, _decode_groups),
    capabilities=frozenset(["complete", "offered"]),
    resolution_ns=_MICROSECOND,
)
