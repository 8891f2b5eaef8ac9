"""Judge the traces of documents as they end, in the order in which they begin (the second pass of `streaming`).

summaries of a document ──▶ open traces ──▶ those that are over ──▶ verdict cache, or else the engine ──▶ dropped

Log records of which no span is there are scanned as soon as that is known, each one that has no trace id by itself.
Only those in which a contract finds something wait, as their findings come after all others.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from spanpact.findings import Report
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.ids import normalize_id
from spanpact.trace.clocks import Clocks
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.merging import merge_trace
from spanpact.trace.model import LogRecord, Reading, Trace
from spanpact.verification.cache.verdict_cache import VerdictCache
from spanpact.verification.documents.document_summaries import DocumentSummaries
from spanpact.verification.documents.first_pass import FirstPass
from spanpact.verification.documents.stored_documents import AnyDocument, StoredDocuments
from spanpact.verification.shapes import RecordSummary, SpanSummary, TraceShape
from spanpact.verification.verifying import Verification


@dataclass(slots=True)
class OpenTrace:
    """A trace with spans or log records still to come: the number under which it began, the document in which it ends,
    and the summaries of its spans and log records.

    `generation` is that of the summaries, -1 if they are of several. `bounds` has the numbers of both at the end of
    each source but the last. `shape` is that of the trace, where it is known already.
    """

    number: int
    ends: int
    generation: int
    summaries: list[SpanSummary] = field(default_factory=list)
    records: list[RecordSummary] = field(default_factory=list)
    bounds: list[tuple[int, int]] = field(default_factory=list)
    shape: TraceShape | None = None


@dataclass(slots=True)
class _WithoutTrace:
    """The log records without a trace id that wait, as decoded; the number under which they began, 0 for none so far;
    the source that holds them; and the document with the last of all such records.
    """

    number: int = 0
    source: int = 0
    last: int = 0
    waiting: list[LogRecord] = field(default_factory=list)


class TraceStream:
    """The traces of some documents, given one after another.

    `reading` has the source, which carries log records only if it has some. `hold`: the report holds all traces, not
    only those with findings.
    """

    def __init__(
        self,
        stored: StoredDocuments,
        reading: Reading,
        verification: Verification,
        cache: VerdictCache,
        first: FirstPass,
        clocks: Clocks,
        *,
        hold: bool,
    ) -> None:
        self._stored, self._reading, self._verification, self._cache = stored, reading, verification, cache
        self._first, self._hold = first, hold
        self._read = DocumentSummaries(
            cache.shapes, clocks, logs="logs" in reading.source.capabilities, only=stored.only
        )
        self._open: dict[str, OpenTrace] = {}
        self._order: deque[str] = deque()
        self._begun = self._generation = 0
        self._without_trace = _WithoutTrace()
        self._waiting: list[tuple[int, Trace]] = []
        self.spans = self.records = self.traces = 0
        self._source = self._spans_of_source = self._records_of_source = 0
        self.held = HeldTraces()

    def take(self, document: AnyDocument, place: int) -> None:
        """Read the document at this place, and judge the traces that end in it."""
        generation, groups, records, number = self._read.read(document)
        self._spans_of_source += number
        if generation != self._generation:
            self._generation = generation
            for trace in self._open.values():
                trace.generation = -1
        for trace_ids, summaries in groups:
            self._add(trace_ids, summaries, place, generation)
        if records:
            self._add_records(records, place, generation)
        self._stored.sources[self._source].check_span_count(self._spans_of_source)
        self._judge_until(place)

    def end_source(self) -> None:
        """Note that the documents that follow are of the next source.

        A trace of which this one has log records alone comes after its others. Raise NeedsFullDecoding where the source
        holds something else than it seemed to hold.
        """
        self._check_source()
        self._source += 1
        self._spans_of_source = self._records_of_source = 0
        later = [each for each in self._order if not (self._open[each].summaries or self._open[each].bounds)]
        if later:
            moved = set(later)
            self._order = deque([*(each for each in self._order if each not in moved), *later])
        for trace in self._open.values():
            trace.bounds.append((len(trace.summaries), len(trace.records)))

    def _check_source(self) -> None:
        if len(self._stored.sources) == 1:
            return
        spans, records = self._spans_of_source, self._records_of_source
        if not (spans or records) or (self._source in self._first.of_logs and (spans or not records)):
            raise NeedsFullDecoding

    def _add(self, trace_ids: Sequence[str], summaries: Sequence[SpanSummary], place: int, generation: int) -> None:
        self.spans += len(summaries)
        known = self._open.get
        for trace_id, summary in zip(trace_ids, summaries, strict=True):
            trace = known(trace_id) or self._open_trace(trace_id, place, generation)
            trace.summaries.append(summary)

    def _add_records(self, records: Sequence[tuple[str, RecordSummary]], place: int, generation: int) -> None:
        self.records += len(records)
        self._records_of_source += len(records)
        for trace_id, record in records:
            if not trace_id:
                self._add_without_trace(record, place, generation)
                continue
            trace = self._open.get(trace_id) or self._open_trace(trace_id, place, generation)
            trace.records.append(record)

    def _open_trace(self, written: str, place: int, generation: int) -> OpenTrace:
        """Return the trace of an id that is new, or written in capital letters."""
        trace_id = normalize_id(written)
        trace = self._open.get(trace_id)
        if trace is None:
            ends = self._first.trace_ends.of(trace_id, place)
            if not ends:
                raise NeedsFullDecoding
            self._begun += 1
            trace = self._open[trace_id] = OpenTrace(self._begun, ends, generation)
            self._order.append(trace_id)
        return trace

    def _judge_until(self, place: int) -> None:
        order = self._order
        while order and self._open[order[0]].ends <= place and not self._verification.is_stopped():
            trace_id = order.popleft()
            ended = self._open.pop(trace_id)
            if ended.summaries:
                self._judge(trace_id, ended)
            else:
                self._scan(trace_id, ended)

    def _judge(self, trace_id: str, ended: OpenTrace) -> None:
        label = self._label(trace_id)
        self.traces += 1
        observed = self._verification.observer is not None and self._observe(trace_id, ended)
        complete = ended.ends <= self._stored.settled
        if ended.bounds:
            self._check_copies(trace_id, ended)
        summaries, records, known = ended.summaries, ended.records, ended.shape
        if complete and self._cache.apply_summaries(trace_id, label, summaries, ended.generation, records, known):
            self._verification.check_cache(ended.number, lambda: self._trace(trace_id, ended))
            if self._hold and not observed:
                self.held.append(self._trace(trace_id, ended))
            return
        trace = self._trace(trace_id, ended)
        if (self._verification.judge_uncached(trace) or self._hold) and not observed:
            self.held.append(trace)

    def _check_copies(self, trace_id: str, ended: OpenTrace) -> None:
        """Raise NeedsFullDecoding where several sources hold the same span or log record of a trace: it counts once."""
        ids = [summary[1] for summary in ended.summaries]
        bounds = [(0, 0), *ended.bounds, (len(ended.summaries), len(ended.records))]
        with_records = sum(one[1] < other[1] for one, other in pairwise(bounds))
        if len(set(ids)) == len(ids) and with_records < 2:
            return
        whole = self._trace(trace_id, ended)
        together = merge_trace(
            [
                Trace(trace_id, whole.spans[one[0] : other[0]], whole.logs[one[1] : other[1]])
                for one, other in pairwise(bounds)
            ]
        )
        if (len(together.spans), len(together.logs)) != (len(whole.spans), len(whole.logs)):
            raise NeedsFullDecoding

    def _observe(self, trace_id: str, ended: OpenTrace) -> bool:
        """Let the observer look at the trace. Return whether the trace is kept for the report."""
        assert self._verification.observer is not None
        trace = self._trace(trace_id, ended)
        keep = self._verification.observer.observe(trace) or self._hold
        if keep:
            self.held.append(trace)
        return keep

    def _scan(self, trace_id: str, ended: OpenTrace) -> None:
        """Scan the log records of a trace without spans, or let them wait if a contract finds something in them."""
        if ended.bounds:
            self._check_copies(trace_id, ended)
        if ended.ends <= self._stored.settled:
            if self._cache.apply_summaries(trace_id, self._label(trace_id), (), ended.generation, ended.records):
                return
            if self._verification.scan_clean_logs(self._trace(trace_id, ended)):
                return
        self._waiting.append((ended.number, self._trace(trace_id, ended)))

    def _add_without_trace(self, record: RecordSummary, place: int, generation: int) -> None:
        """Scan a log record without a trace id, or let it wait. While some may come, it is unknown what follows."""
        without = self._without_trace
        if without.number and without.source != self._source:
            raise NeedsFullDecoding  # copies count once
        without.source, without.last = self._source, place
        if not without.number:
            self._begun += 1
            without.number = self._begun
        if self._stored.settled == math.inf:
            if self._cache.apply_summaries("", self._label(""), (), generation, [record]):
                return
            if self._verification.scan_clean_logs(Trace("", (), (self._read.record(record),), True, self._label(""))):
                return
        without.waiting.append(self._read.record(record))

    def _label(self, trace_id: str) -> str:
        return self._stored.scenarios.get(trace_id, "")

    def _trace(self, trace_id: str, ended: OpenTrace) -> Trace:
        spans = tuple(map(self._read.span, ended.summaries))
        records = tuple(map(self._read.record, ended.records))
        return Trace(trace_id, spans, records, ended.ends <= self._stored.settled, self._label(trace_id))

    def finish(self, *, all_read: bool = True) -> None:
        """Scan what has waited: after all traces, in the order in which it began.

        Raise NeedsFullDecoding as `end_source` if all documents were read.
        """
        if all_read:
            self._check_source()
        without = self._without_trace
        if without.waiting:
            complete = without.last <= self._stored.settled
            trace = Trace("", (), tuple(without.waiting), complete, self._label(""))
            self._waiting.append((without.number, trace))
        for _, trace in sorted(self._waiting, key=lambda each: each[0]):
            self._verification.scan_logs(trace)

    def report(self) -> Report:
        """Return the report on all traces judged."""
        read = msgspec.structs.replace(self._reading, unread=self._read.unread.fields())
        seen = self.held.shown_in(read, traces=self.traces, spans=self.spans)
        return self._verification.report(seen)
