"""The two passes of streaming verification by the core. The report is that of `verification.streaming` without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from spanpact.otlp import Batch
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.sources.files.trace_ends import TraceEnds
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, SourceInfo, Span
from spanpact.verification.cached_traces import CachedTrace
from spanpact.verification.document_summaries import DocumentSummaries
from spanpact.verification.first_pass import FirstPass
from spanpact.verification.native.core_module import find_core
from spanpact.verification.native.encodings import GroupHandle
from spanpact.verification.native.questions import Questions
from spanpact.verification.native.screen_patterns import patterns_of
from spanpact.verification.shapes import SpanSummary
from spanpact.verification.stored_documents import AnyDocument, StoredDocuments
from spanpact.verification.trace_stream import OpenTrace, TraceStream
from spanpact.verification.verdict_cache import VerdictCache
from spanpact.verification.verifying import Verification

_LAST_PLACE: Final = (1 << 32) - 1

Additions: TypeAlias = tuple[list[tuple[int, Sequence[int]]], list[int]]
"""What each trace of a verdict adds besides counts: for each contract with flows, its index and the places of the
flows' spans (-1: the whole trace); and the places of roots that the index of roots wants."""


class NativeFirstPass(NamedTuple):
    """The description of the source, the module of the core, and where each trace ends, as the core has noted it."""

    info: SourceInfo
    module: Any
    ends: Any


def read_first_natively(stored: StoredDocuments) -> NativeFirstPass | None:
    """Read all documents for the first time. Return None where that is left to Python.

    That is where there is no core, several sources, chosen traces or scenarios, and where a document may have log
    records, is of a form that only Python reads, or is malformed.
    """
    module = find_core()
    if module is None or len(stored.sources) > 1 or stored.only or stored.scenarios:
        return None
    ends = module.FirstPass()
    for place, document in enumerate(stored.documents(), 1):
        if isinstance(document, Batch):
            if document.logs or "logs" in document.signals:
                return None
            ends.note_ids([span.trace_id for span in document.spans], place)
        elif isinstance(document, LogsMessage):
            return None
        else:
            is_json = isinstance(document, Document)
            may_have_logs = ends.note(document.data if isinstance(document, Document) else document, is_json, place)
            if may_have_logs is not False:
                return None
    return NativeFirstPass(stored.info, module, ends)


class NativeStream(TraceStream):
    """The second pass. What the core does not understand is read by Python, and what is new is judged by it."""

    def __init__(
        self,
        first: NativeFirstPass,
        stored: StoredDocuments,
        reading: Reading,
        verification: Verification,
        cache: VerdictCache,
        clocks: Clocks,
    ) -> None:
        super().__init__(stored, reading, verification, cache, FirstPass(TraceEnds(), first.info), clocks, hold=False)
        self._read = _NativeSummaries(cache.shapes, clocks, logs=False)
        self._answers = _Answers(self, cache, clocks)
        self._ended = first.module.TraceEnded
        alike = cache.shapes.observed.alike
        self._core = first.module.Core(first.ends, self._answers, patterns_of(alike), alike.longest)
        self._settled = int(min(stored.settled, _LAST_PLACE))

    def take(self, document: AnyDocument, place: int) -> None:
        """Read the document at this place, and judge the traces that end in it."""
        self._core.begin(self._cache.shapes.begin())
        try:
            if not self._is_taken(document, place):
                generation, groups, *_ = self._read.read(document)
                for trace_ids, summaries in groups:
                    self._core.add(list(map(normalize_id, trace_ids)), summaries, generation, place)
                self._core.begin(self._cache.shapes.generation)  # reading begins a generation, too
            self.spans = self._core.counts[0]
            self._stored.sources[0].check_span_count(self.spans)
            self._core.judge_until(place, self._settled)
        except self._ended as error:
            raise NeedsFullDecoding from error

    def _is_taken(self, document: AnyDocument, place: int) -> bool:
        """Have the core take a document. Return whether it understands it."""
        if isinstance(document, Batch | LogsMessage):
            return False
        is_json = isinstance(document, Document)
        self._answers.checks_keys = isinstance(document, Document) and document.check_keys
        taken: bool = self._core.take(document.data if isinstance(document, Document) else document, is_json, place)
        return taken

    def judge_one(self, trace_id: str, summaries: list[SpanSummary], generation: int, ends: int) -> None:
        """Judge a trace that the core has not judged."""
        self._judge(trace_id, OpenTrace(0, ends, generation, summaries))

    def finish(self) -> None:
        """Add what the core has counted."""
        super().finish()
        self._core.settle()
        self.traces += self._core.counts[2]


class _NativeSummaries(DocumentSummaries):
    """Reads documents, and decodes spans that the core has read."""

    def span(self, summary: SpanSummary) -> Span:
        """Return the span of a summary with everything decoded."""
        read, group = summary[-2:]
        return group.decode(read) if isinstance(group, GroupHandle) else super().span(summary)


class _Answers(Questions):
    """The answers on traces, besides those on what is in them."""

    def __init__(self, stream: NativeStream, cache: VerdictCache, clocks: Clocks) -> None:
        super().__init__(cache.shapes, clocks)
        self._stream, self._cache = stream, cache
        self._numbers = {id(run): number for number, run in enumerate(cache.runs)}
        self._verdicts: list[CachedTrace] = []

    def judge(
        self, trace_id: str, summaries: list[SpanSummary], generation: int, ends: int, keyed: bool
    ) -> Additions | None:
        """Judge a trace. Return what every trace of its key adds; None if the next one is to be judged here, too.

        `generation` is that of the numbers of shapes, -1 if they are of several. `keyed`: the core has a key.
        """
        cache = self._cache
        self._stream.judge_one(trace_id, summaries, generation, ends)
        verdict = cache.latest if keyed else None
        if verdict is None or any(addition.recorded for addition in verdict.with_flows):
            return None
        self._verdicts.append(verdict)
        flows = [(self._numbers[id(each.run)], each.flows) for each in verdict.with_flows]
        wants_roots = not all(cache.roots.is_full(name) for _, name in verdict.roots)
        return flows, [place for place, _ in verdict.roots] if wants_roots else []

    def roots(self, verdict: int, trace_id: str, starts: Sequence[int]) -> bool:
        """Note the roots of a trace that are wanted. Return whether more are."""
        index, names = self._cache.roots, [name for _, name in self._verdicts[verdict].roots]
        for name, start in zip(names, starts, strict=True):
            index.note(name, start, trace_id)
        return not all(map(index.is_full, names))

    def flows(self, contract: int, packed: bytes) -> None:
        """Note flows of a contract."""
        self._cache.runs[contract].flows.extend_packed(packed)

    def settle(self, times: Sequence[int]) -> None:
        """Add what each verdict adds, so many times; then their numbers begin anew."""
        for verdict, number in zip(self._verdicts, times, strict=True):
            self._cache.add_counts(verdict, number)
        self._verdicts.clear()
