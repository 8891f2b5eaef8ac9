"""How many times faster verification is than in build 47e6372, by kinds of traffic; both builds run in turn.

The table of docs/benchmarks.md shows every row. Two environment variables make a run shorter: SPANPACT_BENCH_ROUNDS
(default 3), and SPANPACT_BENCH_SCALE, by which the numbers of spans are multiplied.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from benchmarks.verification import targets
from benchmarks.verification.encoded_requests import encoded
from benchmarks.verification.made_traces import requests, write, write_several, write_traces_alone
from benchmarks.verification.paired_builds import (
    CORE_ARM,
    EARLIER_ARM,
    PLAIN_ARM,
    Build,
    Comparison,
    Job,
    arms_of,
    compare,
    has_core,
    opened,
)
from spanpact.contract.shipped import shipped_contracts

ROUNDS: Final = int(os.environ.get("SPANPACT_BENCH_ROUNDS", "3"))
SCALE: Final = float(os.environ.get("SPANPACT_BENCH_SCALE", "1"))
SPANS: Final = {
    "same": 200_000, "varied": 100_000, "parallel": 80_000, "logs": 60_000, "broken": 100_000, "mixed": 20_000,
}  # fmt: skip
"""Spans of each kind: our own run takes 0.2 s or more, so that the first trace of each shape, which the engine judges
once, is a small part of it, and one run of 47e6372 ten seconds at most."""
RECEIVED: Final = 40_000
TESTS: Final = 20
HELD: Final = (100_000, 1_000_000, 3_000_000)
FILES: Final = [(traffic, suffix) for traffic in SPANS for suffix in targets.ENCODINGS if traffic + suffix != "logs.pb"]
"""A protobuf file holds no log records beside its spans."""
OURS: Final = (CORE_ARM, PLAIN_ARM) if has_core() else (PLAIN_ARM,)

Measured = Callable[..., None]
FileOf = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def builds(earlier: Path) -> Iterator[Mapping[str, Build]]:
    """Start a process of each build, which stays."""
    with opened(earlier) as started:
        yield started


@pytest.fixture(scope="module")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> FileOf:
    """Return a function for the file of a kind of traffic and a suffix; each is written once."""
    folder = tmp_path_factory.mktemp("made")

    def file(traffic: str, suffix: str) -> Path:
        path = folder / f"{traffic}{suffix}"
        if not path.exists():
            write(path, scaled(SPANS[traffic]), kind=traffic)
        return path

    return file


@pytest.fixture
def held_files() -> Iterator[Callable[[str], Sequence[Path]]]:
    """Return a function for files of three sizes. They are removed at the end: together they take 4 GB."""
    with tempfile.TemporaryDirectory(prefix="spanpact-bench-") as folder:

        def files(suffix: str) -> Sequence[Path]:
            paths = {Path(folder) / f"{number}{suffix}": scaled(number) for number in HELD}
            write_several(paths)
            return list(paths)

        yield files


def scaled(spans: int) -> int:
    return max(1, int(spans * SCALE))


def contracts_of(earlier: Path, contracts: str) -> str:
    """Return one contract, or the 13 of 47e6372: it cannot read those of today."""
    return "seven" if contracts == "1" else str(earlier / "contracts" / "v1")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("contracts", targets.CONTRACTS)
@pytest.mark.parametrize(("traffic", "suffix"), FILES)
def test_a_file(
    traffic: str, suffix: str, contracts: str, builds: Mapping[str, Build], earlier: Path, file_of: FileOf,
    measured: Measured,
) -> None:  # fmt: skip
    found = compare(builds, Job("file", file_of(traffic, suffix), contracts_of(earlier, contracts)), ROUNDS)
    for arm in OURS:
        target = targets.of_file(traffic, suffix, contracts, core=arm == CORE_ARM)
        record(measured, found, arm, traffic, f"{targets.ENCODINGS[suffix]} file", contracts, target)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("contracts", targets.CONTRACTS)
@pytest.mark.parametrize("suffix", targets.ENCODINGS)
def test_a_rate(suffix: str, contracts: str, builds: Mapping[str, Build], file_of: FileOf, measured: Measured) -> None:
    """Spans of a CPU second by the contracts of today, of traffic `same`; only this build can read them."""
    chosen = "seven" if contracts == "1" else str(shipped_contracts())
    job = Job("file", file_of("same", suffix), chosen)
    found = compare({arm: builds[arm] for arm in OURS}, job, ROUNDS)
    for arm in OURS:
        rates = [found.results[arm]["spans"] / seconds for seconds in found.seconds[arm]]
        target = targets.SAME_RATE if arm == OURS[0] else None
        facts = {"kind": "rate", "source": targets.ENCODINGS[suffix], "contracts": contracts, "arm": arm}
        name = f"verification, same, {targets.ENCODINGS[suffix]} file, contracts of today: {contracts}, {arm}: rate"
        measured(name, rates, goal=target, unit="spans/s", at_least=True, **facts)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", [64, 512])
@pytest.mark.parametrize(("traffic", "contracts"), [("same", "1"), ("logs", "1"), ("logs", "13")])
def test_a_receiver(
    traffic: str, contracts: str, size: int, builds: Mapping[str, Build], earlier: Path, measured: Measured
) -> None:
    """Protobuf, as most SDKs send. With 13 contracts each request leaves its log line, as one of them asks."""
    sent = [each for one in requests(scaled(RECEIVED), size, kind=traffic) for each in encoded(one, "protobuf")]
    found = compare(builds, Job("receiver", sent, contracts_of(earlier, contracts)), ROUNDS)
    for arm in OURS:
        target = targets.of_pair(targets.RECEIVER, contracts) if size == 512 and arm == CORE_ARM else None
        record(measured, found, arm, traffic, f"receiver, {size} spans a request", contracts, target)


def record(
    measured: Measured, found: Comparison, arm: str, traffic: str, source: str, contracts: str, target: float | None
) -> None:
    result = found.results[arm]
    facts = {
        "kind": "speed", "traffic": traffic, "source": source, "contracts": contracts, "arm": arm,
        "rate": f"{found.rate(arm):.0f}", "earlier rate": f"{found.rate(EARLIER_ARM):.0f}",
        "by engine": f"{result['by_engine'] / result['traces']:.4f}", "verdict": result["verdict"],
    }  # fmt: skip
    name = f"verification, {traffic}, {source}, contracts: {contracts}, {arm}"
    measured(f"{name}: 47e6372 / ours", found.ratios(arm), goal=target, unit="", at_least=True, **facts)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("contracts", targets.CONTRACTS)
def test_one_trace_of_a_test(
    contracts: str, builds: Mapping[str, Build], earlier: Path, tmp_path: Path, measured: Measured
) -> None:
    """`verify_spans` on the trace of each test in an SDK's exporter, contracts loaded: what a test pays."""
    write_traces_alone(tmp_path / "tests.jsonl", TESTS)
    found = compare(builds, Job("test", tmp_path / "tests.jsonl", contracts_of(earlier, contracts)), max(5, ROUNDS))
    for arm in OURS:
        ratios = [1 / ratio for ratio in found.ratios(arm)]
        milliseconds = {name: f"{1000 * min(found.seconds[name]):.3f}" for name in (arm, EARLIER_ARM)}
        facts = {"kind": "one trace", "contracts": contracts, "arm": arm, "spans": str(found.results[arm]["spans"])}
        facts |= {"milliseconds": milliseconds[arm], "earlier milliseconds": milliseconds[EARLIER_ARM]}
        name = f"verification, one trace of a test, contracts: {contracts}, {arm}: ours / 47e6372"
        measured(name, ratios, goal=targets.of_pair(targets.ONE_TRACE, contracts), unit="", **facts)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("suffix", targets.ENCODINGS)
def test_memory(suffix: str, earlier: Path, held_files: Callable[[str], Sequence[Path]], measured: Measured) -> None:
    """Peak memory at three sizes, each in a process of its own. 47e6372 is measured at the two smaller ones."""
    files = held_files(suffix)
    for contracts in targets.CONTRACTS:
        for arm in (EARLIER_ARM, OURS[0]):
            held = [peak(earlier, arm, path, contracts) for path in files[: 2 if arm == EARLIER_ARM else 3]]
            target = None if arm == EARLIER_ARM else targets.GROWTH
            facts = {"kind": "memory", "source": targets.ENCODINGS[suffix], "contracts": contracts, "arm": arm}
            facts["MiB"] = ", ".join(f"{mib:.1f}" for mib in held)
            name = f"verification, memory, {targets.ENCODINGS[suffix]}, contracts: {contracts}, {arm}"
            growth = f"{name}: 100,000 to {HELD[len(held) - 1]:,} spans"
            measured(growth, [held[-1] / held[0]], goal=target, unit="", **facts)


def peak(earlier: Path, arm: str, path: Path, contracts: str) -> float:
    build = Build(*arms_of(earlier)[arm])
    try:
        return float(build.run(Job("file", path, contracts_of(earlier, contracts)))["mib"])
    finally:
        build.close()
