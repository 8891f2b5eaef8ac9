"""Several files, standard input and chosen traces are verified without holding all traces, with the same report."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.verification.made_traces import requests
from spanpact.cli.reading import SourceOptions, opened, readings_of
from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.reporting import render_json, render_text
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.sources.merging import merged, with_offered
from spanpact.trace.model import LogRecord, Reading
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.options import VerificationOptions
from spanpact.verification.streaming import verify_files
from spanpact.verification.verifying import verify
from tests.properties import examples
from tests.verification.shapes.test_log_record_shapes import odd_records, with_log_records
from tests.verification.test_streaming import changed
from tests.verification.test_streaming_logs import OF_SPANS, TWO, line, logged, of_records, split, written

CONTRACTS = [CompiledContract.of(TWO), CompiledContract.of(OF_SPANS)]


def whole(files: Sequence[Path], contracts: Sequence[CompiledContract | ContractPlan], *only: str) -> Report:
    """Return the report on the files as they are read without streaming."""
    options = SourceOptions(wanted=TraceSelection.of(only))
    with opened([str(file) for file in files], options) as sources:
        return verify(contracts, with_offered(merged(readings_of(sources, options)), 7))


def streamed(
    files: Sequence[Path], contracts: Sequence[CompiledContract | ContractPlan], *only: str, hold: bool = False
) -> Report | None:
    sources = [OtlpFileSource(file) for file in files]
    return verify_files(sources, contracts, VerificationOptions(hold=hold), offered=7, only=TraceSelection.of(only))


def assert_same(files: Sequence[Path], *only: str, hold: bool = False) -> Report:
    there, wanted = streamed(files, CONTRACTS, *only, hold=hold), whole(files, CONTRACTS, *only)
    assert there is not None
    assert render_json(there) == render_json(wanted)
    assert render_text(there) == render_text(wanted)
    return there


def broken(request: Reading) -> Reading:
    return changed(request, lambda span: {"attributes": {**span.attributes, "a": "x@example.com"}})


@pytest.mark.parametrize("kind", ["jsonl", "pb"])
def test_files_one_after_another_are_not_held(tmp_path: Path, kind: str) -> None:
    several = [*requests(2000)]
    several[3], several[20] = broken(several[3]), broken(several[20])
    parts = [several[:10], several[10:18], several[18:]]
    files = [written(tmp_path / f"{number}.{kind}", part) for number, part in enumerate(parts)]
    report = assert_same(files)
    assert report.reading is not None
    assert report.reading.source.name == " + ".join(map(str, files))
    assert 0 < len(report.reading.traces) < report.reading.trace_count / 10


@pytest.mark.parametrize("logs_first", [False, True])
def test_log_records_in_a_file_of_their_own(tmp_path: Path, *, logs_first: bool) -> None:
    """Then all traces carry log records, also those of which none was written."""
    several = [*requests(600)]
    several[3] = broken(several[3])
    spans = written(tmp_path / "spans.pb", several)
    file = tmp_path / "logs.jsonl"
    lines = [encode_traces_json(logged(each)).replace(b'{"resourceSpans":[],', b"{") for each in several]
    file.write_bytes(b"\n".join(lines))
    report = assert_same([file, spans] if logs_first else [spans, file])
    assert report.unmentioned is not None
    assert report.unmentioned.logs.of > 50


def test_a_source_that_seems_to_hold_spans_and_has_none_is_read_as_a_whole(tmp_path: Path) -> None:
    several = [*requests(600)]
    files = [written(tmp_path / "spans.jsonl", several), written(tmp_path / "logs.jsonl", [*map(logged, several)])]
    assert streamed(files, CONTRACTS) is None


def test_a_trace_whose_log_records_come_in_the_file_before_is_in_its_place(tmp_path: Path) -> None:
    several = [broken(each) for each in requests(600)]
    one, other = several[5:], [*several[:5], logged(several[8])]
    early = [of_records([line(several[2].traces[0].trace_id, "", body="z@example.com")]), logged(several[0])]
    assert_same([written(tmp_path / "1.jsonl", [*early, *one]), written(tmp_path / "2.jsonl", other)])


def test_copies_in_several_files_count_once(tmp_path: Path) -> None:
    several = [*requests(600)]
    crossing = several[4]
    for more in (crossing, logged(crossing)):
        first = written(tmp_path / "1.jsonl", [*several[:5], logged(crossing)])
        second = written(tmp_path / "2.jsonl", [more, *several[5:], logged(several[5])])
        assert streamed([first, second], CONTRACTS) is None
    nowhere = of_records([line("", "")])
    files = [written(tmp_path / f"{n}.jsonl", [*several[:5], logged(crossing), nowhere][n:]) for n in (0, 5)]
    assert streamed(files, CONTRACTS) is None


@given(with_log_records(), st.lists(odd_records, max_size=3), st.integers(1, 2), st.randoms(use_true_random=False))
@settings(
    max_examples=examples(100),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_traces_of_every_kind_in_two_files(
    tmp_path: Path,
    situation: tuple[Sequence[CompiledContract | ContractPlan], Reading],
    nowhere: Sequence[LogRecord],
    copies: int,
    chance: object,
) -> None:
    contracts, reading = situation
    others = [msgspec.structs.replace(each, trace_id=f"{n % 2:032x}") for n, each in enumerate(nowhere)]
    several = [*(of_records([each]) for each in others), *split(reading)]
    parts: list[list[Reading]] = [[], []]
    for each in several:
        at = chance.sample((0, 1), copies if chance.random() < 0.1 else 1)  # type: ignore[attr-defined]
        for number in at:
            parts[number].append(each)
    if not all(parts):
        return
    files = [written(tmp_path / f"{number}.jsonl", part) for number, part in enumerate(parts)]
    there, wanted = streamed(files, contracts), whole(files, contracts)
    assert there is None or render_json(there) == render_json(wanted)
    chosen = [trace.trace_id for trace in reading.traces[:2]]
    there, wanted = streamed(files[:1], contracts, *chosen, hold=True), whole(files[:1], contracts, *chosen)
    assert there is None or render_json(there) == render_json(wanted)
    assert there is None or (there.reading and wanted.reading and there.reading.traces == list(wanted.reading.traces))


@pytest.mark.parametrize("kind", ["jsonl", "pb"])
def test_chosen_traces_are_held_and_no_others(tmp_path: Path, kind: str) -> None:
    several = [each for request in requests(1000) for each in (request, logged(request))]
    file = written(tmp_path / f"traces.{kind}", several)
    chosen = [several[each].traces[0].trace_id for each in (0, 8)]
    report = assert_same([file], *chosen, hold=True)
    assert report.reading is not None
    assert [each.trace_id for each in report.reading.traces] == chosen
    assert streamed([file], CONTRACTS, "f" * 32, hold=True) is None


def test_all_traces_are_held_where_they_are_drawn(tmp_path: Path) -> None:
    file = written(tmp_path / "traces.jsonl", list(requests(600)))
    there, wanted = streamed([file], CONTRACTS, hold=True), whole([file], CONTRACTS)
    assert there
    assert there.reading
    assert wanted.reading
    assert there.reading.traces == list(wanted.reading.traces)


def test_a_pipe_is_copied_to_a_temporary_file_that_goes(tmp_path: Path) -> None:
    file, pipe = written(tmp_path / "traces.jsonl", [*requests(2000)]), tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writing.start()
    with OtlpFileSource(pipe) as source:
        there = verify_files([source], CONTRACTS, offered=7)
        writing.join()
        assert there is not None
        assert there.reading is not None
        assert there.reading.traces == []
        assert render_json(there).replace(str(pipe), str(file)) == render_json(whole([file], CONTRACTS))
        assert len(source.read().traces) == there.reading.trace_count  # it can be read again
    with pytest.raises(ValueError, match="closed"):
        source.read()
