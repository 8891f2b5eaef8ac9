"""OTLP messages behind their lengths, as the collector's file exporter writes protobuf, and everything with zstd.

Each message comes after its length in 4 bytes, big endian. It is protobuf, or JSON, or either in a zstd frame of its
own: the length is outside the compression.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from spanpact.otlp import Batch, Origin, SharedValues
from spanpact.otlp.protobuf.signals import LogsMessage, begins_like_otlp, signal_of
from spanpact.sources.files.byte_stream import OpenFile, unfinished
from spanpact.sources.files.compression import ZSTD_MAGIC, decompress_zstd
from spanpact.sources.files.formats.json_outline import is_json
from spanpact.sources.files.formats.otlp_protobuf import begins_like_protobuf, decode_message
from spanpact.sources.files.formats.trace_format import Start, TraceFormat
from spanpact.sources.files.json_texts import Document
from spanpact.sources.files.limits import FileLimits, too_large

_LENGTH: Final = 4  # bytes
_LARGEST: Final = 1 << 30


class _Message(NamedTuple):
    """A protobuf message without its length and compression, and where it is in the file."""

    data: bytes
    place: str


def _recognizes(start: Start) -> bool:
    length, message = int.from_bytes(start.data[:_LENGTH], "big"), start.data[_LENGTH:]
    if not message:
        return start.data.startswith(b"\0")  # so short that it is still being written
    if not 0 < length < _LARGEST or begins_like_protobuf(start):
        return False
    return ZSTD_MAGIC.startswith(message[: len(ZSTD_MAGIC)]) or is_json(message) or begins_like_otlp(message[:length])


def _read(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
    for part in _contents(file, limits):
        yield part.decode(shared) if isinstance(part, Document) else decode_message(part.data, part.place, shared)


def _parts(file: OpenFile, limits: FileLimits) -> Iterator[Document | LogsMessage | bytes]:
    for part in _contents(file, limits):
        if isinstance(part, Document):
            yield part
            continue
        signal = signal_of(part.data)
        if signal != "metrics":
            yield LogsMessage(part.data) if signal == "logs" else part.data


def _contents(file: OpenFile, limits: FileLimits) -> Iterator[Document | _Message]:
    """Yield the messages: JSON as documents."""
    unchecked_keys = limits.checked_keys
    for message in _messages(file, limits):
        if is_json(message.data):
            check_keys = len(message.data) <= unchecked_keys
            unchecked_keys -= len(message.data) if check_keys else 0
            yield Document(message.data, Origin(message.place), check_keys, wrapped=True)
        else:
            yield message


def _messages(file: OpenFile, limits: FileLimits) -> Iterator[_Message]:
    """Yield the messages. Raise SourceError where one is too large or damaged, SourceUnfinished for one cut short."""
    offset = size = 0
    while head := file.stream.read(_LENGTH):
        place = f"{file.name}: message at byte {offset}"
        length = int.from_bytes(head, "big")
        if len(head) == _LENGTH and length > limits.document:
            raise too_large(place, f"{length:,} bytes")
        data = file.stream.read(length) if len(head) == _LENGTH else b""
        if len(head) < _LENGTH or len(data) < length:
            what = f"{place}: is cut short: {len(head) + len(data)} bytes of {_LENGTH + length}"
            raise unfinished(what, file.name, hint="the message is half there")
        message = _decompressed(data, place, limits)
        size += len(message)
        if size > limits.total:
            raise too_large(file.name, f"more than {limits.total:,} bytes")
        yield _Message(message, place)
        offset += _LENGTH + length


def _decompressed(data: bytes, place: str, limits: FileLimits) -> bytes:
    if not data.startswith(ZSTD_MAGIC):
        return data
    whole = decompress_zstd(data, place, limits.document)
    if len(whole) > limits.document:
        raise too_large(place, f"more than {limits.document:,} bytes")
    return whole


OTLP_MESSAGES = TraceFormat("OTLP messages with lengths", _recognizes, _read, parts=_parts)
