"""Protobuf's wire format: cut a large TracesData message into parts while reading it, and encode varints.

A TracesData message is a sequence of ResourceSpans fields. Any run of these fields is a valid TracesData message.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final, cast

from spanpact.otlp.batch import NeedsFullDecoding

_RESOURCE_SPANS: Final = 0x0A  # field 1, with a length
_WITH_LENGTH: Final = 2
_PART_SIZE: Final = 1 << 16  # bytes; a part has about this size, so that small fields are not decoded one by one
_LONGEST_VARINT: Final = 10


def iter_resource_spans(stream: io.BufferedReader, largest: int) -> Iterator[bytes]:
    """Yield the TracesData message in `stream` in parts, each a TracesData message with some of its ResourceSpans.

    Raise NeedsFullDecoding for any other field, a field of more than `largest` bytes, and a truncated one.
    """
    data = b""
    while more := stream.read(max(_PART_SIZE, len(data))):
        data += more
        end = _end_of_fields(data, largest)
        if end:
            yield data[:end]
            data = data[end:]
    if data:
        raise NeedsFullDecoding


def _end_of_fields(data: bytes, largest: int) -> int:
    """Return where the last field that is whole ends."""
    begin, size = 0, len(data)
    while begin < size:
        if data[begin] != _RESOURCE_SPANS:
            raise NeedsFullDecoding
        at, length, shift = begin + 1, 0, 0
        while True:
            if at == size:
                return begin
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift == 7 * _LONGEST_VARINT:
                raise NeedsFullDecoding
        if length > largest:
            raise NeedsFullDecoding
        if at + length > size:
            return begin
        begin = at + length
    return begin


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
