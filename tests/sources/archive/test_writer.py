"""A writer that is stopped at any point loses and duplicates nothing; two writers do not meet; errors are one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.verification.made_traces import requests
from spanpact.errors import SourceError, UsageError
from spanpact.sources.archive.rows.manifest import read_manifest
from spanpact.sources.archive.rows.schema import partition_of, range_of
from spanpact.sources.archive.writing.writer import ArchiveWriter
from tests.sources.archive.archiving import batch_of, read_archive, write_archive

PROGRAM = Path(__file__).with_name("killed_writer.py")
SPANS = 400


def run_until(folder: Path, steps: int) -> int:
    done = subprocess.run([sys.executable, PROGRAM, folder, str(steps), str(SPANS)], capture_output=True, text=True)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode


@pytest.mark.expensive
def test_wherever_a_writer_is_killed_the_next_one_completes_the_archive(tmp_path: Path) -> None:
    wanted = [span for request in requests(SPANS) for span in batch_of(request).spans]
    steps, killed = 0, 0
    while True:
        folder = tmp_path / str(steps)
        if run_until(folder, steps) == 0:
            break
        killed += 1
        write_archive(folder, map(batch_of, requests(SPANS)), committed_spans=100, partitions=2)
        there, _ = read_archive(folder)
        assert there == wanted, f"killed at step {steps}"
        listed = {file.path for commit in read_manifest(folder).commits for file in commit.files}
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet*")}
        assert found == listed, f"killed at step {steps}"
        steps += 7  # of about 90: another one in each kind of step
    assert killed > 5


def test_a_writer_that_is_killed_again_and_again_comes_to_its_end(tmp_path: Path) -> None:
    tries = 0
    while run_until(tmp_path / "archive", 30):
        tries += 1
        assert tries < 20
    there, _ = read_archive(tmp_path / "archive")
    assert tries
    assert there == [span for request in requests(SPANS) for span in batch_of(request).spans]


def test_two_writers_do_not_write_at_once(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path), pytest.raises(UsageError, match="another process is writing to it"):
        ArchiveWriter(tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "spans").mkdir()
    (tmp_path / "spans" / "mine.parquet").write_bytes(b"mine")
    with pytest.raises(UsageError, match="is no archive, and not empty: it holds spans"):
        ArchiveWriter(tmp_path)
    assert (tmp_path / "spans" / "mine.parquet").read_bytes() == b"mine"


def test_a_source_that_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        source = writer.source("traces.json", "100 1")
        writer.add(source, batch_of(next(iter(requests(5)))))
        writer.commit(source)
        with pytest.raises(SourceError, match=r"traces.json: has changed since"):
            writer.source("traces.json", "200 2")
        with pytest.raises(SourceError, match=r"holds only a part of traces.json \(give it again first"):
            writer.source("others.json")


def test_what_is_not_published_does_not_count_before_the_end(tmp_path: Path) -> None:
    batches = list(map(batch_of, requests(300)))
    with ArchiveWriter(tmp_path, committed_spans=50) as writer:
        source = writer.source("standard input")
        for batch in batches:
            writer.add(source, batch, publish=False)
        assert read_manifest(tmp_path).commits == []
    with ArchiveWriter(tmp_path, committed_spans=50) as writer:
        source = writer.source("standard input")
        assert source.documents == 0
        for batch in batches:
            writer.add(source, batch, publish=False)
        writer.finish(source)
    there, _ = read_archive(tmp_path)
    assert there == [span for batch in batches for span in batch.spans]


def test_partitions_are_ranges_of_the_lower_half_of_trace_ids() -> None:
    for partitions in (1, 2, 16, 256):
        ranges = [range_of(each, partitions) for each in range(partitions)]
        assert (ranges[0][0], ranges[-1][1]) == (0, 2**64 - 1)
        for number, (first, last) in enumerate(ranges):
            assert {partition_of(first, partitions), partition_of(last, partitions)} == {number}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": 2}, r"the schema has version 2 \(this spanpact reads version 1"),
        ({"format": "other"}, "is no manifest of an archive"),
        ({"commits": 7}, "is damaged: Expected `array`, got `int`"),
    ],
)
def test_a_manifest_that_is_not_understood_is_one_error(
    tmp_path: Path, change: dict[str, object], problem: str
) -> None:
    write_archive(tmp_path, map(batch_of, requests(20)))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, **change}))
    with pytest.raises(SourceError, match=problem):
        read_archive(tmp_path)
