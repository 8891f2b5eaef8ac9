"""Find the spans without a parent and those whose parent was not read, in memory that does not grow with their number.

Each span is four numbers in one of many parts of a temporary file: all spans of a trace are in one part. At the end
one part after another is read.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from spanpact.spool import Spool
from spanpact.trace.model import Span

_PARTS: Final = 256
_BUFFERED: Final = 1 << 10  # numbers of each part in memory
_NO_PARENT: Final = 0


@dataclass(slots=True)
class Parentage:
    """How many traces there were, and by the number of a span's name how many spans are roots and orphans."""

    traces: int = 0
    roots: Counter[int] = field(default_factory=Counter)
    orphans: Counter[int] = field(default_factory=Counter)


class ParentFinder:
    """Takes spans in any order, and says at the end which had no parent."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._parts = [array("q") for _ in range(_PARTS)]
        self._written = [array("q") for _ in range(_PARTS)]  # place and length of each block

    def add(self, span: Span, name: int) -> None:
        """Note a span whose name has this number."""
        trace = hash(span.trace_id)
        index = trace % _PARTS
        part = self._parts[index]
        parent = (hash((trace, span.parent_id)) or 1) if span.parent_id else _NO_PARENT
        part.extend((trace, hash((trace, span.span_id)) or 1, parent, name))
        if len(part) >= _BUFFERED:
            data = part.tobytes()
            self._written[index].extend((self._spool.write(data), len(data)))
            del part[:]

    def parentage(self) -> Parentage:
        """Return what all spans show."""
        found = Parentage()
        for written, part in zip(self._written, self._parts, strict=True):
            numbers = array("q")
            for place, length in zip(written[0::2], written[1::2], strict=True):
                numbers.frombytes(self._spool.read(place, length))
            numbers.extend(part)
            ids = set(numbers[1::4])
            found.traces += len(set(numbers[0::4]))
            for parent, name in zip(numbers[2::4], numbers[3::4], strict=True):
                if parent == _NO_PARENT:
                    found.roots[name] += 1
                elif parent not in ids:
                    found.orphans[name] += 1
        return found
