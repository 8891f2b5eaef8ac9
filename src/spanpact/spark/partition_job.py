"""What a task does: make traces of the rows of a partition, judge them, and give counts and the traces that it leaves.

The rows come in the order of the numbers of their traces, then in the order of reading.
"""

from __future__ import annotations

import pickle
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from spanpact.contract.compiled import ContractPlan
from spanpact.errors import SourceError
from spanpact.sources.archive.rows.columns import AttributeColumn
from spanpact.sources.archive.rows.contents import SpanContents
from spanpact.sources.archive.rows.records import LogRecords
from spanpact.sources.archive.rows.schema import SPANS
from spanpact.spark.clock_counts import StartCounts, clocks_of
from spanpact.trace.merging import merge_trace
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.partitions import PartitionVerification

LEFT, RESULT, ROWS = "left", "result", "rows"
"""The kinds of what a task gives: a trace that it leaves, by its number; its result; its number of rows."""
OUTPUT: Final = "kind string, number bigint, payload binary"
_WAITING: Final = 1 << 20  # bytes of traces that go to Spark together
_BITS: Final = (1 << 64) - 1
_UNSIGNED: Final = tuple(list(SPANS).index(name) - 1 for name in ("trace_hi", "trace_lo", "span_id", "parent_id"))
_CONTENT: Final = list(SPANS).index("content") - 1


@dataclass(frozen=True)
class PartitionJob:
    """What all tasks of a verification have in common; Spark sends it to each machine once.

    `ends` are the numbers at which the archive's sources end. `list_flows`: the results have the ids of all flows.
    """

    plans: Sequence[ContractPlan]
    source: SourceInfo
    offered: int | None
    scenarios: Mapping[str, str]
    columns: Sequence[AttributeColumn]
    contents: Mapping[int, str]
    starts: Sequence[StartCounts]
    ends: Sequence[int]
    list_flows: bool

    def reading(self) -> Reading:
        """Return the description of what is judged, with its clocks."""
        return Reading(self.source, (), self.offered, clocks=clocks_of(self.starts, self.contents))


def partition_function(broadcast: Any) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function of a task; `broadcast` holds the PartitionJob."""

    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return judge_rows(broadcast.value, batches)

    return judge


def judge_rows(job: PartitionJob, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Judge the traces of a partition and yield what a task gives. Raise SourceError for rows that are no spans."""
    verification = PartitionVerification(job.plans, job.reading(), VerificationOptions(), list_flows=job.list_flows)
    reader = TraceRows(job)
    left: list[tuple[str, int, bytes]] = []
    size = 0
    for number, trace in reader.traces(batches):
        if not verification.take(number, trace):
            left.append((LEFT, number, pickle.dumps(trace, pickle.HIGHEST_PROTOCOL)))
            size += len(left[-1][2])
        if size > _WAITING:
            yield _batch(left)
            left, size = [], 0
    result = pickle.dumps(verification.result(), pickle.HIGHEST_PROTOCOL)
    yield _batch([*left, (RESULT, 0, result), (ROWS, reader.rows, b"")])


def _batch(items: Sequence[tuple[str, int, bytes]]) -> pa.RecordBatch:
    kinds, numbers, payloads = zip(*items, strict=True)
    columns = [pa.array(kinds, pa.string()), pa.array(numbers, pa.int64()), pa.array(payloads, pa.binary())]
    return pa.RecordBatch.from_arrays(columns, names=["kind", "number", "payload"])


class TraceRows:
    """Makes traces of rows: `first`, `seq`, the other columns of spans, those of attributes, `record`."""

    def __init__(self, job: PartitionJob) -> None:
        self._job = job
        self._spans, self._records = SpanContents(job.columns), LogRecords()
        self.rows = 0
        """The number of rows so far."""

    def traces(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, Trace]]:
        """Yield the traces with their numbers."""
        items: list[tuple[int, Span | LogRecord]] = []
        first = -1
        for batch in batches:
            self.rows += batch.num_rows
            for number, seq, *row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if number != first and items:
                    yield first, self.trace(items)
                    items = []
                first = number
                items.append((seq, self.item(seq, row)))
        if items:
            yield first, self.trace(items)

    def item(self, seq: int, row: list[Any]) -> Span | LogRecord:
        """Return what a row without its first two columns holds. Raise SourceError for a content that is not there."""
        if row[-1] is not None:
            return self._records.record(row[-1])
        for place in _UNSIGNED:
            if row[place] is not None:
                row[place] &= _BITS
        content = row[_CONTENT]
        text = self._job.contents.get(content)
        if text is None:
            raise SourceError(f"the span with seq {seq} has the content {content}, which is not there")
        return self._spans.span(row[:-1], text)

    def trace(self, items: Sequence[tuple[int, Span | LogRecord]]) -> Trace:
        """Return a trace; of spans that several sources hold one copy counts."""
        parts: dict[int, list[Span | LogRecord]] = {}
        if len(self._job.ends) == 1:
            parts[0] = [item for _, item in items]
        else:
            for seq, item in items:
                parts.setdefault(bisect_right(self._job.ends, seq), []).append(item)
        return merge_trace([self._part(part) for part in parts.values()])

    def _part(self, items: Sequence[Span | LogRecord]) -> Trace:
        trace_id = items[0].trace_id
        spans = [item for item in items if isinstance(item, Span)]
        logs = [item for item in items if isinstance(item, LogRecord)] if len(spans) < len(items) else []
        return Trace(trace_id, spans, logs, True, self._job.scenarios.get(trace_id, ""))
