"""An archive gives the report of the files from which it was written, as text: every kind of trace, every contract."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.verification.made_traces import write
from benchmarks.verification.variations import KINDS
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.examples.contract_examples import judge_examples
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.engine.test_hostile_traces import CONTRACTS, TRACE, logs, spans
from tests.properties import examples
from tests.sources.every_source import renumbered
from tests.sources.trace_strategies import situations
from tests.verification.archives.same_reports import assert_same

QUIET: Any = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


def file_of(folder: Path, *readings: Reading) -> Path:
    """Write readings to a file, one document each."""
    file = folder / "traces.json"
    file.write_bytes(b"\n".join(map(encode_traces_json, readings)))
    return file


@given(situations, st.sampled_from([1, 2, 6, 9]))
@settings(max_examples=examples(100), **QUIET)
def test_traces_of_every_kind(situation: tuple[Sequence[CompiledContract], Reading], times: int) -> None:
    """Several times, each with other ids: the first is judged by the engine, the others are like it."""
    contracts, reading = situation
    with tempfile.TemporaryDirectory() as folder:
        file = file_of(Path(folder), *(renumbered(reading, str(i)) for i in range(times)))
        assert_same(Path(folder, "archive"), [file], contracts)


@given(st.lists(spans, min_size=1, max_size=6), st.lists(logs, max_size=2), st.sampled_from([1, 6]))
@settings(max_examples=examples(60), **QUIET)
def test_what_no_sdk_would_make(made: list[Span], records: list[Any], times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reading = Reading(reading_of(0).source, [Trace(TRACE, made, records)])
        file = file_of(Path(folder), *(renumbered(reading, str(i)) for i in range(times)))
        assert_same(Path(folder, "archive"), [file], CONTRACTS)


@pytest.mark.parametrize("place", range(0, len(CASES), 7))
def test_the_corpus(tmp_path: Path, place: int) -> None:
    reading = reading_of(place)
    file = file_of(tmp_path, *(renumbered(reading, str(i)) for i in range(7)))
    assert_same(tmp_path / "archive", [file], [plan_of(place)[1]], VerificationOptions(allow_unseen=True))


@pytest.mark.expensive
@pytest.mark.parametrize("place", range(len(CASES)))
def test_the_whole_corpus(tmp_path: Path, place: int) -> None:
    test_the_corpus(tmp_path, place)


@pytest.mark.parametrize("number", range(len(load_contracts([shipped_contracts()]))))
def test_the_examples_of_contracts(tmp_path: Path, shipped: Sequence[CompiledContract], number: int) -> None:
    """All examples of a contract in one file, each several times, judged by all contracts."""
    readings = [each.example.reading for each in judge_examples(shipped[number].plan)]
    several = [renumbered(each, f"{time} {i}") for time in range(6) for i, each in enumerate(readings)]
    assert_same(tmp_path / "archive", [file_of(tmp_path, *several)], shipped, VerificationOptions(allow_unseen=True))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_traffic_of_every_kind(tmp_path: Path, shipped: Sequence[CompiledContract], kind: str) -> None:
    write(tmp_path / "traces.jsonl", 1500, kind=kind)
    options = VerificationOptions(allow_unseen=True)
    assert_same(tmp_path / "archive", [tmp_path / "traces.jsonl"], shipped, options, committed_spans=400)


def test_several_files_whose_traces_are_put_together(tmp_path: Path, shipped: Sequence[CompiledContract]) -> None:
    write(tmp_path / "whole.jsonl", 600)
    lines = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for copied in (0, 1):  # a document in both files: its spans count once
        files[0].write_bytes(b"".join(lines[: len(lines) // 2 + copied]))
        files[1].write_bytes(b"".join(lines[len(lines) // 2 :]))
        assert_same(tmp_path / f"archive {copied}", files, shipped, VerificationOptions(allow_unseen=True))


def test_traces_are_held_where_the_report_shows_all(tmp_path: Path, shipped: Sequence[CompiledContract]) -> None:
    write(tmp_path / "traces.jsonl", 300)
    options = VerificationOptions(allow_unseen=True, hold=True)
    report = assert_same(tmp_path / "archive", [tmp_path / "traces.jsonl"], shipped, options)
    assert report is not None
    assert report.reading is not None
    assert len(report.reading.traces) == report.reading.trace_count


def test_columns_of_the_contracts_change_nothing(tmp_path: Path, shipped: Sequence[CompiledContract]) -> None:
    write(tmp_path / "traces.jsonl", 600, kind="same")
    named = ["db.system.name", "correlation.id", "http.response.status_code", "url.path"]
    assert_same(tmp_path / "archive", [tmp_path / "traces.jsonl"], shipped, DEFAULT_OPTIONS, attributes=named)
