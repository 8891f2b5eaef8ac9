"""Protobuf's wire format: cut a large TracesData message into parts while reading it, and encode varints.

A TracesData message is a sequence of ResourceSpans fields. Any run of these fields is a valid TracesData message.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final, cast

from spanpact.otlp.batch import NeedsFullDecoding

_RESOURCE_SPANS: Final = b"\x0a"  # field 1, with a length
_WITH_LENGTH: Final = 2
_PART_SIZE: Final = 1 << 16  # bytes; a part has at least this size, so that small fields are not decoded one by one
_LONGEST_VARINT: Final = 10


def iter_resource_spans(stream: io.BufferedReader, largest: int) -> Iterator[bytes]:
    """Yield the TracesData message in `stream` in parts, each a TracesData message with some of its ResourceSpans.

    Raise NeedsFullDecoding for any other field, a field of more than `largest` bytes, and a truncated one.
    """
    gathered: list[bytes] = []
    size = 0
    while tag := stream.read(1):
        if tag != _RESOURCE_SPANS:
            raise NeedsFullDecoding
        head, length = _read_varint(stream)
        if length > largest:
            raise NeedsFullDecoding
        body = stream.read(length)
        if len(body) < length:
            raise NeedsFullDecoding
        gathered += [tag, head, body]
        size += length
        if size >= _PART_SIZE:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _read_varint(stream: io.BufferedReader) -> tuple[bytes, int]:
    """Read a varint; return its bytes and its number."""
    head = bytearray()
    while len(head) < _LONGEST_VARINT:
        byte = stream.read(1)
        if not byte:
            break
        head += byte
        if byte[0] < 0x80:
            return bytes(head), sum((each & 0x7F) << 7 * i for i, each in enumerate(head))
    raise NeedsFullDecoding


def encode_varint(number: int) -> bytes:
    """Encode a number of at least 0 as a varint: seven bits a byte, the lowest first, as in tags and lengths."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*groups, number))


def is_cut_short(message: bytes) -> bool:
    """Return whether a message ends within its last field, as one that is still being written does."""
    stream: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", io.BytesIO(message)))
    while tag := stream.read(1):
        if tag[0] & 7 != _WITH_LENGTH:
            return False
        try:
            _, length = _read_varint(stream)
        except NeedsFullDecoding:
            return not stream.peek(1)
        if len(stream.read(length)) < length:
            return True
    return False
