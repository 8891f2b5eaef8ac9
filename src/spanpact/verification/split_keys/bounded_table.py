"""A table that forgets what was not used for long, so that keys which never come again do not drive out the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Stored = TypeVar("Stored")


class BoundedTable(Generic[Stored]):
    """Values by key, of which those used last are kept: at least `most`, at most twice as many.

    What is forgotten is passed to `leave` first. That only happens in `begin`.
    """

    def __init__(self, most: int, leave: Callable[[Stored], None]) -> None:
        self._most, self._leave = most, leave
        self._young: dict[Hashable, Stored] = {}
        self._old: dict[Hashable, Stored] = {}

    def begin(self) -> None:
        """Forget what was not used since the last half of the table was filled; call it before each trace."""
        if len(self._young) >= self._most:
            for each in self._old.values():
                self._leave(each)
            self._old, self._young = self._young, {}

    def get(self, key: Hashable) -> Stored | None:
        """Return the value of a key, None if there is none."""
        value = self._young.get(key)
        if value is None and self._old and (value := self._old.pop(key, None)) is not None:
            self._young[key] = value
        return value

    def put(self, key: Hashable, value: Stored) -> None:
        """Store a value under a key that has none."""
        self._young[key] = value

    def clear(self) -> None:
        """Forget everything."""
        for table in (self._old, self._young):
            for each in table.values():
                self._leave(each)
            table.clear()
