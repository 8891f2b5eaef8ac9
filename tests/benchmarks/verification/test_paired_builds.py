"""Two builds verify the same files, traffic and traces in processes of their own, and say the same of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.earlier_build import earlier_build
from benchmarks.verification.encoded_requests import encoded
from benchmarks.verification.made_traces import requests, write, write_traces_alone
from benchmarks.verification.paired_builds import EARLIER_ARM, PLAIN_ARM, Build, Comparison, Job, compare, opened


@pytest.fixture(scope="module")
def builds() -> Iterator[Mapping[str, Build]]:
    with earlier_build() as folder, opened(folder) as started:
        yield started


@pytest.mark.parametrize(("kind", "suffix", "verdict"), [("logs", ".jsonl", "kept"), ("mixed", ".pb", "broken")])
def test_builds_verify_a_file(
    kind: str, suffix: str, verdict: str, builds: Mapping[str, Build], tmp_path: Path
) -> None:
    write(tmp_path / f"a{suffix}", 2_000, kind=kind)
    found = compare(builds, Job("file", tmp_path / f"a{suffix}", "seven"), 2)
    assert {result["verdict"] for result in found.results.values()} == {verdict}
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in found.seconds.values())
    assert found.results[EARLIER_ARM]["by_engine"] > 0


def test_builds_receive(builds: Mapping[str, Build]) -> None:
    sent = [message for request in requests(500, kind="logs") for message in encoded(request, "protobuf")]
    found = compare(builds, Job("receiver", sent, "seven"), 1)
    assert {(result["verdict"], result["spans"] >= 500) for result in found.results.values()} == {("kept", True)}


def test_builds_verify_the_trace_of_a_test(builds: Mapping[str, Build], tmp_path: Path) -> None:
    write_traces_alone(tmp_path / "tests.jsonl", 3)
    found = compare(builds, Job("test", tmp_path / "tests.jsonl", "seven"), 1)
    assert {(result["verdict"], result["spans"]) for result in found.results.values()} == {("kept", 10)}


def test_ratios_are_of_the_same_round() -> None:
    found = Comparison()
    for seconds in (1.0, 4.0):
        found.add(EARLIER_ARM, {"seconds": seconds, "spans": 100})
        found.add(PLAIN_ARM, {"seconds": seconds / 2, "spans": 100})
    assert found.ratios(PLAIN_ARM) == [2.0, 2.0]
    assert found.rate(PLAIN_ARM) == 80.0
