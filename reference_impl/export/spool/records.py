"""Records of a spool: one encoded span each, with its length and a checksum (docs/adr/0058).

A record is complete in itself: it has the head of its span too, which names resource and scope, so that no other record
is needed to send it. What is torn or corrupt is skipped: the next good record is searched for by its first bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final
from zlib import crc32

_MAGIC: Final = b"\xa5SP1"
_FRONT: Final = struct.Struct("<4sI")  # the first bytes, and the checksum of head, numbers and span
_NUMBERS: Final = struct.Struct("<QQII")  # number, end of the span in ns, and the lengths of head and span
_pack_front, _pack_numbers = _FRONT.pack, _NUMBERS.pack
_START: Final = _FRONT.size + _NUMBERS.size

Record = tuple[int, int, bytes, bytes, int]
"""The number of a span among those of its process, when it ended (ns), its head, itself, and where its record ends."""


def pack_record(number: int, ended_ns: int, head: bytes, head_checksum: int, span: bytes) -> bytes:
    """Return the bytes of a record. `head_checksum` is the `crc32` of the head, which many spans share."""
    numbers = _pack_numbers(number, ended_ns, len(head), len(span))
    checksum = crc32(span, crc32(numbers, head_checksum))
    return b"".join((_pack_front(_MAGIC, checksum), numbers, head, span))


def read_records(data: bytes) -> Iterator[Record]:
    """Yield the good records of a part of a file that begins at a record, in their order."""
    start, size = 0, len(data)
    checksums: dict[bytes, int] = {}  # of heads, which are few
    while start >= 0 and start + _START <= size:
        magic, checksum = _FRONT.unpack_from(data, start)
        number, ended_ns, head_size, span_size = _NUMBERS.unpack_from(data, start + _FRONT.size)
        at_span = start + _START + head_size
        end = at_span + span_size
        if magic == _MAGIC and end <= size:
            head, span = data[start + _START : at_span], data[at_span:end]
            of_head = checksums.get(head) or checksums.setdefault(head, crc32(head))
            if crc32(span, crc32(data[start + _FRONT.size : start + _START], of_head)) == checksum:
                yield number, ended_ns, head, span, end
                start = end
                continue
        start = data.find(_MAGIC, start + 1)
