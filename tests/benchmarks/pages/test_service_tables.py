"""The tables of the service: what has a goal, what a request costs, and latencies where two untraced services agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.figures import Figures
from benchmarks.pages.pictures import pictures
from benchmarks.pages.service_tables import BY_CLOCK, BY_CPU, MOST_NOISE_MS
from benchmarks.pages.tables import table_of
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import MACHINE_GET, MACHINE_RATE, SATURATED, THOUSAND, row_name, target_name
from benchmarks.service.open_loop import SHARES

FACTS = {"python": "3.11.7", "cores": "2", "load of the last minute": "0.5"}
RUN = "Run of then: Python 3.11.7, 2 cores, load of the last minute 0.5."


def measured(name: str, sample: float, goal: float | None = None, unit: str = "ms", **facts: str) -> dict[str, Any]:
    at_least = unit == "requests/s"
    row = Figures(name, (sample,), goal, facts, unit, at_least).as_json()
    return {**row, "samples": 1, "when": "then", "facts": {**facts, **FACTS}}


def rows(*found: dict[str, Any]) -> dict[str, Any]:
    return {one["benchmark"]: one for one in found}


def loaded(point: str, way: str, noise: float, rate: str = "1000", workers: str = "1") -> Iterator[dict[str, Any]]:
    """The rows of one load, with P95 of 0.5 ms untraced and 1.25 ms traced."""
    for arm in s.ARMS:
        facts = {"rate": rate, "workers": workers}
        p95 = 0.5 if arm in (s.UNTRACED, s.CONTROL) else 1.25
        for number, name in enumerate(SHARES):
            yield measured(row_name(point, arm, f"{name} {way}"), p95 * max(1, number - 1), None, "ms", **facts)
        if arm != s.UNTRACED:
            added = noise if arm == s.CONTROL else 0.75
            yield measured(row_name(point, arm, f"P95 added {way}"), added, None, "ms", **facts)
        yield measured(row_name(point, arm, "answers"), float(rate), None, "requests/s", **facts)
        yield measured(row_name(point, arm, "cores of a worker"), 0.44, unit="cores")


def shown_as(kind: str, found: dict[str, Any]) -> Sequence[str]:
    return table_of(kind, "", found)


def test_the_speed_of_the_machine_is_said_with_the_build_of_python() -> None:
    rate = measured(MACHINE_RATE, 1_896.4, unit="requests/s", pgo="without")
    (line,) = shown_as("machine", rows(measured(MACHINE_GET, 20.25, unit="us"), rate))
    assert "a sync Redis GET takes 20.25 us of CPU, and one untraced worker answers 1,896 requests a second" in line
    assert line.endswith("Python was built without profile-guided optimization.")


def test_each_load_is_a_column_with_its_rate_and_workers() -> None:
    found = rows(*loaded("25 %", BY_CPU, 0.0, "470"), *loaded("2,000/s", BY_CPU, 0.0, "2000", "2"))
    lines = shown_as("by-cpu-time", found)
    assert lines[0] == "|  | 25 %, 470/s, 1 worker | 2,000/s, 2 workers |"
    assert "| untraced | 0.50, 1 | 0.50, 1 |" in lines
    assert "| 100 % | 1.25 (+0.75), 2.50 | 1.25 (+0.75), 2.50 |" in lines
    assert lines[-1] == RUN
    assert "| 100 % | 470 (0.44) | 2,000 (0.44) |" in shown_as("carried", found)


def test_latencies_are_shown_only_where_two_untraced_services_agree() -> None:
    for kind, way in (("by-cpu-time", BY_CPU), ("by-the-clock", BY_CLOCK)):
        most = MOST_NOISE_MS[way]
        found = rows(*loaded("25 %", way, most, "470"), *loaded(THOUSAND, way, -most - 0.1))
        lines = shown_as(kind, found)
        assert lines[0] == "|  | 25 %, 470/s, 1 worker |"
        differ = f"because two untraced services differ in this run by {most + 0.1:.2f} ms (accepted: {most:.2f} ms)."
        assert f"P95 and P99 at 1,000/s {way}: not shown, {differ}" in lines
        assert lines[-1] == RUN
        none_agrees = shown_as(kind, rows(*loaded(THOUSAND, way, 9.0)))
        assert not any(line.startswith("|") for line in none_agrees)
        assert any("not shown" in line for line in none_agrees)


def test_goals_are_shown_and_those_of_a_p95_only_where_two_untraced_services_agree() -> None:
    ratio = measured(target_name("CPU of an untraced request"), 0.7, goal=0.65, unit="")
    p95 = measured(target_name("P95 added at 1,000/s"), 0.6, goal=0.7)
    calm = shown_as("targets", rows(ratio, p95, *loaded(THOUSAND, BY_CPU, 0.1)))
    assert "| CPU of an untraced request | 0.70 | <= 0.65, missed |" in calm
    assert "| P95 added at 1,000/s | 0.60 ms | <= 0.70 ms, met |" in calm
    busy = shown_as("targets", rows(ratio, p95, *loaded(THOUSAND, BY_CPU, 0.11)))
    assert "| CPU of an untraced request | 0.70 | <= 0.65, missed |" in busy
    assert not any("0.60 ms" in line for line in busy)
    assert any(line.startswith("| P95 added at 1,000/s by CPU time: not shown, because") for line in busy)


def test_the_summary_has_the_goals_of_the_service_and_the_speed_of_the_machine() -> None:
    rate = measured(MACHINE_RATE, 1_896.4, unit="requests/s", pgo="with")
    ratio = measured(target_name("CPU of an untraced request"), 0.6, goal=0.65, unit="")
    lines = shown_as("short", rows(ratio, rate, measured(MACHINE_GET, 20.0, unit="us")))
    assert "| studio-api: CPU of an untraced request | 0.60 | <= 0.65, met |" in lines
    assert lines[-3] == RUN
    assert lines[-1].startswith("Speed of the machine: a sync Redis GET takes 20 us")


def test_what_a_request_costs_is_a_row_for_each_way_that_was_measured() -> None:
    cpu = measured(row_name(SATURATED, s.WHOLE, "CPU of a request"), 487.0, unit="us")
    pause = measured(f"studio-api, {s.WHOLE}: longest pause", 3.3)
    head, _, line, *end = shown_as("cost", rows(cpu, pause))
    assert [cell.strip() for cell in head.split("|")][3] == "CPU of a request, saturated, us"
    assert line == "| 100 % |  | 487 |  |  |  |  |  |  | 3.30 |"
    assert end == ["", RUN]


def test_percentiles_by_cpu_time_are_drawn_at_a_thousand() -> None:
    (svg,) = pictures(rows(*loaded(THOUSAND, BY_CPU, 0.11))).values()
    assert "two untraced services are 0.11 ms apart at P95" in svg
    assert "Latency of studio-api at 1,000/s by CPU time" in svg
    assert s.EARLIER_WHOLE in svg
    assert pictures(rows(*loaded("25 %", BY_CPU, 0.0))) == {}
