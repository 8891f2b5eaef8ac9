"""How many times faster an archive is verified than the same traffic as OTLP JSON by build 47e6372, and its size.

Both run in turn, as in `test_verification`, whose environment variables count here, too. Archives are written before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from benchmarks.verification import targets
from benchmarks.verification.made_traces import write
from benchmarks.verification.paired_builds import EARLIER_ARM, Build, Comparison, Job, arms_of, compare
from benchmarks.verification.test_verification import OURS, ROUNDS, Measured, contracts_of, scaled
from spanpact.sources import OtlpFileSource
from spanpact.sources.archive.writing.writer import ArchiveWriter
from spanpact.sources.files.limits import FileLimits

SPANS: Final = {"same": 1_000_000, "varied": 200_000, "broken": 200_000}
MEASURED: Final = OURS[:1]

FileOf = Callable[[str], Path]


@pytest.fixture(scope="module")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> FileOf:
    """Return a function for a file of a kind of traffic, with an archive beside it; each is written once."""
    folder = tmp_path_factory.mktemp("archived")

    def file(traffic: str) -> Path:
        path = folder / f"{traffic}.jsonl"
        if not path.exists():
            write(path, scaled(SPANS[traffic]), kind=traffic)
            archive(path)
        return path

    return file


def archive(path: Path) -> None:
    """Write a file to the archive beside it."""
    with ArchiveWriter(Path(f"{path}.archive")) as writer:
        source = OtlpFileSource(path, limits=FileLimits(total=1 << 40, spans=1 << 40))
        archived = writer.source(str(path))
        for batch in source.batches():
            writer.add(archived, batch)
        archived.capabilities = sorted(source.info.capabilities)
        writer.finish(archived)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("contracts", targets.CONTRACTS)
@pytest.mark.parametrize("traffic", SPANS)
def test_an_archive(traffic: str, contracts: str, earlier: Path, file_of: FileOf, measured: Measured) -> None:
    path = file_of(traffic)
    arms = arms_of(earlier)
    builds = {arm: Build(*arms[arm]) for arm in (EARLIER_ARM, *MEASURED)}
    try:
        found = compare(builds, Job("archive", path, contracts_of(earlier, contracts)), ROUNDS)
    finally:
        for build in builds.values():
            build.close()
    record(measured, found, traffic, contracts)


def record(measured: Measured, found: Comparison, traffic: str, contracts: str) -> None:
    (arm,) = MEASURED
    result = found.results[arm]
    facts: Mapping[str, str] = {
        "kind": "archive", "traffic": traffic, "contracts": contracts, "spans": str(result["spans"]),
        "rate": f"{found.rate(arm):.0f}", "earlier rate": f"{found.rate(EARLIER_ARM):.0f}",
        "MiB": f"{result['mib']:.0f}",
    }  # fmt: skip
    target = targets.ARCHIVE if traffic == "same" else None
    name = f"verification, archive, {traffic}, contracts: {contracts}: 47e6372 with JSON / ours"
    measured(name, found.ratios(arm), goal=target, unit="", at_least=True, **facts)


@pytest.mark.timeout(3600)
def test_the_size_of_an_archive(file_of: FileOf, measured: Measured) -> None:
    path = file_of("same")
    size = sum(each.stat().st_size for each in Path(f"{path}.archive").rglob("*.*"))
    share = size / path.stat().st_size
    measured("archive, same: bytes / bytes of the JSON", [share], goal=targets.ARCHIVE_BYTES, unit="", kind="size")
