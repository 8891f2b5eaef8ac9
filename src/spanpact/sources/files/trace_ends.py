"""Find the last document of a file in which each trace occurs, without decoding the documents and in constant memory.

first pass    the ids of each document ──▶ recent traces ──▶ blocks in a temporary file, by first document
between       each trace that is in several blocks gets its last document in the first of them
second pass   traces begin in the order of the blocks, which are read along with the documents

Trace ids are found by searching for the name of their field. Those in links are found, too: a trace may begin later,
and end earlier, than was noted. Where the search misses an id, the second pass finds a span of a trace that was never
noted or that is over, and the caller reads the file in another way.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from spanpact.sources.files.repeated_ids import ID_BYTES, RepeatedIds
from spanpact.spool import Spool

_NAME: Final = b'"traceId":'
_VALUE_LENGTH: Final = 40  # characters: a few blanks, a quote, 32 digits
_DIGITS: Final = 2 * ID_BYTES
_RECENT: Final = 1 << 11  # traces that stay in memory when others are written to a block
_NUMBER: Final = 4  # bytes of the number of a document


class EndsBlock(NamedTuple):
    """Some traces, noted first in documents up to `until`: their ids, of 16 bytes each, and their last documents."""

    until: int
    ids: bytes
    lasts: Sequence[int]


class TraceEnds:
    """The last document of each trace. Documents are numbered from 1, in the file's order.

    First note the traces of all documents, in order. Then either ask `of` for each trace when it begins, or go through
    the `blocks`. Only ids that are not 32 hexadecimal digits in lower case stay in memory (`odd`).
    """

    def __init__(self) -> None:
        self._spool = Spool()
        self._recent: dict[str, int] = {}  # the last document of each, by first document
        self._begun: deque[tuple[int, int]] = deque()  # a document, and how many of the recent traces begin in it
        self._written: deque[tuple[int, int, int]] = deque()  # until, place in the spool, and traces of a block
        self._repeated = RepeatedIds(self._spool)
        self.odd: dict[str, int] = {}
        """The last document of each trace whose id is malformed."""
        self._blocks: Iterator[EndsBlock] | None = None
        self._coming: dict[str, int] = {}
        self._until = 0

    def note_json(self, document: bytes, place: int) -> None:
        """Note the traces of the next document, an OTLP JSON text."""
        values = {text[:_VALUE_LENGTH] for text in document.split(_NAME)[1:]}
        texts = [text for text in map(bytes.strip, values) if text[:1] == b'"' != text[1:2]]  # others say: no trace
        self.note([text[1:33].decode("latin-1").lower() for text in texts], place)

    def note(self, trace_ids: Iterable[str], place: int) -> None:
        """Note the traces of the next document by their ids."""
        recent = self._recent
        before = len(recent)
        recent.update(dict.fromkeys(trace_ids, place))
        if begun := len(recent) - before:
            self._begun.append((place, begun))
            if len(recent) >= 2 * _RECENT:
                self._write(len(recent) - _RECENT)

    def _write(self, least: int) -> None:
        """Write at least so many traces to a block: all that begin in the oldest documents."""
        number = until = 0
        while number < least:
            until, begun = self._begun.popleft()
            number += begun
        ids, lasts = list(islice(self._recent, number)), array("I", islice(self._recent.values(), number))
        self._recent = dict(islice(self._recent.items(), number, None))
        packed = _packed(ids)
        if packed is None:
            self.odd.update(each for each in zip(ids, lasts, strict=True) if _packed(each[:1]) is None)
            of_well_formed = [each for each in zip(ids, lasts, strict=True) if each[0] not in self.odd]
            packed = bytes.fromhex("".join(trace_id for trace_id, _ in of_well_formed))
            lasts = array("I", [last for _, last in of_well_formed])
        if packed:
            place = self._spool.write(lasts.tobytes() + packed)
            self._written.append((until, place, len(lasts)))
            self._repeated.add(packed, lasts, place)

    def blocks(self) -> Iterator[EndsBlock]:
        """Yield all traces with well-formed ids, block by block, once.

        A trace that pauses for long is in several blocks: only its first one counts, and has its last document.
        """
        self._write(len(self._recent))
        for place, index, last in self._repeated.ends():
            self._spool.patch(place, index * _NUMBER, array("I", [last]).tobytes())
        while self._written:
            until, place, number = self._written.popleft()
            data = self._spool.read(place, number * (_NUMBER + ID_BYTES))
            lasts = array("I")
            lasts.frombytes(data[: number * _NUMBER])
            yield EndsBlock(until, data[number * _NUMBER :], lasts)

    def of(self, trace_id: str, place: int) -> int:
        """Return the last document of a trace that begins in this one; 0 for one that was not noted, or is over.

        Ask once for each trace, in the order of the documents.
        """
        if self._until < place:
            self._read_until(place)
        last = self._coming.pop(trace_id, 0) or self.odd.get(trace_id, 0)
        return last if last >= place else 0

    def _read_until(self, place: int) -> None:
        if self._blocks is None:
            self._blocks = self.blocks()
        for until, ids, lasts in self._blocks:
            text = ids.hex()
            coming = {text[i : i + _DIGITS]: last for i, last in zip(range(0, len(text), _DIGITS), lasts, strict=True)}
            # of traces that were noted by a link before they begin, the first block counts
            coming.update((trace_id, last) for trace_id, last in self._coming.items() if last >= place)
            self._coming, self._until = coming, until
            if until >= place:
                break


def _packed(trace_ids: Sequence[str]) -> bytes | None:
    """Return the bytes of trace ids one after another, None if one is not 32 hexadecimal digits in lower case."""
    text = "".join(trace_ids)
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        return None
    return packed if packed.hex() == text and {*map(len, trace_ids)} <= {_DIGITS} else None
