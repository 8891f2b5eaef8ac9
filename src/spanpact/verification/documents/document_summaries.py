"""Read documents into the summaries of their spans and log records, with as little decoded as possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from spanpact.otlp import Batch, SharedValues
from spanpact.otlp.batch import NeedsFullDecoding, UnexpectedLogs
from spanpact.otlp.ids import normalize_id
from spanpact.otlp.json import lazy as lazy_json
from spanpact.otlp.json.raw_messages import RawRecord, RawSpan
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.otlp.unread import UnreadFields
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import LogRecord, Span
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection
from spanpact.verification.documents.stored_documents import AnyDocument
from spanpact.verification.shapes import RecordSummary, SpanShapes, SpanSummary, record_summary
from spanpact.verification.shapes.lazy_span_shapes import LazySpanShapes

_Group = TypeVar("_Group")


class Summaries(NamedTuple):
    """What one document holds, in its order.

    `spans` are groups of spans: their trace ids as they were written, and their summaries. `records` are log records,
    each with its trace id. `generation` is that of all shape numbers. `span_count` includes spans that do not count.
    """

    generation: int
    spans: Sequence[tuple[Sequence[str], Sequence[SpanSummary]]]
    records: Sequence[tuple[str, RecordSummary]]
    span_count: int


class DocumentSummaries:
    """Reads documents of all encodings.

    `logs` is whether they may hold log records. Only the traces `only` count, where these are given. The starts of all
    spans are added to `clocks`, fields that are unknown to `unread`.
    """

    def __init__(self, shapes: SpanShapes, clocks: Clocks, *, logs: bool, only: TraceSelection = EVERY_TRACE) -> None:
        self._shapes, self._clocks, self._logs, self._only = shapes, clocks, logs, only
        self._shared = SharedValues()
        self._json = LazySpanShapes(shapes, lazy_json, self._shared, clocks)
        self.unread = UnreadFields()

    def read(self, document: AnyDocument) -> Summaries:
        """Return the summaries of one document. Raise SourceError for one that is malformed, NeedsFullDecoding for one
        that only the whole reading can handle.
        """
        if isinstance(document, Batch):
            return self._of_batch(document)
        if isinstance(document, LogsMessage):
            return self._of_logs(document.data)
        if isinstance(document, bytes):
            return self._of_protobuf(document)
        if document.check_keys:
            return self._of_batch(document.decode(self._shared))
        try:
            return self._of_json(document.request)
        except UnexpectedLogs:
            raise
        except NeedsFullDecoding:
            return self._of_batch(document.decode(self._shared))

    def _of_json(self, data: bytes) -> Summaries:
        generation = self._json.begin()
        request = lazy_json.read_request(data)
        if request.has_logs and not self._logs:
            raise UnexpectedLogs
        number, groups = _counted(request.spans)
        if self._only:
            groups = [(group, [each for each in spans if self._counts(each.trace_id or "")]) for group, spans in groups]
        read = self._json.summaries(groups)
        records = [each for group, several in request.records for each in self._json.records.summaries(group, several)]
        return Summaries(generation, [read], self._counting(records), number)

    def _counts(self, trace_id: str) -> bool:
        return normalize_id(trace_id) in self._only

    def _counting(self, records: Sequence[tuple[str, RecordSummary]]) -> Sequence[tuple[str, RecordSummary]]:
        return [each for each in records if each[0] in self._only] if self._only else records

    @cached_property
    def _protobuf(self) -> LazySpanShapes:
        from spanpact.otlp.protobuf import lazy as lazy_protobuf  # takes long, and most files are JSON

        return LazySpanShapes(self._shapes, lazy_protobuf, self._shared, self._clocks)

    def _of_protobuf(self, data: bytes) -> Summaries:
        from spanpact.otlp.protobuf import lazy as lazy_protobuf

        generation = self._protobuf.begin()
        number, groups = _counted(lazy_protobuf.iter_groups(data))
        if self._only:
            groups = [(group, [each for each in spans if self._counts(each.trace_id.hex())]) for group, spans in groups]
        return Summaries(generation, [self._protobuf.summaries(groups)], (), number)

    def _of_logs(self, data: bytes) -> Summaries:
        from spanpact.otlp.protobuf import lazy as lazy_protobuf

        generation = self._protobuf.begin()
        groups = lazy_protobuf.iter_record_groups(data)
        records = [each for group, several in groups for each in self._protobuf.records.summaries(group, several)]
        return Summaries(generation, (), self._counting(records), 0)

    def _of_batch(self, batch: Batch) -> Summaries:
        if "logs" in batch.signals and not self._logs:
            raise UnexpectedLogs
        self.unread.update(batch.unread)
        generation = self._shapes.begin()
        spans = [span for span in batch.spans if span.trace_id in self._only] if self._only else batch.spans
        self._clocks.add_spans(spans)
        ids, summaries = [span.trace_id for span in spans], list(map(self._shapes.summary, spans))
        records = [(record.trace_id, record_summary(record, self._shapes)) for record in batch.logs]
        return Summaries(generation, [(ids, summaries)], self._counting(records), len(batch.spans))

    def span(self, summary: SpanSummary) -> Span:
        """Return the span of a summary with everything decoded."""
        read = summary[-2]
        if isinstance(read, Span):
            return read
        return (self._json if isinstance(read, RawSpan) else self._protobuf).decoded(summary)

    def record(self, summary: RecordSummary) -> LogRecord:
        """Return the log record of a summary with everything decoded."""
        read = summary[-2]
        if isinstance(read, LogRecord):
            return read
        lazy = self._json if isinstance(read, RawRecord) else self._protobuf
        return lazy.records.decoded(summary)


def _counted(groups: Iterable[tuple[_Group, Sequence[Any]]]) -> tuple[int, Sequence[tuple[_Group, Sequence[Any]]]]:
    """Return the number of spans in some groups, and the groups."""
    several = list(groups)
    return sum([len(spans) for _, spans in several]), several
