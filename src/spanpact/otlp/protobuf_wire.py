"""Protobuf's wire format by hand: a message is cut into its top-level parts as it is read, and numbers are written.

A TracesData is any number of ResourceSpans.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from spanpact.otlp.batch import NotPlain

_RESOURCE_SPANS: Final = b"\x0a"  # field 1, with a length
_TOGETHER: Final = 1 << 16  # bytes, so that small parts are not read one by one
_LONGEST_VARINT: Final = 10


def iter_parts(stream: io.BufferedReader, largest: int) -> Iterator[bytes]:
    """Messages that put together are the whole message, each some ResourceSpans of it.

    Raises NotPlain for whatever else stands there, for a part of more than `largest` bytes, and for one cut short.
    """
    gathered: list[bytes] = []
    size = 0
    while tag := stream.read(1):
        if tag != _RESOURCE_SPANS:
            raise NotPlain
        head, length = _length(stream)
        if length > largest:
            raise NotPlain
        body = stream.read(length)
        if len(body) < length:
            raise NotPlain
        gathered += [tag, head, body]
        size += length
        if size >= _TOGETHER:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _length(stream: io.BufferedReader) -> tuple[bytes, int]:
    """A varint, as bytes and as the number."""
    head = bytearray()
    while len(head) < _LONGEST_VARINT:
        byte = stream.read(1)
        if not byte:
            break
        head += byte
        if byte[0] < 0x80:
            return bytes(head), sum((each & 0x7F) << 7 * i for i, each in enumerate(head))
    raise NotPlain


def varint(number: int) -> bytes:
    """A number from 0 on as protobuf writes it (lengths and tags are such): seven bits a byte, the lowest first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*groups, number))
