"""Verify an OTLP file, or what a receiver has kept, without holding its traces.

Each trace is judged once its last span was read, and then dropped.

first pass    in which document each trace is seen for the last time (`TraceEnds`)
second pass   document ──▶ summaries of its spans ──▶ traces that are over ──▶ verdict cache, or else the engine

The report equals that of `verify` on the whole. What this module cannot handle is left to `verify`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.json import lazy as lazy_json
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.files.byte_stream import is_read_once
from spanpact.sources.files.json_texts import Document
from spanpact.sources.files.otlp_file import OtlpFileSource, iter_parts
from spanpact.sources.files.trace_ends import TraceEnds
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Span, Trace
from spanpact.verification.link_targets import LinkTargets
from spanpact.verification.shapes import SpanSummary
from spanpact.verification.shapes.lazy_span_shapes import LazySpanShapes
from spanpact.verification.stored_documents import StoredDocuments
from spanpact.verification.verdict_cache import VerdictCache
from spanpact.verification.verifying import StartObserver, Verification

_START: Final = itemgetter(0)
_LOGS: Final = b"esourceLogs"  # found in keys and in values: either way the file is left to `verify`


def verify_file(
    source: OtlpFileSource,
    plans: Sequence[ContractPlan | CompiledContract],
    *,
    strict: bool = False,
    allow_unseen: bool = False,
    observer: StartObserver | None = None,
) -> Report | None:
    """Return the report on a file; it holds only the traces with findings. None if the file cannot be streamed.

    Not streamed are standard input and pipes, a file with log records, a file that changes while it is read, and
    contracts that follow links into other traces. Raise SourceError as `OtlpFileSource.read` does.
    """
    if is_read_once(source.path):
        return None
    info = SourceInfo(source.name, source.info.capabilities & (ALL_CAPABILITIES - {"logs"}))
    stored = StoredDocuments(
        info, source.scenarios, source.offered, lambda: iter_parts(source.path, limits=source.limits),
        check_span_count=source.check_span_count,
    )  # fmt: skip
    return verify_documents(stored, plans, strict=strict, allow_unseen=allow_unseen, observer=observer)


def verify_documents(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    *,
    strict: bool = False,
    allow_unseen: bool = False,
    header: Sequence[tuple[str, str]] = (),
    observer: StartObserver | None = None,
) -> Report | None:
    """Return the report on documents; it holds only the traces with findings. None if they cannot be streamed."""
    targets = LinkTargets()
    try:
        stream = _streamed_with_clocks(stored, plans, targets, observer)
        if stream and targets.find_dangling(stored):
            stream = _streamed_with_clocks(stored, plans, targets, observer)
    except NeedsFullDecoding:
        return None
    if not stream or not stream.spans:
        return None
    return stream.report(strict=strict, allow_unseen=allow_unseen, header=header)


def _streamed_with_clocks(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    targets: LinkTargets,
    observer: StartObserver | None,
) -> _Stream | None:
    """Judge all traces, and once more if a resource was judged before it showed how coarse its times are."""
    clocks = Clocks()
    stream = _streamed(stored, plans, clocks, targets, observer)
    if stream and not clocks.all_as_used():
        stream = _streamed(stored, plans, Clocks(clocks.found()), targets, observer)
    return stream


def _streamed(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    clocks: Clocks,
    targets: LinkTargets,
    observer: StartObserver | None,
) -> _Stream | None:
    """Judge all traces of the documents, None if the contracts look at more than shapes hold."""
    reading = Reading(stored.info, (), stored.offered, clocks=clocks)
    verification = Verification(plans, reading, find_span=targets, observer=observer)
    if verification.cache is None:
        return None
    stream = _Stream(stored, reading, verification, verification.cache, _first_pass(stored), clocks)
    for place, document in enumerate(stored.documents(), 1):
        stream.take(document, place)
    return stream


def _first_pass(stored: StoredDocuments) -> TraceEnds:
    trace_ends = TraceEnds()
    for place, document in enumerate(stored.documents(), 1):
        if isinstance(document, Batch):
            trace_ends.note({span.trace_id for span in document.spans}, place)
        elif isinstance(document, bytes):
            from spanpact.otlp.protobuf import lazy as lazy_protobuf  # takes long, and most files are JSON

            trace_ends.note(lazy_protobuf.find_trace_ids(document), place)
        elif _LOGS in document.data:
            raise NeedsFullDecoding
        else:
            trace_ends.note_json(document.data, place)
    return trace_ends


@dataclass(slots=True)
class _OpenTrace:
    """A trace with spans still to come: the document in which it ends, and the summaries of its spans.

    `generation` is that of the summaries, -1 if they are of several.
    """

    ends: int
    generation: int
    summaries: list[SpanSummary] = field(default_factory=list)


class _Stream:
    """The second pass. Traces are judged in the order in which they begin in the file, as `verify` does."""

    def __init__(
        self,
        stored: StoredDocuments,
        reading: Reading,
        verification: Verification,
        cache: VerdictCache,
        trace_ends: TraceEnds,
        clocks: Clocks,
    ) -> None:
        self._stored, self._reading, self._verification, self._cache = stored, reading, verification, cache
        self._trace_ends, self._clocks = trace_ends, clocks
        self._shared = SharedValues()
        self._json = LazySpanShapes(cache.shapes, lazy_json, self._shared)
        self._open: dict[str, _OpenTrace] = {}
        self._order: deque[str] = deque()
        self.spans = self.traces = 0
        self.unread = UnreadFields()
        self.traces_with_findings: list[Trace] = []

    def take(self, document: Document | bytes | Batch, place: int) -> None:
        """Read the document at this place, and judge the traces that end in it."""
        if isinstance(document, Batch):
            self._take_batch(document, place)
        elif isinstance(document, bytes):
            self._take_protobuf(document, place)
        elif document.check_keys:
            self._take_batch(document.decode(self._shared), place)
        else:
            self._take_json(document, place)
        self._stored.check_span_count(self.spans)
        self._judge_until(place)

    def _take_json(self, document: Document, place: int) -> None:
        generation = self._json.begin()
        try:
            read = [
                ([span.trace_id or "" for span in spans], list(self._json.summaries(group, spans)))
                for group, spans in lazy_json.iter_groups(document.request)
            ]
        except NeedsFullDecoding:
            self._take_batch(document.decode(self._shared), place)
            return
        for trace_ids, summaries in read:
            self._add_group(trace_ids, summaries, place, generation)

    @cached_property
    def _protobuf(self) -> LazySpanShapes:
        from spanpact.otlp.protobuf import lazy as lazy_protobuf

        return LazySpanShapes(self._cache.shapes, lazy_protobuf, self._shared)

    def _take_protobuf(self, part: bytes, place: int) -> None:
        from spanpact.otlp.protobuf import lazy as lazy_protobuf

        generation = self._protobuf.begin()
        for group, spans in lazy_protobuf.iter_groups(part):
            summaries = list(self._protobuf.summaries(group, spans))
            self._add_group([span.trace_id.hex() for span in spans], summaries, place, generation)

    def _take_batch(self, batch: Batch, place: int) -> None:
        if "logs" in batch.signals:
            raise NeedsFullDecoding
        self.unread.update(batch.unread)
        generation = self._cache.shapes.begin()
        summaries = list(map(self._cache.shapes.summary, batch.spans))
        self._clocks.add_spans(batch.spans)
        self._add([span.trace_id for span in batch.spans], summaries, place, generation)

    def _add_group(self, trace_ids: list[str], summaries: list[SpanSummary], place: int, generation: int) -> None:
        """Add the spans of one group; they have one resource."""
        if summaries:
            self._clocks.add(summaries[0][-1].resource, map(_START, summaries))
            self._add(trace_ids, summaries, place, generation)

    def _add(self, trace_ids: list[str], summaries: list[SpanSummary], place: int, generation: int) -> None:
        self.spans += len(summaries)
        known = self._open.get
        for trace_id, summary in zip(trace_ids, summaries, strict=True):
            trace = known(trace_id) or self._open_trace(trace_id, place, generation)
            trace.summaries.append(summary)
            if trace.generation != generation:
                trace.generation = -1

    def _open_trace(self, written: str, place: int, generation: int) -> _OpenTrace:
        """Return the trace of an id that is new, or written in capital letters."""
        trace_id = normalize_id(written)
        trace = self._open.get(trace_id)
        if trace is None:
            ends = self._trace_ends.of(trace_id, place)
            if not ends:
                raise NeedsFullDecoding
            trace = self._open[trace_id] = _OpenTrace(ends, generation)
            self._order.append(trace_id)
        return trace

    def _judge_until(self, place: int) -> None:
        order = self._order
        while order and self._open[order[0]].ends <= place:
            trace_id = order.popleft()
            ended = self._open.pop(trace_id)
            label = self._stored.scenarios.get(trace_id, "")
            self.traces += 1
            observed = self._verification.observer is not None and self._observe(trace_id, label, ended)
            complete = ended.ends <= self._stored.settled
            if not (complete and self._cache.apply_summaries(trace_id, label, ended.summaries, ended.generation)):
                trace = self._trace(trace_id, label, ended)
                if self._verification.judge_uncached(trace) and not observed:
                    self.traces_with_findings.append(trace)

    def _observe(self, trace_id: str, label: str, ended: _OpenTrace) -> bool:
        """Let the observer look at the trace. Return whether the trace is kept for the report."""
        assert self._verification.observer is not None
        trace = self._trace(trace_id, label, ended)
        keep = self._verification.observer.observe(trace)
        if keep:
            self.traces_with_findings.append(trace)
        return keep

    def _trace(self, trace_id: str, label: str, ended: _OpenTrace) -> Trace:
        spans = tuple(map(self._decoded, ended.summaries))
        return Trace(trace_id, spans, (), ended.ends <= self._stored.settled, label)

    def report(self, *, strict: bool, allow_unseen: bool, header: Sequence[tuple[str, str]]) -> Report:
        """Return the report on all traces judged."""
        traces, reading = self.traces_with_findings, self._reading
        held = sum(len(trace.spans) for trace in traces)
        let_go, spans_let_go = self.traces - len(traces), self.spans - held
        seen = Reading(reading.source, traces, reading.offered, let_go, spans_let_go, self.unread.fields())
        return self._verification.report(seen, strict=strict, allow_unseen=allow_unseen, today=None, header=header)

    def _decoded(self, summary: SpanSummary) -> Span:
        if isinstance(summary[-2], Span):
            return summary[-2]
        shapes = self._json if isinstance(summary[-2], lazy_json.RawSpan) else self._protobuf
        return shapes.decoded(summary)
