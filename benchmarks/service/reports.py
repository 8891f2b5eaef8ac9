"""What the measurements of the service say: its benchmarks, and its goals beside the earlier build.

Each function takes what was measured by the way of tracing (`studio_load.ARMS`), and passes figures to the fixture
`measured`. Where the earlier build was not measured, what is compared with it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from statistics import median
from typing import Final

from benchmarks.earlier_build import EARLIER
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import SATURATED, THOUSAND, LoadPoint, row_name, target_name
from benchmarks.service.open_loop import SHARES, percentile
from benchmarks.service.replay import replay

Measure = Callable[..., None]
Found = Mapping[str, s.Loads]
MOST_OF_A_SPOOL: Final = 1.05
_SHOWN: Final = ("P95", "P99")


def report_saturated(found: Found, measured: Measure) -> None:
    """Report what one worker carries, and what a request costs then."""
    carried = {arm: [one.load.achieved for one in loads] for arm, loads in found.items()}
    for arm, loads in found.items():
        measured(row_name(SATURATED, arm, "answers"), carried[arm], unit="requests/s", at_least=True)
        measured(row_name(SATURATED, arm, "CPU of a request"), _cpu(loads), unit="us")
    _report_cpu_goals("saturated", found, 0.65, measured)
    if s.EARLIER_UNTRACED in found:
        what = f"requests/s of one worker at 100 % / untraced in build {EARLIER}"
        ratios = _ratios(carried[s.WHOLE], carried[s.EARLIER_UNTRACED])
        measured(target_name(what), ratios, goal=1.0, unit="", at_least=True)


def report_by_the_clock(point: LoadPoint, found: Found, measured: Measure) -> None:
    """Report latencies, answers and the cores that were used; what was added is compared within each round."""
    p95 = {arm: [one.load.percentiles["P95"] * 1e3 for one in loads] for arm, loads in found.items()}
    for arm, loads in found.items():
        wrong = sum(one.load.failed + one.load.unanswered for one in loads)
        facts = {**_facts(point), "wrong or missing answers": str(wrong)}
        for name in _SHOWN:
            samples = [one.load.percentiles[name] * 1e3 for one in loads]
            measured(row_name(point.name, arm, f"{name} by the clock"), samples, unit="ms", **facts)
        if arm != s.UNTRACED:
            added = _differences(p95[arm], p95[s.UNTRACED])
            measured(row_name(point.name, arm, "P95 added by the clock"), added, unit="ms", **facts)
        answers = [one.load.achieved for one in loads]
        measured(row_name(point.name, arm, "answers"), answers, unit="requests/s", at_least=True, **facts)
        cores = [one.cores_of_a_worker for one in loads]
        measured(row_name(point.name, arm, "cores of a worker"), cores, unit="cores")


def report_cost_at_a_thousand(found: Found, measured: Measure) -> None:
    """Report what a request costs at 1,000 requests a second, and the garbage collections meanwhile."""
    for arm, loads in found.items():
        measured(row_name(THOUSAND, arm, "CPU of a request"), _cpu(loads), unit="us")
        full = sum(one.collections.full for one in loads) / sum(one.load.plan.requests for one in loads) * 1e3
        measured(f"studio-api, {arm}: full collections of 1,000 requests", [full], unit="")
        longest = max(one.collections.longest_s for one in loads) * 1e3
        measured(f"studio-api, {arm}: longest collection", [longest], unit="ms")
    _report_cpu_goals(f"at {THOUSAND}", found, 0.75, measured)


Turns = Sequence[Sequence[float]]
"""Seconds of CPU of each request, by the turns of a service."""


def report_by_cpu_time(points: Sequence[LoadPoint], demands: Mapping[str, Turns], measured: Measure) -> None:
    """Report latencies by CPU time at each load, and the longest pause.

    Each turn is replayed by itself, and what is added is compared within each round: the machine may have done
    something else in one of them. The longest pause is that of the longest request, with the collections and exports
    that hit it.
    """
    for arm, turns in demands.items():
        measured(f"studio-api, {arm}: longest pause", [max(map(max, turns)) * 1e3], unit="ms")
        measured(f"studio-api, {arm}: median request", [median(chain(*turns)) * 1e3], unit="ms")
    pause = max(map(max, demands[s.WHOLE])) / median(chain(*demands[s.WHOLE]))
    measured(target_name("longest pause / median request, 100 %"), [pause], goal=15.0, unit="")
    for point in points:
        latencies = {arm: [sorted(replay(turn, point.rate_of_a_worker)) for turn in demands[arm]] for arm in demands}
        p95 = {arm: _percentiles("P95", turns) for arm, turns in latencies.items()}
        added = {arm: _differences(found, p95[s.UNTRACED]) for arm, found in p95.items()}
        for arm, turns in latencies.items():
            for name in SHARES if point.name == THOUSAND and arm in s.DRAWN else _SHOWN:
                found = _percentiles(name, turns)
                measured(row_name(point.name, arm, f"{name} by CPU time"), found, unit="ms", **_facts(point))
            if arm != s.UNTRACED:
                measured(row_name(point.name, arm, "P95 added by CPU time"), added[arm], unit="ms", **_facts(point))
        if point.name == THOUSAND:
            _report_p95_goals(added, measured)


def _percentiles(name: str, turns: Turns) -> Sequence[float]:
    """Return the percentile of each turn, in milliseconds; the latencies of a turn are in order."""
    return [percentile(ordered, SHARES[name]) * 1e3 for ordered in turns]


def report_instructions(counted: Mapping[str, float], measured: Measure) -> None:
    """Report the machine instructions of a request."""
    for arm, number in counted.items():
        measured(f"studio-api, {arm}: instructions of a request", [number], unit="instructions")
    if s.EARLIER_UNTRACED in counted:
        ratio = counted[s.UNTRACED] / counted[s.EARLIER_UNTRACED]
        measured(target_name(f"instructions of an untraced request / in build {EARLIER}"), [ratio], goal=0.62, unit="")


def report_spool(cpu: Mapping[str, Sequence[float]], instructions: Mapping[str, float], measured: Measure) -> None:
    """Report what a spool adds to a request, and what two services without one differ by.

    `cpu` are the microseconds of CPU of a request by round, for each way of tracing; `instructions` are those of a
    request, empty where they were not counted.
    """
    for arm, samples in cpu.items():
        measured(f"studio-api, spool: CPU of a request, {arm}", samples, unit="us")
    for arm, number in instructions.items():
        measured(f"studio-api, spool: instructions of a request, {arm}", [number], unit="instructions")
    again = _ratios(cpu[s.WHOLE_AGAIN], cpu[s.WHOLE])
    measured("studio-api, spool: CPU of a request without one, twice", again, unit="")
    ratios = _ratios(cpu[s.SPOOLED], cpu[s.WHOLE])
    measured(target_name("CPU of a request with a spool / without"), ratios, goal=MOST_OF_A_SPOOL, unit="")
    if instructions:
        ratio = instructions[s.SPOOLED] / instructions[s.WHOLE]
        what = "instructions of a request with a spool / without"
        measured(target_name(what), [ratio], goal=MOST_OF_A_SPOOL, unit="")


def _report_cpu_goals(where: str, found: Found, goal: float, measured: Measure) -> None:
    """Report CPU as a part of the earlier build's: untraced, and what is added at 100 %."""
    if s.EARLIER_UNTRACED not in found:
        return
    cpu = {arm: _cpu(loads) for arm, loads in found.items()}
    what = f"CPU of an untraced request / in build {EARLIER}, {where}"
    measured(target_name(what), _ratios(cpu[s.UNTRACED], cpu[s.EARLIER_UNTRACED]), goal=goal, unit="")
    added = median(_differences(cpu[s.WHOLE], cpu[s.UNTRACED]))
    added_before = median(_differences(cpu[s.EARLIER_WHOLE], cpu[s.EARLIER_UNTRACED]))
    what = f"CPU added by tracing 100 % / in build {EARLIER}, {where}"
    measured(target_name(what), [added / added_before], goal=0.80, unit="")


def _report_p95_goals(added: Mapping[str, Sequence[float]], measured: Measure) -> None:
    for arm, goal in ((s.TENTH, 0.1), (s.WHOLE, 0.7)):
        measured(target_name(f"P95 added at {THOUSAND} by CPU time, {arm}"), added[arm], goal=goal, unit="ms")
    what = f"P95 added at {THOUSAND} by CPU time, 100 % / with OpenTelemetry's own export and defaults"
    ratio = median(added[s.WHOLE]) / median(added[s.OF_THE_SDK])
    measured(target_name(what), [ratio], goal=0.25, unit="")


def _facts(point: LoadPoint) -> Mapping[str, str]:
    return {"rate": f"{point.rate:g}", "workers": str(point.workers)}


def _cpu(loads: s.Loads) -> Sequence[float]:
    return [one.cpu_of_a_request_us for one in loads]


def _ratios(these: Sequence[float], those: Sequence[float]) -> Sequence[float]:
    return [one / other for one, other in zip(these, those, strict=True)]


def _differences(these: Sequence[float], those: Sequence[float]) -> Sequence[float]:
    return [one - other for one, other in zip(these, those, strict=True)]
