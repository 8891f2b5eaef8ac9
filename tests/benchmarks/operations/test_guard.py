"""The guard fails a regression of more than 5 %, reports an improvement, and never passes without a comparison."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.operations import guard
from benchmarks.operations.guard import Comparison, compared, main
from benchmarks.operations.instructions import NotCounted


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (1.0, 1.049, "kept"),
        (1.0, 1.051, "regressed"),
        (1.0, 0.951, "kept"),
        (1.0, 0.949, "improved"),
        (0.02, 0.0249, "kept"),  # a few instructions of very few
        (0.02, 0.0251, "regressed"),
    ],
)
def test_a_ratio_regresses_by_more_than_5_per_cent(before: float, now: float, verdict: str) -> None:
    assert Comparison("async, sampled: ours, both", before, now).verdict == verdict


def test_a_line_says_what_it_is_and_what_it_was() -> None:
    assert str(Comparison("sync", 1.0, 1.2)) == "regressed  sync: 1.200, was 1.000 (+20%)"


def test_a_file_that_holds_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match=r"does not hold what is measured \(a, b\): renew it"):
        compared({"a": 1.0}, {"b": 1.0})


@pytest.fixture
def baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "guard.json"
    monkeypatch.setattr(guard, "BASELINE", file)
    monkeypatch.setattr(guard, "measured_ratios", lambda: {"sync": 1.3})
    return file


@pytest.mark.parametrize(("was", "code", "message"), [(1.25, 0, "kept"), (1.0, 1, "1 regressed"), (2.0, 0, "--renew")])
def test_the_exit_code_tells(
    baseline: Path, capsys: pytest.CaptureFixture[str], was: float, code: int, message: str
) -> None:
    baseline.write_text(json.dumps({guard.PYTHON: {"sync": was}}))
    assert main([]) == code
    assert message in capsys.readouterr().out


def test_renewing_keeps_what_other_pythons_have(baseline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline.write_text(json.dumps({"2.7": {"sync": 9.0}}))
    assert main([]) == 0
    assert f"not compared: guard.json has no ratios for Python {guard.PYTHON} (has: 2.7)" in capsys.readouterr().out
    assert main(["--renew"]) == 0
    assert json.loads(baseline.read_text()) == {"2.7": {"sync": 9.0}, guard.PYTHON: {"sync": 1.3}}
    assert main([]) == 0


def test_what_was_not_counted_is_not_kept(
    baseline: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cannot() -> guard.Ratios:
        raise NotCounted("valgrind is not installed: apt-get install valgrind")

    monkeypatch.setattr(guard, "measured_ratios", cannot)
    baseline.write_text(json.dumps({guard.PYTHON: {"sync": 1.3}}))
    assert main([]) == 3
    assert capsys.readouterr().out == "not compared: valgrind is not installed: apt-get install valgrind\n"
