"""Find the ids that are in several blocks of a file, in constant memory: by parts, each of which holds equal ids."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Final

from spanpact.spool import Spool

ID_BYTES: Final = 16
_ENTRY: Final = Struct(f"<{ID_BYTES}sQII")  # id, place of its block, index in that, last document
_PARTS: Final = 1 << 8
_WRITTEN: Final = _ENTRY.size << 6  # bytes of a part that are written together


class RepeatedIds:
    """The ids of all blocks, each with where it is and what its last document is."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._tails = [bytearray() for _ in range(_PARTS)]
        self._written = [array("q") for _ in range(_PARTS)]

    def add(self, ids: bytes, lasts: Sequence[int], place: int) -> None:
        """Add the ids of a block that is at a place."""
        for index, last in enumerate(lasts):
            start = index * ID_BYTES
            trace_id = ids[start : start + ID_BYTES]
            part = trace_id[-1]  # the last byte is random in every scheme of ids
            tail = self._tails[part]
            tail += _ENTRY.pack(trace_id, place, index, last)
            if len(tail) == _WRITTEN:
                self._written[part].append(self._spool.write(bytes(tail)))
                tail.clear()

    def ends(self) -> Iterator[tuple[int, int, int]]:
        """Yield of each id that was added repeatedly the place and index where it was first, and the last document."""
        for part in range(_PARTS):
            entries = list(self._entries(part))
            if len({entry[0] for entry in entries}) == len(entries):  # almost always
                continue
            first: dict[bytes, tuple[int, int]] = {}
            repeated: dict[bytes, int] = {}
            for trace_id, place, index, last in entries:
                if trace_id in first:
                    repeated[trace_id] = last
                else:
                    first[trace_id] = place, index
            for trace_id, last in repeated.items():
                yield *first[trace_id], last

    def _entries(self, part: int) -> Iterator[tuple[bytes, int, int, int]]:
        for place in self._written[part]:
            yield from _ENTRY.iter_unpack(self._spool.read(place, _WRITTEN))
        yield from _ENTRY.iter_unpack(bytes(self._tails[part]))
