"""What the console exporter of OpenTelemetry's Python SDK prints: a span a JSON text, pretty-printed.

The program may print other lines between them, which are skipped. Numbers that are not finite are printed as Python
prints them, which is not JSON. Lost are nanoseconds, the scope, remote flags, trace states and dropped counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from spanpact.otlp import Batch, Origin, SharedValues
from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json.errors import JsonFault, describe_failure
from spanpact.otlp.json.surrogates import with_whole_characters
from spanpact.otlp.unread import spans_in
from spanpact.sources.files.byte_stream import OpenFile, unfinished
from spanpact.sources.files.formats.iso_times import nanoseconds
from spanpact.sources.files.formats.json_spans import other_format
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.sources.files.limits import FileLimits, too_large
from spanpact.trace.model import ALL_CAPABILITIES, Attributes, Capability, Event, Link, Span, SpanKind, StatusCode

_NAME: Final = "the console output of OpenTelemetry Python"
_LACKS: Final[frozenset[Capability]] = frozenset(
    ["scope", "remote", "trace_state", "dropped_counts", "bytes", "schema_urls"]
)
_KINDS: Final[Mapping[str, SpanKind]] = {
    "SpanKind.INTERNAL": "internal", "SpanKind.SERVER": "server", "SpanKind.CLIENT": "client",
    "SpanKind.PRODUCER": "producer", "SpanKind.CONSUMER": "consumer",
}  # fmt: skip
_STATUSES: Final[Mapping[str, StatusCode]] = {"OK": "ok", "ERROR": "error"}
_IS_SPAN: Final = b'\n    "context": {'
_SPAN_START: Final = re.compile(rb'\{\r?\n    "name": [^\n]*\n    "context": \{')
_TRACE_ID: Final = re.compile(rb'"trace_?id"', re.IGNORECASE)
_BEGINNING: Final = b'{\n    "name": '
_BEGINNING_LINES: Final = 2


class _Context(msgspec.Struct, frozen=True):
    trace_id: str
    span_id: str


class _Event(msgspec.Struct, frozen=True):
    name: str
    timestamp: str | None = None
    attributes: dict[str, Any] | None = None


class _Link(msgspec.Struct, frozen=True):
    context: _Context
    attributes: dict[str, Any] | None = None


class _Status(msgspec.Struct, frozen=True):
    status_code: str = "UNSET"
    description: str | None = None


class _Resource(msgspec.Struct, frozen=True):
    attributes: dict[str, Any] | None = None
    schema_url: str | None = None


class _Span(msgspec.Struct, frozen=True):
    name: str
    context: _Context
    kind: str
    parent_id: str | None
    start_time: str | None
    end_time: str | None
    status: _Status
    attributes: dict[str, Any] | None = None
    events: list[_Event] | None = None
    links: list[_Link] | None = None
    resource: _Resource = _Resource()


_DECODER: Final = msgspec.json.Decoder(_Span)


def _recognizes(start: Start) -> bool:
    return _SPAN_START.search(start.data) is not None


def _read(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
    for printed, origin in _texts(file, limits):
        text = with_whole_characters(printed)
        try:
            yield Batch([_span(_parsed(text), shared)], [], frozenset(["traces"]))
        except MalformedValue as error:
            raise origin.error(JsonFault(str(error)), text, _NAME) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise origin.error(describe_failure(error, text), text, _NAME) from None


def _texts(file: OpenFile, limits: FileLimits) -> Iterator[tuple[bytes, Origin]]:
    """Yield the text of each span with its position. Raise SourceError where it is too large or half there."""
    text, origin = bytearray(), Origin(file.name)
    offset = number = 0
    while line := file.stream.readline(limits.document + 1):
        number += 1
        offset += len(line)
        if text:
            is_open = not line.startswith(b"}")
            if is_open and (not line.startswith(b"{") or _IS_SPAN in text):
                text += line
            else:
                is_open = False
                if _IS_SPAN in text:
                    yield bytes(text + b"}"), origin
                elif line.startswith(b"}"):
                    _check_other_text(bytes(text + b"}"), origin)
                text = bytearray()
        else:
            is_open = False
            _check_other_text(line, Origin(file.name, offset - len(line), number))
        if not is_open and line.rstrip().endswith(b"{"):
            begin = line.rindex(b"{")  # something may be printed in front of it: a text, or the end of another span
            text, origin = bytearray(line[begin:]), Origin(file.name, offset - len(line) + begin, number)
        if len(text) > limits.document or len(line) > limits.document:
            raise too_large(file.name, f"a document of more than {limits.document:,} bytes")
        if offset > limits.total:
            raise too_large(file.name, f"more than {limits.total:,} bytes")
    begins = _BEGINNING[: len(text)] == text[: len(_BEGINNING)]
    if text and (_IS_SPAN in text or (begins and text.count(b"\n") <= _BEGINNING_LINES)):
        error = origin.error(JsonFault("the text ends too early", len(text)), bytes(text), _NAME)
        raise unfinished(error.message, file.name, hint=f"what starts in line {origin.line} is half there")


def _check_other_text(text: bytes, origin: Origin) -> None:
    """Raise SourceError for a text between spans that is JSON with spans in another format."""
    if not text.startswith((b"{", b"[")) or not _TRACE_ID.search(text):
        return
    try:
        lost = spans_in(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if lost:
        raise origin.error(other_format(lost), text, _NAME)


def _parsed(text: bytes) -> _Span:
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(text), _Span)  # it takes NaN and Infinity


def _span(span: _Span, shared: SharedValues) -> Span:
    return Span(
        _id(span.context.trace_id),
        _id(span.context.span_id),
        span.name,
        _id(span.parent_id or ""),
        _KINDS.get(span.kind, "unspecified"),
        _time(span.start_time),
        _time(span.end_time),
        _STATUSES.get(span.status.status_code, "unset"),
        span.status.description or "",
        span.attributes or {},
        [Event(each.name, _time(each.timestamp), each.attributes or {}) for each in span.events or ()] or (),
        [_link(each) for each in span.links or ()] or (),
        _resource(span.resource, shared),
    )


def _id(text: str) -> str:
    return text.removeprefix("0x")


def _time(text: str | None) -> int:
    return nanoseconds(text) if text else 0


def _link(link: _Link) -> Link:
    return Link(_id(link.context.trace_id), _id(link.context.span_id), link.attributes or {})


def _resource(resource: _Resource, shared: SharedValues) -> Any:
    attributes: Attributes = resource.attributes or {}
    return shared.resource(attributes, resource.schema_url or "")


PYTHON_CONSOLE = TraceFormat(_NAME, _recognizes, _read, capabilities=ALL_CAPABILITIES - _LACKS, resolution_ns=1000)
