"""Broken implementations in files: the reports are the same with the cache, without it, with the core, in archives.

Each file has traces of the whole service and of a broken one, each several times: the first ones are judged by the
engine, and later ones are like them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from containers.servers.private_redis import private_redis
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources import OtlpFileSource
from spanpact.trace.model import Reading, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import Verification
from tests.broken_implementations.every import BROKEN
from tests.broken_implementations.scenarios import Subject
from tests.sources.every_source import renumbered
from tests.verification.archives.same_reports import assert_same
from tests.verification.native.core_runs import Counted, outcome, without_core
from tests.verification.test_streaming import written

OPTIONS = VerificationOptions(allow_unseen=True)
TIMES = 5
MINUTE_NS = 60 * 10**9

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Start one real Redis, which every scenario empties."""
    with private_redis() as backend:
        yield backend.url


@pytest.fixture(scope="module")
def whole(redis_url: str) -> Mapping[str, Reading]:
    """Return the traces of the whole service by scenario."""
    return {name: Subject(redis_url).perform(name) for name in sorted({case.scenario for case in BROKEN.values()})}


@pytest.fixture(scope="module")
def shipped() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.parametrize("name", BROKEN)
def test_the_cache_changes_no_report(
    redis_url: str, whole: Mapping[str, Reading], shipped: Sequence[CompiledContract], tmp_path: Path, name: str
) -> None:
    for file in files_of(tmp_path, whole, redis_url, name):
        with without_core():
            there, wanted = outcomes(file, shipped)
        assert there == wanted


@pytest.mark.expensive
@pytest.mark.parametrize("name", BROKEN)
def test_an_archive_changes_no_report(
    redis_url: str, whole: Mapping[str, Reading], shipped: Sequence[CompiledContract], tmp_path: Path, name: str
) -> None:
    for file in files_of(tmp_path, whole, redis_url, name):
        assert_same(tmp_path / f"{file.name}.archive", [file], shipped, OPTIONS)


@pytest.mark.core
@pytest.mark.parametrize("name", BROKEN)
def test_the_core_changes_no_report(
    redis_url: str,
    whole: Mapping[str, Reading],
    shipped: Sequence[CompiledContract],
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = Counted(monkeypatch)
    for file in files_of(tmp_path, whole, redis_url, name):
        there, wanted = outcomes(file, shipped)
        assert there == wanted
    assert counted.taken


@pytest.mark.core
def test_the_core_counts_many_traces_of_the_whole_service(
    whole: Mapping[str, Reading], shipped: Sequence[CompiledContract], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    for scenario, reading in whole.items():
        streamed(written(tmp_path / "lines.jsonl", several_times({scenario: reading})), shipped)
    assert counted.counted > 0.3 * counted.traces, (counted.counted, counted.traces)


def files_of(folder: Path, whole: Mapping[str, Reading], redis_url: str, name: str) -> Iterator[Path]:
    """Write the traces of the whole service and of a broken one in both encodings; protobuf has no log records."""
    case = BROKEN[name]
    broken = Subject(redis_url, case.service).perform(case.scenario)
    several = several_times({"whole": whole[case.scenario], "broken": broken})
    for encoding in ("lines.jsonl", "protobuf.pb"):
        if written(folder / encoding, several).stat().st_size:
            yield folder / encoding


def several_times(readings: Mapping[str, Reading]) -> Sequence[Reading]:
    """Return each trace by itself, all of them several times in turn, with other ids and a minute later each."""
    return [
        msgspec.structs.replace(reading, traces=[trace])
        for number in range(TIMES)
        for salt, reading in readings.items()
        for trace in later(renumbered(reading, f"{salt}{number}"), number * MINUTE_NS).traces
    ]


def later(reading: Reading, by: int) -> Reading:
    """Return the traces with all spans so many nanoseconds later."""

    def moved(trace: Trace) -> Trace:
        spans = [
            msgspec.structs.replace(span, start_ns=span.start_ns + by, end_ns=span.end_ns and span.end_ns + by)
            for span in trace.spans
        ]
        return msgspec.structs.replace(trace, spans=spans)

    return msgspec.structs.replace(reading, traces=[*map(moved, reading.traces)])


def outcomes(file: Path, contracts: Sequence[CompiledContract]) -> tuple[Sequence[str], Sequence[str]]:
    """Return what verifying a file says, and what the engine alone says."""
    return outcome(lambda: streamed(file, contracts)), outcome(lambda: uncached(file, contracts))


def streamed(file: Path, contracts: Sequence[CompiledContract]) -> Report:
    """Return the report on a file that is verified by shapes."""
    report = verify_file(OtlpFileSource(file), contracts, OPTIONS)
    return report or uncached(file, contracts)


def uncached(file: Path, contracts: Sequence[CompiledContract]) -> Report:
    """Return the report on a file of which the engine judges every trace."""
    reading = OtlpFileSource(file).read()
    verification = Verification(contracts, reading, OPTIONS, use_cache=False)
    for trace in reading.traces:
        verification.judge(trace)
    for trace in reading.spanless:
        verification.scan_logs(trace)
    return verification.report(reading)
