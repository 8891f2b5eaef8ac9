"""Verifying a file takes no more memory for a larger file; `benchmarks.verification.file_memory` measures 1 GB."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.verification import file_memory
from benchmarks.verification.file_memory import MOST, peak_of


@pytest.mark.expensive
@pytest.mark.timeout(600)
def test_ten_times_the_file_takes_the_same_memory(tmp_path: Path) -> None:
    small, large = (peak_of(megabytes * 10**6, "alike", tmp_path) for megabytes in (3, 30))
    assert large <= MOST * small


@pytest.mark.parametrize("traffic", file_memory.TRAFFIC)
def test_the_contract_is_kept_by_the_traffic(traffic: str, tmp_path: Path) -> None:
    assert peak_of(100_000, traffic, tmp_path) > 1


def test_a_contract_that_is_not_kept_is_no_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_memory, "CONTRACT", file_memory.CONTRACT.replace("http.route: present", "none: present"))
    with pytest.raises(RuntimeError, match="attribute-missing"):
        peak_of(100_000, "alike", tmp_path)
