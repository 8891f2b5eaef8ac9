"""In which document of a file a trace is seen for the last time, found out without decoding anything.

What the search overlooks (ids are found by the name of their field) is noticed when it is decoded: a span of a trace
that should have been over.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

_ID: Final = b'"traceId":'
_WRITTEN: Final = 40  # a blank or two, a quote, 32 digits


class LastSeen:
    """The last document of each trace, by the documents' places in the file, counted from 1.

    A table of hashes with open addressing, twelve bytes for each of its slots: a dict would take ten times as much, and
    there are as many traces as a file holds. Traces of one hash are taken for one: they are let go with the later one.
    """

    def __init__(self) -> None:
        self._number = 0
        self._resize(1 << 12)

    def _resize(self, slots: int) -> None:
        self._mask = slots - 1
        self._keys = array("q", bytes(8 * slots))
        self._places = array("I", bytes(4 * slots))

    def note_json(self, document: bytes, place: int) -> None:
        """Notes the traces of the next document."""
        written = {text[:_WRITTEN] for text in document.split(_ID)[1:]}
        self.note((text.strip()[1:33].decode("latin-1").lower() for text in written), place)

    def note(self, trace_ids: Iterable[str], place: int) -> None:
        """Notes traces of the next document."""
        for trace_id in trace_ids:
            self._put(hash(trace_id) or 1, place)
            if 2 * self._number > self._mask:
                self._grow()

    def place(self, trace_id: str) -> int:
        """The document after which no more of the trace is expected; 0 for a trace that was never noted."""
        return self._places[self._slot(hash(trace_id) or 1)]

    def _put(self, key: int, place: int) -> None:
        slot = self._slot(key)
        self._number += not self._keys[slot]
        self._keys[slot], self._places[slot] = key, place

    def _slot(self, key: int) -> int:
        """Where the key is, or would be."""
        keys, mask = self._keys, self._mask
        slot = key & mask
        while keys[slot] != key and keys[slot]:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        keys, places = self._keys, self._places
        self._resize(2 * len(keys))
        self._number = 0
        for key, place in zip(keys, places, strict=True):
            if key:
                self._put(key, place)
