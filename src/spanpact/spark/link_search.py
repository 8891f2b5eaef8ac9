"""Fetch the traces that links lead to: contracts may ask for spans of theirs, or whether these are there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spanpact.sources.archive.rows.contents import trace_halves
from spanpact.sources.archive.rows.schema import SPANS
from spanpact.spark.failures import failures
from spanpact.spark.partition_job import PartitionJob, TraceRows
from spanpact.spark.tables import quoted
from spanpact.trace.model import LogRecord, Span, Trace

if TYPE_CHECKING:
    from spanpact.spark.tables import ArchiveTables

_SIGN, _ALL = 1 << 63, 1 << 64


def linked_traces(tables: ArchiveTables, job: PartitionJob, traces: Iterable[Trace]) -> list[Trace]:
    """Return the traces of the archive that links of some traces lead to. Raise SourceError for what is no span."""
    wanted = {link.trace_id for trace in traces for span in trace.spans for link in span.links}
    halves = [tuple(map(_signed, each)) for trace_id in wanted if (each := trace_halves(trace_id))]
    if not halves:
        return []
    names = [*SPANS, *(each.column for each in job.columns)]
    ids = tables.session.createDataFrame(halves, "trace_hi bigint, trace_lo bigint")
    found = tables.read("spans").join(ids, ["trace_hi", "trace_lo"], "left_semi").select(*map(quoted, names))
    with failures(tables.name):
        rows = found.collect()
    reader = TraceRows(job)
    items: dict[str, list[tuple[int, Span | LogRecord]]] = {}
    for seq, *row in sorted(rows, key=lambda each: int(each[0])):
        span = reader.item(seq, [*row, None])
        items.setdefault(span.trace_id, []).append((seq, span))
    return [reader.trace(several) for several in items.values()]


def _signed(number: int) -> int:
    return number - _ALL if number >= _SIGN else number
