"""Bound what caches hold in bytes: one that counts its entries grows with the size of the texts in them."""

from __future__ import annotations

from typing import Final

_ENTRY: Final = 128
"""Bytes that an entry takes beside its texts: two objects, and its share of a table that has just grown."""


class ByteBudget:
    """The bytes that one cache, or several that are emptied together, may hold.

    Call `spend` for each entry. Where `is_spent`, empty the caches and call `renew`: before an entry is added, or
    between two documents where entries must stay until then.
    """

    __slots__ = ("_most", "_spent")

    def __init__(self, most: int) -> None:
        self._most = most
        self._spent = 0

    def spend(self, texts: int) -> None:
        """Count one entry, with texts of so many bytes."""
        self._spent += _ENTRY + texts

    def takes(self, texts: int) -> bool:
        """Return whether an entry is small enough to be kept: a few large ones must not displace all others."""
        return texts <= self._most >> 4

    @property
    def is_spent(self) -> bool:
        """Return whether the caches must be emptied."""
        return self._spent > self._most

    def renew(self) -> None:
        """Count from nothing again: the caches are empty."""
        self._spent = 0
