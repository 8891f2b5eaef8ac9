"""Find the last document of a file in which each trace occurs, without decoding the documents.

Trace ids are found by searching for the name of their field. Where the search misses one, decoding finds a span of a
trace that should have ended, and the caller reads the file in another way.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

_ID: Final = b'"traceId":'
_VALUE_LENGTH: Final = 40  # characters: a few blanks, a quote, 32 digits


class LastSeen:
    """A table of the last document of each trace. Documents are numbered from 1, in the file's order.

    It is a hash table with open addressing and 12 bytes a slot. A dict would take ten times the memory for the traces
    of a large file. Two traces with one hash share a slot, so that both end with the later one.
    """

    def __init__(self) -> None:
        self._used = 0
        self._resize(1 << 12)

    def _resize(self, slots: int) -> None:
        self._mask = slots - 1
        self._keys = array("q", bytes(8 * slots))
        self._places = array("I", bytes(4 * slots))

    def note_json(self, document: bytes, place: int) -> None:
        """Note the traces of the next document, an OTLP JSON text."""
        values = {text[:_VALUE_LENGTH] for text in document.split(_ID)[1:]}
        self.note((text.strip()[1:33].decode("latin-1").lower() for text in values), place)

    def note(self, trace_ids: Iterable[str], place: int) -> None:
        """Note the traces of the next document by their ids."""
        for trace_id in trace_ids:
            self._put(hash(trace_id) or 1, place)
            if 2 * self._used > self._mask:
                self._grow()

    def place(self, trace_id: str) -> int:
        """Return the last document of a trace; 0 for a trace that was never noted."""
        return self._places[self._slot(hash(trace_id) or 1)]

    def _put(self, key: int, place: int) -> None:
        slot = self._slot(key)
        self._used += not self._keys[slot]
        self._keys[slot], self._places[slot] = key, place

    def _slot(self, key: int) -> int:
        """Return the slot of a key, or the empty slot where it would be put."""
        keys, mask = self._keys, self._mask
        slot = key & mask
        while keys[slot] != key and keys[slot]:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        keys, places = self._keys, self._places
        self._resize(2 * len(keys))
        self._used = 0
        for key, place in zip(keys, places, strict=True):
            if key:
                self._put(key, place)
