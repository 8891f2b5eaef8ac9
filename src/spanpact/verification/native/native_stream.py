"""The two passes of streaming verification by the core. The report is that of `verification.streaming` without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.sources.files.trace_ends import TraceEnds
from spanpact.spool import Spool
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, SourceInfo, Span
from spanpact.verification.cache.cached_traces import AppliedTrace
from spanpact.verification.cache.verdict_cache import VerdictCache
from spanpact.verification.documents.document_summaries import DocumentSummaries
from spanpact.verification.documents.first_pass import FirstPass, has_log_records, read_first
from spanpact.verification.documents.stored_documents import AnyDocument, StoredDocuments
from spanpact.verification.documents.trace_stream import OpenTrace, TraceStream
from spanpact.verification.native.core_module import find_core
from spanpact.verification.native.encodings import GroupHandle
from spanpact.verification.native.questions import encoded_value
from spanpact.verification.native.screen_patterns import screen_of
from spanpact.verification.native.trace_answers import TraceAnswers
from spanpact.verification.shapes import RecordSummary, SpanSummary
from spanpact.verification.split_keys import Addition
from spanpact.verification.verifying import Verification

_LAST_PLACE: Final = (1 << 32) - 1


class NativeFirstPass(NamedTuple):
    """The description of the source, the module of the core, and where each trace ends, as the core has noted it."""

    info: SourceInfo
    module: Any
    ends: Any


def read_first_natively(stored: StoredDocuments) -> NativeFirstPass | None:
    """Read all documents for the first time. Return None where that is left to Python.

    That is where there is no core, several sources, chosen traces or scenarios, and where a document is of a form that
    only Python reads, or malformed.
    """
    module = find_core()
    if module is None or len(stored.sources) > 1 or stored.only or stored.scenarios:
        return None
    ends, info, shared = module.FirstPass(Spool()), stored.info, SharedValues()
    for place, document in enumerate(stored.documents(), 1):
        may_have_logs = _note(ends, document, place)
        if may_have_logs is None:
            return None
        if may_have_logs and stored.logs_show and "logs" not in info.capabilities and has_log_records(document, shared):
            info = msgspec.structs.replace(info, capabilities=info.capabilities | {"logs"})
    return NativeFirstPass(info, module, ends)


def _note(ends: Any, document: AnyDocument, place: int) -> bool | None:
    """Note the traces of a document. Return whether it may have log records, None if it is not understood."""
    if isinstance(document, Batch):
        ends.note_ids([*(span.trace_id for span in document.spans), *(log.trace_id for log in document.logs)], place)
        return True
    if isinstance(document, LogsMessage):
        from spanpact.otlp.protobuf import lazy as lazy_protobuf  # takes long, and most files are JSON

        ends.note_ids(list(lazy_protobuf.find_trace_ids_of_logs(document.data)), place)
        return True
    is_json = isinstance(document, Document)
    noted: bool | None = ends.note(document.data if isinstance(document, Document) else document, is_json, place)
    return noted


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
        *,
        check_every: int = 0,
    ) -> None:
        super().__init__(stored, reading, verification, cache, FirstPass(TraceEnds(), first.info), clocks, hold=False)
        self._read = _NativeSummaries(cache.shapes, clocks, logs="logs" in reading.source.capabilities)
        self._answers = TraceAnswers(self, cache, clocks)
        self._ended = first.module.TraceEnded
        screen = screen_of(first.module, cache.shapes.observed.alike)
        self._core = first.module.Core(first.ends, self._answers, screen, check_every)
        self._settled = int(min(stored.settled, _LAST_PLACE))

    def take(self, document: AnyDocument, place: int) -> None:
        """Read the document at this place, and judge the traces that end in it."""
        self._core.reach(place)
        self._core.begin(self._cache.shapes.begin())
        try:
            if not self._is_taken(document, place):
                generation, groups, records, _ = self._read.read(document)
                for trace_ids, summaries in groups:
                    self._core.add(list(map(normalize_id, trace_ids)), summaries, generation, place)
                self._add_records(records, place, generation)
                self._core.begin(self._cache.shapes.generation)  # reading begins a generation, too
            self.spans = self._core.counts[0]
            self._check_span_count()
            self._core.judge_until(place, self._settled)
        except self._ended as error:
            raise NeedsFullDecoding from error

    def _check_span_count(self) -> None:
        """Raise SourceError for too many spans; NeedsFullDecoding if the file is malformed too, which comes first."""
        try:
            self._stored.sources[0].check_span_count(self.spans)
        except SourceError:
            read_first(self._stored)
            raise

    def _is_taken(self, document: AnyDocument, place: int) -> bool:
        """Have the core take a document. Return whether it understands it."""
        if isinstance(document, Batch | LogsMessage):
            return False
        is_json = isinstance(document, Document)
        self._answers.checks_keys = isinstance(document, Document) and document.check_keys
        taken: bool = self._core.take(document.data if isinstance(document, Document) else document, is_json, place)
        return taken

    def _add_records(self, records: Sequence[tuple[str, RecordSummary]], place: int, generation: int) -> None:
        self.records += len(records)
        for written, record in records:
            trace_id = normalize_id(written)
            if trace_id:
                span_id, unsampled, shape, compared, *_ = record
                values = list(map(encoded_value, compared))
                self._core.add_record(trace_id, span_id, unsampled, shape, values, record, generation, place)
                continue
            if not self._without_trace.number:
                self._begun = self._core.next_number() - 1
            self._add_without_trace(record, place, generation)

    def judge_one(self, trace_id: str, ended: OpenTrace) -> None:
        """Judge a trace that the core has not judged."""
        if ended.summaries:
            self._judge(trace_id, ended)
        else:
            self._scan(trace_id, ended)

    def judge_rest(self, trace_id: str, ended: OpenTrace, counted: Mapping[int, Addition]) -> bool:
        """Judge a complete trace for the contracts of which the core has not counted something.

        Return whether the cache knew all of it.
        """
        self.traces += 1
        if self._cache.apply_rest(trace_id, ended.summaries, ended.records, ended.shape, counted):
            return True
        trace = self._trace(trace_id, ended)
        if self._verification.judge_uncached(trace):
            self.held.append(trace)
        return False

    def check_one(self, trace_id: str, ended: OpenTrace, applied: AppliedTrace) -> None:
        """Let the engine judge a trace that the core has counted. Raise CacheError if it says something else."""
        self._verification.check_applied(self._trace(trace_id, ended), applied)

    def finish(self, *, all_read: bool = True) -> None:
        """Add what the core has counted."""
        super().finish(all_read=all_read)
        self._core.settle()
        self.traces += self._core.counts[2]


class _NativeSummaries(DocumentSummaries):
    """Reads documents, and decodes spans that the core has read."""

    def span(self, summary: SpanSummary) -> Span:
        """Return the span of a summary with everything decoded."""
        read, group = summary[-2:]
        return group.decode(read) if isinstance(group, GroupHandle) else super().span(summary)
