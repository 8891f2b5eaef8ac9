"""Which traces are asked for: by their ids, or by the beginnings of ids."""

from __future__ import annotations

from collections.abc import Container, Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from spanpact.errors import UsageError

_HEX: Final = frozenset("0123456789abcdef")
_DIGITS: Final = 32


class TraceSelection(Container[str]):
    """The traces whose id begins with one of `texts`, or is one of them without its leading zeros.

    An empty selection is false: all traces are wanted.
    """

    __slots__ = ("_whole", "texts")

    def __init__(self, texts: tuple[str, ...] = ()) -> None:
        self.texts = texts
        self._whole = frozenset(text.zfill(_DIGITS) for text in texts)

    @classmethod
    def of(cls, texts: Iterable[str]) -> TraceSelection:
        """Return the selection of texts as a user writes them. Raise UsageError for one that is not hexadecimal."""
        return cls(tuple(dict.fromkeys(map(_digits, texts))))

    @property
    def all_whole(self) -> bool:
        """Return whether every text is a whole id, so that no further trace can be meant."""
        return all(len(text) == _DIGITS for text in self.texts)

    def __contains__(self, trace_id: object) -> bool:
        return isinstance(trace_id, str) and (trace_id in self._whole or trace_id.startswith(self.texts))

    def __bool__(self) -> bool:
        return bool(self.texts)

    def missing(self, seen: AbstractSet[str]) -> set[str]:
        """Return the texts that select none of these trace ids."""
        return {text for text in self.texts if not any(each in TraceSelection((text,)) for each in seen)}


EVERY_TRACE: Final = TraceSelection()


def _digits(text: str) -> str:
    digits = text.strip().lower()
    if not digits or len(digits) > _DIGITS or not _HEX.issuperset(digits):
        raise UsageError(f"not a trace id: {text[:64]!r}", hint="accepted: up to 32 hexadecimal digits")
    return digits
