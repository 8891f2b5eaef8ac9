"""Keep the ids of all flows in little memory: of all that a verification of an archive keeps, they are the most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, overload

_TRACE, _SPAN = 32, 16  # hexadecimal digits
_SIZE: Final = (_TRACE + _SPAN) // 2
_WHOLE_TRACE: Final = "0" * _SPAN


class FlowSpans(Sequence[tuple[str, str]]):
    """The (trace id, span id) of each flow's own span, in the order of finding; well-formed ids are kept as bytes."""

    __slots__ = ("_others", "_packed")

    def __init__(self) -> None:
        self._packed = bytearray()
        self._others: dict[int, tuple[str, str]] = {}

    def append(self, trace_id: str, span_id: str) -> None:
        """Add a flow; the span id is "" if the flow is the whole trace."""
        try:
            packed = bytes.fromhex(trace_id + (span_id or _WHOLE_TRACE))
        except ValueError:
            packed = b""
        if len(packed) != _SIZE or _unpacked(packed) != (trace_id, span_id):  # malformed, or in capital letters
            self._others[len(self)] = (trace_id, span_id)
            packed = bytes(_SIZE)
        self._packed += packed

    def append_well_formed(self, trace_id: str, span_id: str) -> None:
        """Add a flow whose ids are known to be hexadecimal, in lower case, of full length, and not all zero."""
        self._packed += bytes.fromhex(trace_id + (span_id or _WHOLE_TRACE))

    def __len__(self) -> int:
        return len(self._packed) // _SIZE

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | Sequence[tuple[str, str]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        return self._others.get(i) or _unpacked(self._packed[i * _SIZE : (i + 1) * _SIZE])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<FlowSpans: {len(self)}>"


def _unpacked(packed: bytes | bytearray) -> tuple[str, str]:
    text = packed.hex()
    span_id = text[_TRACE:]
    return text[:_TRACE], "" if span_id == _WHOLE_TRACE else span_id
