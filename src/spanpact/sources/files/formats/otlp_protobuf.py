"""OTLP protobuf: one request, or TracesData, which any number of requests one after another is too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.errors import SourceError
from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.protobuf.signals import LogsMessage, begins_like_otlp, signal_of
from spanpact.otlp.protobuf.wire import is_cut_short, iter_resource_spans
from spanpact.sources.files.byte_stream import OpenFile, unfinished
from spanpact.sources.files.formats.json_outline import is_json
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.sources.files.limits import FileLimits, too_large

_FIRST_FIELD: Final = b"\x0a"


def decode_message(data: bytes, name: str, shared: SharedValues) -> Batch:
    """Decode one request of any signal. Raise SourceError where it is malformed, with `name` in front."""
    signal = signal_of(data)
    if signal == "metrics":
        return Batch(signals=frozenset(["metrics"]))
    from spanpact.otlp import decode_protobuf_logs, decode_protobuf_traces  # protobuf takes long to import

    decode = decode_protobuf_logs if signal == "logs" else decode_protobuf_traces
    return decode(data, name=name, shared=shared)


def begins_like_protobuf(start: Start) -> bool:
    """Return whether a file begins like an OTLP message: a line feed, which may also be before a JSON text."""
    return (
        start.data.startswith(_FIRST_FIELD)
        and not is_json(start.text)
        and bool(start.text)
        and begins_like_otlp(start.data)
    )


def _read(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
    largest = min(limits.document, limits.total)
    data = file.stream.read(largest + 1)
    if len(data) > largest:
        raise too_large(file.name, f"a document of more than {largest:,} bytes")
    try:
        yield decode_message(data, file.name, shared)
    except SourceError as error:
        if is_cut_short(data):
            raise unfinished(error.message, file.name, hint="its last field is half there") from None
        raise


def _parts(file: OpenFile, limits: FileLimits) -> Iterator[bytes | LogsMessage]:
    signal = signal_of(file.start)
    if signal == "metrics":
        raise NeedsFullDecoding
    parts = iter_resource_spans(file.stream, limits.document)  # log records are in the same field
    return map(LogsMessage, parts) if signal == "logs" else parts


OTLP_PROTOBUF = TraceFormat("OTLP protobuf", begins_like_protobuf, _read, parts=_parts)
