"""What is compared with the earlier build, and what with an untraced service, in the figures that have a goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import pytest

from benchmarks.earlier_build import EARLIER
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import LoadPoint
from benchmarks.service.open_loop import LoadResult, Plan
from benchmarks.service.reports import (
    report_by_cpu_time,
    report_by_the_clock,
    report_cost_at_a_thousand,
    report_instructions,
    report_saturated,
    report_spool,
)
from benchmarks.service.watched_service import Collections

TARGET = "studio-api, target: "
WITHOUT_EARLIER = (s.UNTRACED, s.TENTH, s.WHOLE, s.CONTROL)


class Reported(dict[str, float]):
    """The medians of what was reported by their name, and the goals of those that have one."""

    def __init__(self) -> None:
        super().__init__()
        self.goals: dict[str, float] = {}

    def __call__(self, name: str, samples: Sequence[float], *, goal: float | None = None, **_: Any) -> None:
        self[name] = median(samples)
        if goal is not None:
            self.goals[name] = goal


@pytest.fixture
def reported() -> Reported:
    return Reported()


def load(cpu_us: float, *, p95_ms: float = 1.0, rate: float = 1_000, took_s: float = 1.0, full: int = 0) -> Any:
    """A load of 1,000 requests, each of which took so much CPU time."""
    result = LoadResult(Plan(rate, 1_000 / rate), [p95_ms / 1e3] * 1_000, [], 0, 0, took_s, 0.1)
    return s.MeasuredLoad(result, cpu_us * 1_000 / 1e6, 1, Collections(full, 0.002 * full))


def drifting(costs: Mapping[str, float]) -> Mapping[str, s.Loads]:
    """Three rounds in which the speed of the machine changes twofold."""
    return {arm: [load(cost * speed) for speed in (1.0, 2.0, 1.5)] for arm, cost in costs.items()}


COSTS = {s.UNTRACED: 300.0, s.WHOLE: 460.0, s.EARLIER_UNTRACED: 400.0, s.EARLIER_WHOLE: 600.0}


def test_cost_is_compared_within_a_round_so_that_a_drift_does_not_count(reported: Reported) -> None:
    report_cost_at_a_thousand(drifting(COSTS), reported)
    report_saturated(drifting(COSTS), reported)
    for where in ("at 1,000/s", "saturated"):
        untraced = f"{TARGET}CPU of an untraced request / in build {EARLIER}, {where}"
        added = f"{TARGET}CPU added by tracing 100 % / in build {EARLIER}, {where}"
        assert reported[untraced] == pytest.approx(0.75)
        assert reported[added] == pytest.approx(160 / 200)
        assert reported.goals[added] == 0.80
        assert reported.goals[untraced] == {"at 1,000/s": 0.75, "saturated": 0.65}[where]


def test_a_saturated_worker_at_100_is_compared_with_the_earlier_untraced_one(reported: Reported) -> None:
    found = {arm: [load(cost, rate=100_000, took_s=cost / 400)] for arm, cost in COSTS.items()}
    report_saturated(found, reported)
    assert reported["studio-api, saturated, 100 %: answers"] == pytest.approx(1_000 / 1.15)
    name = f"{TARGET}requests/s of one worker at 100 % / untraced in build {EARLIER}"
    assert (reported[name], reported.goals[name]) == (pytest.approx(400 / 460), 1.0)


def test_without_the_earlier_build_nothing_is_compared_with_it(reported: Reported) -> None:
    found = drifting(dict.fromkeys(WITHOUT_EARLIER, 300.0))
    report_cost_at_a_thousand(found, reported)
    report_saturated(found, reported)
    report_instructions(dict.fromkeys((s.UNTRACED, s.WHOLE), 1e6), reported)
    assert not reported.goals
    assert not [name for name in reported if EARLIER in name]


def test_collections_are_counted_for_a_thousand_requests(reported: Reported) -> None:
    report_cost_at_a_thousand({s.WHOLE: [load(500, full=1), load(500, full=2)]}, reported)
    assert reported["studio-api, 100 %: full collections of 1,000 requests"] == 1.5
    assert reported["studio-api, 100 %: longest collection"] == 4.0


def test_what_is_added_by_the_clock_is_compared_within_a_round(reported: Reported) -> None:
    found = {
        s.UNTRACED: [load(300, p95_ms=one) for one in (1.0, 9.0, 2.0)],
        s.WHOLE: [load(300, p95_ms=one) for one in (1.5, 10.0, 2.75)],
    }
    report_by_the_clock(LoadPoint("1,000/s", 1_000, 1), found, reported)
    assert reported["studio-api, 1,000/s, 100 %: P95 added by the clock"] == pytest.approx(0.75)
    assert reported["studio-api, 1,000/s, 100 %: P95 by the clock"] == pytest.approx(2.75)
    assert reported["studio-api, 1,000/s, 100 %: cores of a worker"] == pytest.approx(0.3)


def test_latencies_by_cpu_time_are_those_of_the_rate_of_one_worker(reported: Reported) -> None:
    """A pause of 9 ms delays eighteen of a hundred requests at 1,000 a second of one worker, and two over eight."""
    quick = [0.0005] * 100
    paused = [*quick[:50], 0.0095, *quick[51:]]
    demands = {arm: [quick] for arm in s.ARMS} | {s.WHOLE: [paused], s.OF_THE_SDK: [[0.0007] * 80 + [0.05] * 20]}
    points = [LoadPoint("1,000/s", 1_000, 1), LoadPoint("2,000/s", 2_000, 8)]
    report_by_cpu_time(points, demands, reported)
    assert reported["studio-api, 1,000/s, 100 %: P95 by CPU time"] == pytest.approx(7.0)
    assert reported["studio-api, 2,000/s, 100 %: P95 by CPU time"] == pytest.approx(0.5)
    added = f"{TARGET}P95 added at 1,000/s by CPU time, 100 %"
    assert (reported[added], reported.goals[added]) == (pytest.approx(6.5), 0.7)
    assert reported[f"{TARGET}P95 added at 1,000/s by CPU time, 10 %"] == 0
    assert reported["studio-api, 100 %: longest pause"] == pytest.approx(9.5)
    assert reported[f"{TARGET}longest pause / median request, 100 %"] == pytest.approx(19)


def test_what_is_added_by_cpu_time_is_compared_within_a_round(reported: Reported) -> None:
    """In the third round the machine does something else: neither P95 nor what is added is that of the round."""
    demands = {arm: [[0.0004] * 20, [0.0005] * 20, [0.009] * 20] for arm in s.ARMS}
    demands[s.WHOLE] = [[0.0006] * 20, [0.0007] * 20, [0.0002] * 20]
    demands[s.OF_THE_SDK] = [[0.001] * 20] * 3
    report_by_cpu_time([LoadPoint("1,000/s", 1_000, 1)], demands, reported)
    assert reported[f"{TARGET}P95 added at 1,000/s by CPU time, 100 %"] == pytest.approx(0.2)
    assert reported["studio-api, 1,000/s, untraced: P95 by CPU time"] == pytest.approx(0.5)


def test_instructions_are_compared_with_the_earlier_build(reported: Reported) -> None:
    report_instructions({s.UNTRACED: 9e5, s.EARLIER_UNTRACED: 1.5e6}, reported)
    name = f"{TARGET}instructions of an untraced request / in build {EARLIER}"
    assert (reported[name], reported.goals[name]) == (pytest.approx(0.6), 0.62)


def test_a_spool_is_compared_within_each_round(reported: Reported) -> None:
    cpu = {s.WHOLE: [100.0, 200.0, 400.0], s.SPOOLED: [104.0, 206.0, 440.0], s.WHOLE_AGAIN: [101.0, 198.0, 400.0]}
    report_spool(cpu, {s.WHOLE: 1_000.0, s.SPOOLED: 1_060.0}, reported)
    assert reported[f"{TARGET}CPU of a request with a spool / without"] == pytest.approx(1.04)
    assert reported[f"{TARGET}instructions of a request with a spool / without"] == pytest.approx(1.06)
    assert reported["studio-api, spool: CPU of a request without one, twice"] == 1.0
    assert set(reported.goals.values()) == {1.05}


def test_without_counts_a_spool_is_compared_by_cpu_time_alone(reported: Reported) -> None:
    report_spool({arm: [1.0] for arm in (s.WHOLE, s.SPOOLED, s.WHOLE_AGAIN)}, {}, reported)
    assert list(reported.goals) == [f"{TARGET}CPU of a request with a spool / without"]
