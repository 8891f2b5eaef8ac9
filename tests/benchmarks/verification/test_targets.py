"""Each file has the target of its traffic, and of its encoding where that matters."""

from __future__ import annotations

import pytest

from benchmarks.verification.targets import of_file


@pytest.mark.parametrize(
    ("traffic", "suffix", "contracts", "core", "target"),
    [
        ("same", ".jsonl", "13", True, 8),
        ("same", ".pb", "1", True, 10),
        ("varied", ".pb", "13", True, 8),
        ("varied", ".jsonl", "1", False, 1.8),
        ("same", ".jsonl", "1", False, None),
    ],
)
def test_targets_of_files(traffic: str, suffix: str, contracts: str, core: bool, target: float | None) -> None:
    assert of_file(traffic, suffix, contracts, core=core) == target
