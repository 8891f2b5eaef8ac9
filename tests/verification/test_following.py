"""Files that are still being written are followed without holding their traces, with the report of a whole reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.verification.made_traces import requests
from spanpact.cli.reading import SourceOptions, opened, readings_of
from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.reporting import render_json, render_text
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.sources.merging import merged, with_offered
from spanpact.trace.model import Reading
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.following import verify_growing_files
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, wait_for_verdict
from tests.properties import examples
from tests.sources.files.written_formats import as_python_console
from tests.verification.shapes.test_log_record_shapes import with_log_records
from tests.verification.test_same_verdict_of_formats import QUIET
from tests.verification.test_streaming_files import CONTRACTS, broken
from tests.verification.test_streaming_formats import traffic
from tests.verification.test_streaming_logs import logged, split

Contracts = Sequence[CompiledContract | ContractPlan]
Piece = tuple[float, int, bytes]
"""When some bytes are written (seconds), to which file, and the bytes."""


class Writer:
    """Files that are written while a clock goes, which only sleeping moves."""

    def __init__(self, files: Sequence[Path], pieces: Sequence[Piece]) -> None:
        self._files, self._pieces, self.now = files, sorted(pieces, key=lambda each: each[0]), 0.0
        for file in files:
            file.write_bytes(b"")
        self.sleep(0)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self._pieces and self._pieces[0][0] <= self.now:
            _, number, data = self._pieces.pop(0)
            with self._files[number].open("ab") as file:
                file.write(data)


def outcome(verified: Callable[[], Report]) -> str:
    try:
        report = verified()
    except SourceError as error:
        return f"{error}"
    return render_json(report) + render_text(report)


def followed(
    folder: Path, pieces: Sequence[Piece], contracts: Contracts, *only: str, seconds: float = 5.0, hold: bool = False
) -> tuple[str, Report | None]:
    """Return what is reported, after comparing it with waiting for whole readings, and the report."""
    files = [folder / f"{number}" for number in range(1 + max(each[1] for each in pieces))]
    wanted, waiting, seen = TraceSelection.of(only), WaitSettings(seconds), list[Report]()
    options = SourceOptions(wanted=wanted, growing=True)

    def streamed() -> Report:
        writer = Writer(files, pieces)
        sources = [OtlpFileSource(file, growing=True) for file in files]
        report = verify_growing_files(
            sources, contracts, VerificationOptions(hold=hold), settings=waiting, offered=7, only=wanted,
            clock=writer, sleep=writer.sleep,
        )  # fmt: skip
        seen.append(report)
        return report

    def whole() -> Report:
        writer = Writer(files, pieces)
        with opened([str(file) for file in files], options) as sources:
            return wait_for_verdict(
                lambda: with_offered(merged(readings_of(sources, options)), 7),
                lambda reading: verify(contracts, reading),
                waiting, wanted=wanted, clock=writer, sleep=writer.sleep,
            )  # fmt: skip

    there = outcome(streamed)
    assert there == outcome(whole)
    return there, seen[0] if seen else None


def lines(several: Iterable[Reading]) -> list[bytes]:
    return [encode_traces_json(each) + b"\n" for each in several]


def test_traces_of_a_file_that_grows_are_dropped_once_they_are_judged(tmp_path: Path) -> None:
    several = lines(requests(2000))
    several[3] = encode_traces_json(broken([*requests(2000)][3])) + b"\n"
    pieces = [(0.0, 0, b"".join(several[:10])), (0.1, 0, b"".join(several[10:]))]
    _, report = followed(tmp_path, pieces, CONTRACTS)
    assert report is not None
    assert report.reading is not None
    assert report.reading.trace_count > 100
    assert 0 < len(report.reading.traces) < report.reading.trace_count / 10


@pytest.mark.parametrize("seconds", [0.1, 0.6, 3.0])
def test_a_line_that_is_half_there_is_waited_for(tmp_path: Path, seconds: float) -> None:
    several = lines(requests(300))
    half = len(several[2]) // 2
    pieces = [(0.0, 0, several[0] + several[1] + several[2][:half]), (1.0, 0, several[2][half:] + several[3])]
    there, _ = followed(tmp_path, pieces, CONTRACTS, seconds=seconds)
    assert ("is half there" in there or "still so" in there) == (seconds < 1)


def test_a_file_that_stays_empty_or_is_damaged_is_refused(tmp_path: Path) -> None:
    assert "is empty" in followed(tmp_path, [(9.0, 0, b"")], CONTRACTS)[0]
    assert "malformed" in followed(tmp_path, [(0.0, 0, b'{"resourceSpans": [}]}\n')], CONTRACTS)[0]


def test_spans_and_log_records_in_two_files_that_grow(tmp_path: Path) -> None:
    several = [*requests(600)]
    logs = [encode_traces_json(logged(each)).replace(b'{"resourceSpans":[],', b"{") + b"\n" for each in several]
    spans = lines(several)
    pieces = [(n / 10, 0, data) for n, data in enumerate(spans)] + [(n / 8, 1, data) for n, data in enumerate(logs)]
    _, report = followed(tmp_path, pieces, CONTRACTS)
    assert report is not None
    assert report.reading is not None
    assert "logs" in report.reading.source.capabilities


def test_another_format_that_grows(tmp_path: Path) -> None:
    content = as_python_console(traffic(300))
    cut = len(content) // 2
    _, report = followed(tmp_path, [(0.0, 0, content[:cut]), (0.5, 0, content[cut:])], CONTRACTS)
    assert report is not None


def test_chosen_traces_are_held_and_waited_for(tmp_path: Path) -> None:
    several = [*requests(600)]
    chosen = several[-1].traces[-1].trace_id
    pieces = [(n / 10, 0, data) for n, data in enumerate(lines(several))]
    _, report = followed(tmp_path, pieces, CONTRACTS, chosen, hold=True)
    assert report is not None
    assert report.reading is not None
    assert [trace.trace_id for trace in report.reading.traces] == [chosen]
    assert "was never seen within 5 s" in followed(tmp_path, pieces, CONTRACTS, "f" * 32)[0]


@given(with_log_records(), st.integers(1, 2), st.randoms(use_true_random=False))
@settings(max_examples=examples(60), **QUIET)
def test_traces_of_every_kind_that_come_bit_by_bit(
    tmp_path: Path, situation: tuple[Contracts, Reading], number: int, chance: object
) -> None:
    contracts, reading = situation
    pieces = [
        (chance.choice((0.0, 0.2, 1.0, 9.0)), chance.randrange(number), data)  # type: ignore[attr-defined]
        for data in lines(split(reading))
    ]
    if pieces:
        followed(tmp_path, pieces, contracts)
