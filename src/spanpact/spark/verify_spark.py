"""Verify an archive on Spark. The report is that of `spanpact verify --from parquet:FOLDER`.

The four stages: check the footers of all files, count starts for the clocks, judge the traces by partition, and judge
what the partitions have left here, in the order of reading.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.linked_spans import SpanFinder
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.sources.archive.source import info_of
from spanpact.sources.merging import versions_of
from spanpact.spark.clock_counts import count_starts
from spanpact.spark.failures import failures
from spanpact.spark.file_check import check_files
from spanpact.spark.link_search import linked_traces
from spanpact.spark.partition_job import LEFT, OUTPUT, RESULT, PartitionJob, partition_function
from spanpact.spark.tables import TRACE, ArchiveTables, quoted
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import SourceInfo, Trace
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.partitions import PartitionResult, WholeVerification
from spanpact.verification.streaming import description_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SPANS_A_PARTITION: Final = 1_000_000
_ONE_MACHINE: Final = "verify it on one machine: spanpact verify --from parquet:FOLDER"


def verify_on_spark(
    tables: ArchiveTables,
    plans: Sequence[ContractPlan],
    options: VerificationOptions = DEFAULT_OPTIONS,
    *,
    scenarios: Mapping[str, str] | None = None,
    offered: int | None = None,
    partitions: int = 0,
    list_flows: bool = False,
) -> Report:
    """Return the report on an archive, judged in so many `partitions` (default: one for a million spans, or each core).

    `list_flows`: the report has the ids of all flows, which JSON shows; else only of those with findings.
    Raise SourceError for an archive that cannot be read, and for what needs other traces while one is judged.
    """
    check_files(tables)
    info = _info(tables, offered)
    manifest = tables.manifest
    job = PartitionJob(
        plans, info, offered, scenarios or {}, tables.columns, tables.contents(), count_starts(tables),
        [each.end for each in manifest.sources], list_flows,
    )  # fmt: skip
    number = manifest.spans + manifest.records
    wanted = partitions or max(number // SPANS_A_PARTITION, tables.session.sparkContext.defaultParallelism)
    left, results = _judged(tables, job, wanted)
    return _report(tables, job, left, results, options)


def _info(tables: ArchiveTables, offered: int | None) -> SourceInfo:
    sources = tables.manifest.sources
    with_logs = [each for each in sources if "logs" in each.signals]
    if with_logs and len(sources) > 1:
        raise SourceError(f"{tables.name}: has log records, and several sources", hint=_ONE_MACHINE)
    infos = [info_of(each, tables.name) for each in sources]
    info = description_of(infos, offered)
    carried = info.capabilities | {"logs"} if with_logs else info.capabilities
    return msgspec.structs.replace(info, capabilities=carried, version=versions_of(infos))


def ordered_rows(tables: ArchiveTables, partitions: int) -> DataFrame:
    """Return all rows, those of a trace in one partition, in the order of the traces there, with `first`.

    A trace has the number of its first row. Log records without a trace id are by themselves.
    """
    from pyspark.sql import Window
    from pyspark.sql.functions import expr, min

    keyed, key = tables.rows(), list(TRACE)
    if tables.manifest.records:  # else the key would have a constant, and Spark shuffle once more for the window
        keyed = keyed.withColumn("alone", expr("if(trace_text = '\"\"' AND record IS NOT NULL, seq, NULL)"))
        key.append("alone")
    numbered = keyed.repartition(partitions, *key).withColumn("first", min("seq").over(Window.partitionBy(*key)))
    return numbered.sortWithinPartitions("first", "seq").drop("alone")


def _judged(
    tables: ArchiveTables, job: PartitionJob, partitions: int
) -> tuple[list[tuple[int, bytes]], list[PartitionResult]]:
    """Return the traces that the partitions have left, by number, and their results."""
    rows = ordered_rows(tables, partitions)
    ordered = rows.select("first", *(quoted(name) for name in rows.columns if name != "first"))
    plain = ordered.toDF(*(f"c{i}" for i in range(len(ordered.columns))))  # mapInArrow splits names at points
    broadcast = tables.session.sparkContext.broadcast(job)
    with failures(tables.name):
        given: list[Any] = plain.mapInArrow(partition_function(broadcast), OUTPUT).collect()
    broadcast.destroy()
    left = [(row[1], bytes(row[2])) for row in given if row[0] == LEFT]
    results = [pickle.loads(row[2]) for row in given if row[0] == RESULT]
    read = sum(row[1] for row in given if row[0] not in (LEFT, RESULT))
    wanted = tables.manifest.spans + tables.manifest.records
    if read != wanted:
        problem = f"{tables.name}: {read} spans and log records were read, and the manifest lists {wanted}"
        raise SourceError(problem, hint="run the job again, and see whether the files have changed")
    return sorted(left), results


def _report(
    tables: ArchiveTables,
    job: PartitionJob,
    left: Sequence[tuple[int, bytes]],
    results: Sequence[PartitionResult],
    options: VerificationOptions,
) -> Report:
    """Judge what is left, with the traces that its links lead to."""
    find_span = SpanFinder(linked_traces(tables, job, (trace for _, trace in _traces(left))))
    reading = msgspec.structs.replace(job.reading(), unread=tables.manifest.unread())
    whole = WholeVerification(job.plans, reading, options, find_span=find_span, list_flows=job.list_flows)
    held = HeldTraces()
    whole.judge_left(_traces(left), held)
    return whole.merge(results, held)


def _traces(left: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, Trace]]:
    for number, payload in left:
        yield number, pickle.loads(payload)
