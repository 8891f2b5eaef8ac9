"""Note in which trace the entries of tables were found first, so that tables can be merged in the order of traces."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Sized
from typing import TypeAlias, TypeVar

Key = TypeVar("Key", bound=Hashable)

OrderedTable: TypeAlias = Sequence[tuple[int, Key, int]]
"""The number of the first trace, the key and the count of each entry, in the order in which these were found."""


class FirstNumbers:
    """Watches a table that only grows: its entries are in the order in which they were found."""

    def __init__(self, table: Sized) -> None:
        self._table = table
        self._length = 0
        self._marks: list[tuple[int, int]] = []

    def note(self, number: int) -> None:
        """Note that all that is new in the table was found in the trace with this number."""
        length = len(self._table)
        if length != self._length:
            self._marks.append((length - self._length, number))
            self._length = length

    def numbers(self) -> list[int]:
        """Return for each entry the number of the trace in which it was found first."""
        return [number for times, number in self._marks for _ in range(times)]

    def of(self, table: Mapping[Key, int]) -> OrderedTable[Key]:
        """Return the entries of the table that is watched, with these numbers."""
        return [(number, *entry) for number, entry in zip(self.numbers(), table.items(), strict=True)]


def merged_tables(tables: Iterable[OrderedTable[Key]]) -> dict[Key, int]:
    """Return all counts, by keys in the order in which they were found in the traces of all tables."""
    found: dict[Key, tuple[int, int]] = {}
    counts: dict[Key, int] = {}
    for table in tables:
        for place, (number, key, count) in enumerate(table):
            counts[key] = counts.get(key, 0) + count
            first = number, place
            found[key] = min(found.get(key, first), first)
    return {key: counts[key] for key in sorted(found, key=found.__getitem__)}
