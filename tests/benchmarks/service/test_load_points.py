"""The loads of a run: parts of what a worker carries, and the promised rates over as many workers as they need."""

from __future__ import annotations

import pytest

from benchmarks.service.load_points import POINT_NAMES, LoadPoint, load_points, workers_for


@pytest.mark.parametrize(
    ("rate", "milliseconds", "workers"),
    [(1_000, 0.44, 1), (1_000, 0.5, 1), (1_000, 0.51, 2), (2_000, 0.44, 2), (1_000, 1.2, 3), (10, 0.1, 1)],
)
def test_an_untraced_worker_uses_at_most_half_of_its_core(rate: float, milliseconds: float, workers: int) -> None:
    assert workers_for(rate, milliseconds / 1e3) == workers


def test_one_worker_has_parts_of_what_it_carries() -> None:
    points = load_points(1_896.0, 0.44e-3)
    assert [point.name for point in points] == list(POINT_NAMES) == ["25 %", "50 %", "75 %", "1,000/s", "2,000/s"]
    assert [(point.rate, point.workers) for point in points[:3]] == [(470, 1), (950, 1), (1_420, 1)]
    assert points[3:] == [LoadPoint("1,000/s", 1_000, 1), LoadPoint("2,000/s", 2_000, 2)]
    assert points[4].rate_of_a_worker == 1_000
