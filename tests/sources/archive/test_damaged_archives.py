"""An archive that is damaged, or not as the schema says, is one error that names the file and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.verification.made_traces import requests
from spanpact.errors import SourceError
from tests.sources.archive.archiving import batch_of, read_archive, write_archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "archive", map(batch_of, requests(200)), partitions=2)


def a_part(archive: Path) -> Path:
    return sorted((archive / "spans").rglob("*.parquet"))[0]


def rewritten(part: Path, table: pa.Table) -> None:
    pq.write_table(table, part)


def refused(archive: Path, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        read_archive(archive)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing(archive: Path) -> None:
    a_part(archive).unlink()
    refused(archive, r"000001\.parquet: is missing, and the manifest lists it")


@pytest.mark.parametrize("kept", [0, 10, 1000])
def test_a_file_that_was_cut(archive: Path, kept: int) -> None:
    part = a_part(archive)
    part.write_bytes(part.read_bytes()[:kept])
    refused(archive, "cannot be read: .*000001.parquet")


def test_a_file_with_damaged_pages(archive: Path) -> None:
    part = a_part(archive)
    data = bytearray(part.read_bytes())
    data[50 : len(data) // 2] = bytes(len(data) // 2 - 50)
    part.write_bytes(data)
    refused(archive, "cannot be read")


def test_a_file_with_fewer_rows(archive: Path) -> None:
    part = a_part(archive)
    table = pq.read_table(part)
    rewritten(part, table.slice(0, table.num_rows - 1))
    refused(archive, "has [0-9]+ rows, and the manifest says [0-9]+")


@pytest.mark.parametrize("column", ["seq", "content", "double.latency_ms"])
def test_a_column_that_is_missing(archive: Path, column: str) -> None:
    for part in (archive / "spans").rglob("*.parquet"):
        rewritten(part, pq.read_table(part).drop_columns([column]))
    refused(archive, f"has no column {column}")


def test_a_column_that_one_file_lacks(archive: Path) -> None:
    part = a_part(archive)
    rewritten(part, pq.read_table(part).drop_columns(["start_ns"]))
    refused(archive, r"000001\.parquet: has no column start_ns")


def test_a_column_of_another_type(archive: Path) -> None:
    for part in (archive / "spans").rglob("*.parquet"):
        table = pq.read_table(part)
        at = table.column_names.index("span_id")
        rewritten(part, table.set_column(at, "span_id", table["span_id"].cast(pa.string())))
    refused(archive, "the column span_id of spans is VARCHAR, not UBIGINT")


def test_a_content_that_is_missing(archive: Path) -> None:
    (part,) = (archive / "contents").rglob("*.parquet")
    table = pq.read_table(part)
    rewritten(part, table.set_column(0, "content", pa.array([9999 + i for i in range(table.num_rows)], pa.int32())))
    refused(archive, "has no content 0")


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    refused(tmp_path, "is no archive: it has no manifest.json")


def test_the_command_line_says_it_in_one_line_and_returns_3(archive: Path, tmp_path: Path) -> None:
    a_part(archive).unlink()
    (tmp_path / "empty.duckdb").write_bytes(b"no database")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as other:
        other.execute("CREATE TABLE t (a INTEGER)")
    for source in (
        f"parquet:{archive}",
        "parquet:nowhere",
        "duckdb:nowhere.duckdb",
        f"duckdb:{tmp_path}/empty.duckdb",
        f"duckdb:{tmp_path}/other.duckdb",
    ):
        done = subprocess.run(
            [sys.executable, "-m", "spanpact", "show", source], capture_output=True, text=True, cwd=tmp_path
        )
        assert (done.returncode, done.stderr.count("\n"), done.stderr[:17]) == (3, 1, "spanpact: error: "), done.stderr
