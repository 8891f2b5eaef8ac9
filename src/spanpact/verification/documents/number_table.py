"""A table of small numbers by text, in little memory."""

from __future__ import annotations

from array import array


class NumberTable:
    """A number (1 to 2**32 - 1) for each text: a hash table with open addressing and 12 bytes a slot.

    A dict would take ten times the memory. Two texts with one hash share a number.
    """

    def __init__(self) -> None:
        self._used = 0
        self._resize(1 << 12)

    def _resize(self, slots: int) -> None:
        self._mask = slots - 1
        self._keys = array("q", bytes(8 * slots))
        self._numbers = array("I", bytes(4 * slots))

    def __setitem__(self, text: str, number: int) -> None:
        """Give a text a number."""
        self._put(hash(text) or 1, number)
        if 2 * self._used > self._mask:
            self._grow()

    def __getitem__(self, text: str) -> int:
        """Return the number of a text; 0 if it has none."""
        return self._numbers[self._slot(hash(text) or 1)]

    def _put(self, key: int, number: int) -> None:
        slot = self._slot(key)
        self._used += not self._keys[slot]
        self._keys[slot], self._numbers[slot] = key, number

    def _slot(self, key: int) -> int:
        """Return the slot of a key, or the empty slot where it would be put."""
        keys, mask = self._keys, self._mask
        slot = key & mask
        while keys[slot] != key and keys[slot]:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        keys, numbers = self._keys, self._numbers
        self._resize(2 * len(keys))
        self._used = 0
        for key, number in zip(keys, numbers, strict=True):
            if key:
                self._put(key, number)
