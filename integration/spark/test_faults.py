"""What happens to a cluster loses and duplicates nothing; what is wrong with an archive is one clear error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.verification.made_traces import write
from spanpact.cli import spark_job
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.sources import encode_traces_json
from spanpact.spark import verify_spark
from spanpact.spark.partition_job import PartitionJob, judge_rows
from spanpact.spark.tables import ArchiveTables
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.options import VerificationOptions
from tests.engine.corpus_cases import reading_of
from tests.verification.archives.same_reports import archived, report_on_files, texts

pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("default")]
ALLOWED = VerificationOptions(allow_unseen=True)


@pytest.fixture(scope="module")
def shipped() -> list[ContractPlan]:
    return load_contracts([shipped_contracts()])


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    write(tmp_path / "traces.jsonl", 900, kind="broken")
    return tmp_path / "traces.jsonl"


@pytest.fixture
def archive(tmp_path: Path, traces: Path) -> Path:
    return archived(tmp_path / "archive", [traces])


def wanted_texts(files: Sequence[Path], plans: Sequence[ContractPlan]) -> tuple[str, str]:
    return texts(report_on_files(files, plans, ALLOWED), " + ".join(map(str, files)))


def verify(tables: ArchiveTables, plans: Sequence[ContractPlan]) -> Report:
    return verify_spark.verify_on_spark(tables, plans, ALLOWED, partitions=3, list_flows=True)


def test_a_task_that_fails_is_tried_again(
    tmp_path: Path, spark: Any, traces: Path, archive: Path, shipped: Sequence[ContractPlan],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Let each task die once after it has given something: that counts for nothing."""
    deaths = tmp_path / "deaths"
    deaths.mkdir()

    def dying(broadcast: Any) -> Any:
        job: PartitionJob = broadcast.value
        folder = str(deaths)

        def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            from pyspark import TaskContext

            context = TaskContext.get()
            assert context is not None
            for given in judge_rows(job, batches):
                yield given
                if context.attemptNumber() == 0:
                    open(os.path.join(folder, str(context.partitionId())), "w").close()
                    os._exit(1)

        return judge

    monkeypatch.setattr(verify_spark, "partition_function", dying)
    tables = ArchiveTables(spark, str(archive))
    assert texts(verify(tables, shipped), tables.name) == wanted_texts([traces], shipped)
    assert len(list(deaths.iterdir())) == 3


def test_a_file_that_comes_late_counts_in_the_next_run(
    tmp_path: Path, spark: Any, traces: Path, archive: Path, shipped: Sequence[ContractPlan]
) -> None:
    first = ArchiveTables(spark, str(archive))
    write(tmp_path / "late.jsonl", 90, kind="same")
    archived(archive, [tmp_path / "late.jsonl"])
    assert texts(verify(first, shipped), first.name) == wanted_texts([traces], shipped)
    second = ArchiveTables(spark, str(archive))
    files = [traces, tmp_path / "late.jsonl"]
    assert texts(verify(second, shipped), second.name) == wanted_texts(files, shipped)


def test_a_trace_of_many_spans_is_judged_whole(tmp_path: Path, spark: Any, shipped: Sequence[ContractPlan]) -> None:
    number = 20_000
    trace_id = "a" * 32
    spans = [
        Span(trace_id, f"{i + 1:016x}", "step", parent_id=f"{1:016x}" if i else "", start_ns=1 + i, end_ns=2 * number)
        for i in range(number)
    ]
    others = [Trace(f"{i + 1:032x}", [Span(f"{i + 1:032x}", "1" * 16, "step", start_ns=1, end_ns=2)]) for i in range(9)]
    readings = Reading(reading_of(0).source, [Trace(trace_id, spans), *others])
    (tmp_path / "traces.json").write_bytes(encode_traces_json(readings))
    tables = ArchiveTables(spark, str(archived(tmp_path / "archive", [tmp_path / "traces.json"])))
    assert texts(verify(tables, shipped), tables.name) == wanted_texts([tmp_path / "traces.json"], shipped)


def _parts(archive: Path) -> list[Path]:
    return sorted((archive / "spans").glob("*/*.parquet"))


def test_damaged_archives_are_one_line(
    tmp_path: Path, spark: Any, archive: Path, shipped: Sequence[ContractPlan]
) -> None:
    def error(folder: Path) -> str:
        with pytest.raises(SourceError) as raised:
            verify(ArchiveTables(spark, str(folder)), shipped)
        text = str(raised.value)
        assert "\n\tat " not in text
        assert "Traceback" not in text
        return text

    def copied(name: str) -> Path:
        return Path(shutil.copytree(archive, tmp_path / name))

    assert "is no archive" in error(tmp_path / "nothing")
    folder = copied("missing")
    _parts(folder)[0].unlink()
    assert "is missing, and the manifest lists it" in error(folder)
    folder = copied("cut")
    part = _parts(folder)[0]
    part.write_bytes(part.read_bytes()[:-40])
    assert f"{part}: cannot be read" in error(folder)
    folder = copied("column")
    part = _parts(folder)[0]
    table = pq.read_table(part)
    pq.write_table(table.drop_columns(["extra"]), part)
    assert f"{part}: has no column extra" in error(folder)
    folder = copied("type")
    part = _parts(folder)[0]
    pq.write_table(table.set_column(table.column_names.index("seq"), "seq", table["seq"].cast("string")), part)
    assert f"{part}: the column seq is string, not int64" in error(folder)
    folder = copied("rows")
    part = _parts(folder)[0]
    pq.write_table(table.slice(1), part)
    assert "rows, and the manifest says" in error(folder)
    folder = copied("pages")
    part = _parts(folder)[0]
    data = bytearray(part.read_bytes())
    data[8:600] = b"\xff" * 592
    part.write_bytes(data)
    assert "could not read it" in error(folder)


def test_the_job_writes_the_report_and_returns_the_exit_code(tmp_path: Path, traces: Path, archive: Path) -> None:
    """Run the file of the job as `spark-submit` does, in a process of its own."""
    settings = "--master local[2] --conf spark.ui.enabled=false pyspark-shell"
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_SUBMIT_ARGS": settings}
    job = str(spark_job.__file__)
    contracts = str(shipped_contracts())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*arguments], env=environment, capture_output=True, text=True)

    options = ["--allow-unseen", "--format", f"json={tmp_path / 'spark.json'}"]
    done = run(sys.executable, job, contracts, "--from", f"parquet:{archive}", *options)
    wanted = run(sys.executable, "-m", "spanpact", "verify", contracts, "--from", f"parquet:{archive}", *options[:1])
    assert (done.returncode, done.stdout) == (wanted.returncode, wanted.stdout)
    assert (tmp_path / "spark.json").read_text().startswith("{")
    wrong = run(sys.executable, job, contracts, "--from", str(archive))
    assert wrong.returncode == 2
    assert "accepted: --from parquet:FOLDER, once" in wrong.stderr
