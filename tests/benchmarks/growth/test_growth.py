"""The work of a verification grows with the size of its input, in each dimension; the guard says where it does not."""

from __future__ import annotations

import pytest

from benchmarks.growth import guard
from benchmarks.growth.dimensions import DIMENSIONS, LINEAR
from benchmarks.operations.instructions import NotCounted
from tests.counted_calls import count_calls


@pytest.mark.parametrize("name", list(DIMENSIONS))
def test_work_grows_with_the_size(name: str) -> None:
    dimension = DIMENSIONS[name]
    few, many = (dimension.prepare(size) for size in dimension.sizes[:2])
    dimension.prepare(dimension.size // 2)()  # what is imported once
    assert count_calls(many) < dimension.most * count_calls(few)


def test_a_dimension_that_grows_faster_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratios = {**dict.fromkeys(DIMENSIONS, 4.0), "traces": LINEAR + 0.1}
    monkeypatch.setattr(guard, "measured_ratios", lambda: ratios)
    assert guard.main([]) == 1
    assert "traces: 5.1 times the instructions for four times the size; at most 5" in capsys.readouterr().out
    monkeypatch.setattr(guard, "measured_ratios", lambda: dict.fromkeys(DIMENSIONS, 4.0))
    assert guard.main([]) == 0


def test_without_counts_nothing_is_called_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> dict[str, float]:
        raise NotCounted("valgrind is not installed")

    monkeypatch.setattr(guard, "measured_ratios", refuse)
    assert guard.main([]) == 3
    assert "not compared: valgrind is not installed" in capsys.readouterr().out


def test_the_page_has_a_row_for_each_dimension() -> None:
    page = guard.PAGE.read_text(encoding="utf-8")
    (rows,) = [found[0] for found in guard._TABLE.finditer(page)]
    for name, each in DIMENSIONS.items():
        sizes = " / ".join(f"{size:,}" for size in each.sizes)
        assert f"\n| {name} | {sizes} | " in rows
