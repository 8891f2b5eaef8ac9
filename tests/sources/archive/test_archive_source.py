"""Which traces of an archive are read: all, those of a service, the latest, those that begin with some digits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from spanpact.errors import SourceError, UsageError
from spanpact.otlp import Batch
from spanpact.sources import ArchiveSource, open_source
from spanpact.sources.archive.writing.writer import ArchiveWriter
from spanpact.trace.model import LogRecord, Resource, Span
from tests.sources.archive.archiving import write_archive

HOUR_NS = 3_600_000_000_000
SHOP, BANK = Resource({"service.name": "shop"}), Resource({"service.name": "bank"})
NOW = time.time_ns()


def span(trace: str, number: int, resource: Resource, hours_ago: float) -> Span:
    start = NOW - round(hours_ago * HOUR_NS)
    return Span(trace, f"{number:016x}", "a", start_ns=start, end_ns=start + 1, resource=resource)


OLD, NEW, BOTH, ODD = "a" * 31 + "1", "ab" + "0" * 30, "b" * 32, "no hexadecimal id"
SPANS = [
    span(OLD, 1, SHOP, 50),
    span(NEW, 2, SHOP, 1),
    span(BOTH, 3, SHOP, 50),
    span(BOTH, 4, BANK, 1),
    span(ODD, 5, BANK, 1),
]
LOGS = [LogRecord(OLD, "", body="old"), LogRecord(NEW, "", body="new")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    return write_archive(folder, [Batch(SPANS, LOGS, frozenset(["traces", "logs"]))])


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [OLD, NEW, BOTH, ODD]),
        ("?service=shop", [OLD, NEW, BOTH]),
        ("?service=bank", [BOTH, ODD]),
        ("?service=unknown", []),
        ("?since=2h", [NEW, BOTH, ODD]),
        ("?since=2000-01-01T00:00:00Z", [OLD, NEW, BOTH, ODD]),
        ("?service=shop&since=2h", [NEW]),
        ("?trace=a", [OLD, NEW]),
        ("?trace=ab", [NEW]),
        (f"?trace={BOTH}", [BOTH]),
        ("?trace=ab&trace=b", [NEW, BOTH]),
        ("?trace=c", []),
    ],
)
def test_whole_traces_are_selected(archive: Path, query: str, wanted: Sequence[str]) -> None:
    with open_source(f"parquet:{archive}{query}") as source:
        reading = source.read()
    assert [trace.trace_id for trace in reading.traces] == wanted
    assert sum(len(trace.spans) for trace in reading.traces) == sum(each.trace_id in wanted for each in SPANS)
    logged = [log.body for trace in reading.traces for log in trace.logs]
    assert logged == [log.body for log in LOGS if log.trace_id in wanted]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("parquet:", r"parquet: names no archive \(accepted: parquet:FOLDER\)"),
        ("duckdb:", r"duckdb: names no archive \(accepted: duckdb:FILE\)"),
        ("parquet:a?limit=3", r"parquet: unknown parameter 'limit' \(accepted: service, since, trace\)"),
        ("parquet:a?since=yesterday", "parquet: since is 'yesterday'"),
        ("parquet:a?trace=xyz", "not a trace id: 'xyz'"),
        ("parket:a", r"unknown source scheme 'parket' \(did you mean `parquet:`"),
    ],
)
def test_a_specification_that_is_wrong_is_one_error(spec: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        open_source(spec)


def test_an_archive_that_was_not_written_to_its_end_is_not_read(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path) as writer:
        source = writer.source("traces.json", "1 2")
        writer.add(source, Batch(SPANS, [], frozenset(["traces"])))
        writer.commit(source)
    with ArchiveSource(str(tmp_path)) as unfinished, pytest.raises(SourceError, match="was not written to its end"):
        unfinished.read()


def test_how_far_it_is_read_is_noted(archive: Path) -> None:
    noted: list[str] = []
    with ArchiveSource(str(archive)) as source:
        source.note = noted.append
        source.read()
    assert noted[-1] == f"parquet:{archive} 100 %"
