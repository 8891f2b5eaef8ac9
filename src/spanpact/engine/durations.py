"""Durations of spans in all flows, of which a percentile is asked at the end: exact, in memory that does not grow."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from spanpact.spool import Spool

_BLOCK: Final = 1 << 10  # durations
_BYTES: Final = 8
_DIGIT: Final = 16  # bits by which durations are counted together


class Durations:
    """Durations in nanoseconds; all but the last are in the spool, in blocks."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._blocks = array("q")  # their places in the spool
        self._tail = array("q")
        self._large: list[int] = []  # of more than 63 bits: the times of damaged spans

    def extend(self, durations: Iterable[int]) -> None:
        """Add durations."""
        several = list(durations)
        try:
            self._tail.extend(array("q", several))
        except OverflowError:
            for each in several:
                if -(1 << 63) <= each < 1 << 63:
                    self._tail.append(each)
                else:
                    self._large.append(each)
        while len(self._tail) >= _BLOCK:
            self._blocks.append(self._spool.write(self._tail[:_BLOCK].tobytes()))
            del self._tail[:_BLOCK]

    def packed(self) -> tuple[bytes, list[int]]:
        """Return all durations: those of 64 bits as the bytes of an array, and the others."""
        blocks = [self._spool.read(place, _BLOCK * _BYTES) for place in self._blocks]
        return b"".join([*blocks, self._tail.tobytes()]), list(self._large)

    def add_packed(self, packed: bytes, large: Iterable[int]) -> None:
        """Add durations that `packed` has returned, on a machine of the same byte order."""
        several = array("q")
        several.frombytes(packed)
        self.extend(several)
        self._large.extend(large)

    def __len__(self) -> int:
        return len(self._blocks) * _BLOCK + len(self._tail) + len(self._large)

    def __iter__(self) -> Iterator[int]:
        for place in self._blocks:
            block = array("q")
            block.frombytes(self._spool.read(place, _BLOCK * _BYTES))
            yield from block
        yield from self._tail
        yield from self._large

    def at_rank(self, rank: int) -> int:
        """Return the duration with so many others before it, of all sorted by length.

        Each round counts durations by their next digits, and leaves those with the digit that the wanted one has.
        """
        low, high = min(self), max(self)
        while low < high:
            shift = max(0, (high - low).bit_length() - _DIGIT)
            counts = Counter((each - low) >> shift for each in self if low <= each <= high)
            for digit in sorted(counts):
                if rank < counts[digit]:
                    break
                rank -= counts[digit]
            low, high = low + (digit << shift), min(high, low + ((digit + 1) << shift) - 1)
        return low
