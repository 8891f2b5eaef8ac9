"""What tasks do with rows of an archive, without Spark: DuckDB gives the rows in the order in which Spark does."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.verification.made_traces import write
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.sources import encode_traces_json
from spanpact.sources.archive import ArchiveSource
from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.sources.archive.rows.schema import SPANS
from spanpact.spark.clock_counts import StartCounts
from spanpact.spark.partition_job import LEFT, RESULT, PartitionJob, judge_rows
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import Reading
from spanpact.verification.documents.link_targets import LinkTargets
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.partitions import WholeVerification
from spanpact.verification.streaming import description_of
from tests.properties import examples
from tests.sources.every_source import renumbered
from tests.sources.trace_strategies import situations
from tests.verification.archives.same_reports import archived, report_on_files, texts

QUIET: Any = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
STARTS = """
SELECT content, count_if(start_ns <> 0), count_if(start_ns <> 0 AND start_ns % 1000000 = 0),
  count_if(start_ns <> 0 AND start_ns % 1000 = 0) FROM {} GROUP BY content
"""

pytestmark = pytest.mark.unmeasured


def rows_of(database: ArchiveDatabase, partition: int, partitions: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a partition as Spark does: with signed ids, by the first number of their trace."""
    own = ", ".join(f'"{each.column}"' for each in database.columns)
    values = f", {own}" if own else ""
    ids = [f"({name}::HUGEINT - if({name} >= 1::UBIGINT << 63, 18446744073709551616, 0))::BIGINT" for name in IDS]
    columns = ", ".join(ids[IDS.index(name)] if name in IDS else name for name in SPANS)
    statement = f"""
      SELECT min(seq) OVER (PARTITION BY trace_hi, trace_lo, trace_text) AS first, {columns}{values}, NULL::VARCHAR
      FROM {database.relation("spans")}
      WHERE hash(trace_hi, trace_lo, trace_text) % {partitions} = {partition} ORDER BY first, seq
    """
    rows = database.rows(statement)
    width = 2 + len(SPANS) + len(database.columns)
    for start in range(0, len(rows), 7):  # traces go on in the next batch
        some = rows[start : start + 7]
        arrays = [pa.array([row[i] for row in some]) for i in range(width)]
        yield pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(width)])


IDS = ["trace_hi", "trace_lo", "span_id", "parent_id"]


def report_in_partitions(
    source: ArchiveSource, plans: Sequence[ContractPlan], partitions: int, options: VerificationOptions
) -> Report:
    database, infos = source.database, source.source_infos()
    job = PartitionJob(
        plans,
        description_of(infos, None),
        None,
        {},
        database.columns,
        dict(database.rows(f"SELECT content, span FROM {database.relation('contents')}")),
        [StartCounts(*row) for row in database.rows(STARTS.format(database.relation("spans")))],
        [each.end for each in database.manifest.sources],
        True,
    )
    job = pickle.loads(pickle.dumps(job))
    given = [
        row
        for partition in range(partitions)
        for batch in judge_rows(job, rows_of(database, partition, partitions))
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    assert sum(number for kind, number, _ in given if kind not in (LEFT, RESULT)) == database.manifest.spans
    whole = WholeVerification(job.plans, job.reading(), options, find_span=LinkTargets(), list_flows=True)
    held = HeldTraces()
    whole.judge_left(sorted((number, pickle.loads(data)) for kind, number, data in given if kind == LEFT), held)
    return whole.merge([pickle.loads(data) for kind, _, data in given if kind == RESULT], held)


def assert_same(
    folder: Path,
    files: Sequence[Path],
    contracts: Sequence[CompiledContract],
    partitions: int,
    options: VerificationOptions = DEFAULT_OPTIONS,
    **writing: Any,
) -> None:
    wanted = report_on_files(files, contracts, options)
    with ArchiveSource(str(archived(folder, files, **writing))) as source:
        found = report_in_partitions(source, [each.plan for each in contracts], partitions, options)
        assert texts(found, source.name) == texts(wanted, " + ".join(map(str, files)))


def has_rows_alone(reading: Reading) -> bool:
    """Return whether the traces are spans without links and log records, whose rows are made as above."""
    traces = [*reading.traces, *reading.spanless]
    return not any(trace.logs or any(span.links for span in trace.spans) for trace in traces)


@given(situations, st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=examples(60), **QUIET)
def test_traces_of_every_kind(
    situation: tuple[Sequence[CompiledContract], Reading], times: int, partitions: int
) -> None:
    contracts, reading = situation
    if not reading.traces or not has_rows_alone(reading):
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "traces.json")
        file.write_bytes(b"\n".join(encode_traces_json(renumbered(reading, str(i))) for i in range(times)))
        assert_same(Path(folder, "archive"), [file], contracts, partitions)


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.parametrize("kind", ["same", "parallel", "varied", "broken"])
def test_traffic_in_several_commits(tmp_path: Path, shipped: Sequence[CompiledContract], kind: str) -> None:
    write(tmp_path / "traces.jsonl", 1500, kind=kind)
    options = VerificationOptions(allow_unseen=True)
    assert_same(tmp_path / "archive", [tmp_path / "traces.jsonl"], shipped, 4, options, committed_spans=400)


def test_of_copies_in_two_files_one_counts(tmp_path: Path, shipped: Sequence[CompiledContract]) -> None:
    write(tmp_path / "whole.jsonl", 600)
    lines = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    files[0].write_bytes(b"".join(lines[: len(lines) // 2 + 1]))
    files[1].write_bytes(b"".join(lines[len(lines) // 2 :]))
    assert_same(tmp_path / "archive", files, shipped, 3, VerificationOptions(allow_unseen=True))


def test_a_content_that_is_not_there_is_an_error(tmp_path: Path, shipped: Sequence[CompiledContract]) -> None:
    write(tmp_path / "traces.jsonl", 60)
    with ArchiveSource(str(archived(tmp_path / "archive", [tmp_path / "traces.jsonl"]))) as source:
        database = source.database
        job = PartitionJob(
            [each.plan for each in shipped], source.info, None, {}, database.columns, {}, [], [10**9], False
        )
        with pytest.raises(SourceError, match="which is not there"):
            list(judge_rows(job, rows_of(database, 0, 1)))
