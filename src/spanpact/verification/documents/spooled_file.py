"""A file that is decoded once, and whose spans and log records are in a temporary file until they are judged.

So are files of which only all spans show what they carry, those of which one text holds many traces, and those that
still grow, which a second pass would find longer. A block takes a tenth of the time to read that decoding it takes.
"""

from __future__ import annotations

import pickle
from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Final

from spanpact.otlp import Batch
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.files.otlp_file import OtlpFileSource
from spanpact.spool import Spool
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Reading, Span
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection

_SPANS: Final = 256  # in a block
_MASK: Final = (1 << 64) - 1


class SpooledFile:
    """What a file holds now. `info` says what it carries, `found` are the traces `only` of which it has spans.

    Raise SourceError as `OtlpFileSource.read`.
    """

    def __init__(self, source: OtlpFileSource, only: TraceSelection = EVERY_TRACE) -> None:
        self._spool = Spool()
        self._blocks: list[tuple[int, int]] = []  # place and length of each in the spool
        self._waiting: list[Span] = []
        self._only = only
        self._ids = self._spans = self._logs = 0
        self.found: set[str] = set()
        for batch in source.batches():
            self._take(batch)
        self._flush()
        self.info = source.info

    @property
    def content(self) -> Hashable:
        """Return a key of the spans and log records: it is equal if nothing came."""
        return self._spans, self._logs, self._ids

    def documents(self) -> Iterator[Batch]:
        """Yield the spans and log records in the order of the file, block by block."""
        for place, length in self._blocks:
            batch: Batch = pickle.loads(self._spool.read(place, length))
            yield batch

    def reading(self, *, complete: bool) -> Reading:
        """Return all of it in memory."""
        assembler, unread = TraceAssembler(), UnreadFields()
        for batch in self.documents():
            assembler.add(batch.spans, batch.logs)
            unread.update(batch.unread)
        traces, spanless = assembler.traces(complete=complete), assembler.spanless(complete=complete)
        return Reading(self.info, traces, unread=unread.fields(), spanless=spanless)

    def _take(self, batch: Batch) -> None:
        self._count(batch)
        if len(batch.spans) < _SPANS and not batch.logs and not batch.unread:
            self._waiting += batch.spans  # of formats with one span a text
            if len(self._waiting) >= _SPANS:
                self._flush()
            return
        self._flush()
        for begin in range(0, len(batch.spans) - _SPANS, _SPANS):
            self._write(replace(batch, spans=batch.spans[begin : begin + _SPANS], logs=[], unread=()))
        rest = (len(batch.spans) - 1) // _SPANS * _SPANS if batch.spans else 0
        self._write(replace(batch, spans=batch.spans[rest:]))

    def _count(self, batch: Batch) -> None:
        self._spans += len(batch.spans)
        self._logs += len(batch.logs)
        for span in batch.spans:
            self._ids += hash((span.trace_id, span.span_id))
        for record in batch.logs:
            self._ids += hash(record.trace_id)
        self._ids &= _MASK
        if self._only:
            self.found.update(span.trace_id for span in batch.spans if span.trace_id in self._only)

    def _flush(self) -> None:
        if self._waiting:
            self._write(Batch(self._waiting, [], frozenset(["traces"])))
            self._waiting = []

    def _write(self, batch: Batch) -> None:
        data = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        self._blocks.append((self._spool.write(data), len(data)))
