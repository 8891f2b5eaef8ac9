"""Keep the ids of all flows in little memory: of all that a verification of an archive keeps, they are the most."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, overload

from spanpact.spool import Spool

_TRACE, _SPAN = 32, 16  # hexadecimal digits
SIZE: Final = (_TRACE + _SPAN) // 2
"""Bytes of a packed flow: those of its trace id, then those of its span id, or zeros for a whole trace."""
_WHOLE_TRACE: Final = "0" * _SPAN
_BLOCK: Final = 1 << 10  # flows that go to the spool together
_BLOCK_BYTES: Final = _BLOCK * SIZE


class FlowSpans(Sequence[tuple[str, str]]):
    """The (trace id, span id) of each flow's own span, in the order of finding; well-formed ids are kept as bytes.

    All but the last 24 KiB are in the spool, which the contracts of a verification share.
    """

    __slots__ = ("_blocks", "_others", "_spool", "_tail")

    def __init__(self, spool: Spool | None = None) -> None:
        self._spool = spool or Spool()
        self._blocks = array("q")  # their places in the spool
        self._tail = bytearray()
        self._others: dict[int, tuple[str, str]] = {}

    def like(self) -> FlowSpans:
        """Return an empty list in the same spool."""
        return FlowSpans(self._spool)

    def append(self, trace_id: str, span_id: str) -> None:
        """Add a flow; the span id is "" if the flow is the whole trace."""
        try:
            packed = bytes.fromhex(trace_id + (span_id or _WHOLE_TRACE))
        except ValueError:
            packed = b""
        if len(packed) != SIZE or _unpacked(packed) != (trace_id, span_id):  # malformed, or in capital letters
            self._others[len(self)] = (trace_id, span_id)
            packed = bytes(SIZE)
        self.extend_packed(packed)

    def append_well_formed(self, trace_id: str, span_id: str) -> None:
        """Add a flow whose ids are known to be hexadecimal, in lower case, of full length, and not all zero."""
        self._tail += bytes.fromhex(trace_id + (span_id or _WHOLE_TRACE))
        if len(self._tail) >= _BLOCK_BYTES:
            self._spill()

    def extend_packed(self, packed: bytes) -> None:
        """Add any number of flows with well-formed ids, each of `SIZE` bytes."""
        self._tail += packed
        if len(self._tail) >= _BLOCK_BYTES:
            self._spill()

    def _spill(self) -> None:
        """Move the full blocks to the spool."""
        full = len(self._tail) // _BLOCK_BYTES * _BLOCK_BYTES
        for start in range(0, full, _BLOCK_BYTES):
            self._blocks.append(self._spool.write(bytes(self._tail[start : start + _BLOCK_BYTES])))
        del self._tail[:full]

    def __len__(self) -> int:
        return len(self._blocks) * _BLOCK + len(self._tail) // SIZE

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | Sequence[tuple[str, str]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        block, place = divmod(i, _BLOCK)
        return self._others.get(i) or _flow(self._block(block), place)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        i = 0
        while i < len(self):
            packed = bytes(self._block(i // _BLOCK))  # flows may come meanwhile
            for place in range(i % _BLOCK, len(packed) // SIZE):
                yield self._others.get(i) or _flow(packed, place)
                i += 1

    def _block(self, number: int) -> bytes | bytearray:
        """Return the packed flows of a block; the one after the last is the tail."""
        return self._spool.read(self._blocks[number], _BLOCK_BYTES) if number < len(self._blocks) else self._tail

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<FlowSpans: {len(self)}>"


def _flow(packed: bytes | bytearray, place: int) -> tuple[str, str]:
    return _unpacked(packed[place * SIZE : (place + 1) * SIZE])


def _unpacked(packed: bytes | bytearray) -> tuple[str, str]:
    text = packed.hex()
    span_id = text[_TRACE:]
    return text[:_TRACE], "" if span_id == _WHOLE_TRACE else span_id
