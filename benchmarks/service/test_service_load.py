"""What tracing costs studio-api, and what it adds to latencies, beside an earlier build in the same run.

The load is open loop (`benchmarks.service.open_loop`). All services take turns, so that ratios hold although the speed
of the machine drifts. Goals are for ratios to the earlier build, and for latencies by CPU time
(`benchmarks.service.replay`). Latencies by the clock have none: they are those of a machine and of what else it does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

import pytest

from benchmarks.earlier_build import EARLIER, NoEarlierBuild, earlier_build
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import (
    MACHINE_GET,
    MACHINE_RATE,
    SATURATED,
    THOUSAND,
    LoadPoint,
    load_points,
    row_name,
    target_name,
)
from benchmarks.service.machine import cpu_of_a_get_us, has_pgo
from benchmarks.service.open_loop import SHARES, Plan, percentile
from benchmarks.service.replay import FIRST, replay
from benchmarks.service.request_instructions import can_count, instructions_of_a_request
from containers.servers.redis_server import RedisBackend

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the CPU time of another process is read on Linux only"),
]

SATURATING = Plan(100_000, 0.03, 16)
"""All requests are due at once: they are sent as fast as 16 connections go."""
ROUNDS = 5
TURNS, REQUESTS = 8, 750
"""Of requests that are sent one at a time, to each service."""
EXPORTED_S = 5.5
"""After so many seconds, all spans that have ended have arrived: the SDK's export waits for 5."""
Measure = Callable[..., None]


@pytest.fixture(scope="module")
def running(redis_server: RedisBackend, noted: Callable[[str], None]) -> Iterator[s.Fleet]:
    with ExitStack() as stack:
        try:
            earlier = stack.enter_context(earlier_build())
        except NoEarlierBuild as error:
            noted(str(error))
            earlier = None
        yield stack.enter_context(s.fleet(redis_server, earlier))


@pytest.fixture(scope="module")
def saturated(running: s.Fleet) -> Mapping[str, s.Loads]:
    return running.in_rounds(_without_the_sdks(running), SATURATING, ROUNDS)


@pytest.fixture(scope="module")
def points(running: s.Fleet, saturated: Mapping[str, s.Loads]) -> Sequence[LoadPoint]:
    carried = median(one.load.achieved for one in saturated[s.UNTRACED])
    at_a_rate = s.run_load(running.workers(s.UNTRACED), Plan(min(1_000.0, carried / 2), 1.0))
    return load_points(carried, at_a_rate.cpu_of_a_request_us / 1e6)


def test_saturated(redis_server: RedisBackend, saturated: Mapping[str, s.Loads], measured: Measure) -> None:
    measured(MACHINE_GET, [cpu_of_a_get_us(redis_server.url)], unit="us", redis=str(redis_server))
    carried = {arm: [one.load.achieved for one in loads] for arm, loads in saturated.items()}
    pgo = "with" if has_pgo() else "without"
    measured(MACHINE_RATE, carried[s.UNTRACED], unit="requests/s", at_least=True, pgo=pgo)
    for arm, loads in saturated.items():
        measured(row_name(SATURATED, arm, "answers"), carried[arm], unit="requests/s", at_least=True)
        _report_cpu(SATURATED, arm, loads, measured)
    _report_cpu_targets("saturated", saturated, 0.65, measured)
    if s.EARLIER_UNTRACED in saturated:
        ratios = [ours / theirs for ours, theirs in zip(carried[s.WHOLE], carried[s.EARLIER_UNTRACED], strict=True)]
        what = f"requests/s of one worker at 100 % / untraced in build {EARLIER}"
        measured(target_name(what), ratios, goal=1.0, unit="", at_least=True)


def test_rates_by_the_clock(
    running: s.Fleet, points: Sequence[LoadPoint], measured: Measure, noted: Callable[[str], None]
) -> None:
    for point in points:
        if point.workers > (os.cpu_count() or 1):
            noted(f"{point.name} needs {point.workers} workers, more than this machine has cores: not loaded")
            continue
        promised = point.name == THOUSAND
        arms = _without_the_sdks(running) if promised else (s.UNTRACED, s.TENTH, s.WHOLE, s.CONTROL)
        plan = Plan(point.rate, 2.0 if point.workers > 1 or promised else 1.5)
        found = running.in_rounds(arms, plan, ROUNDS if promised else 3, point.workers)
        for arm, loads in found.items():
            _report_clock(point, arm, loads, found[s.UNTRACED], measured)
            _report_cpu(point.name, arm, loads, measured)
        if promised:
            _report_collections(found, measured)
            _report_cpu_targets(f"at {THOUSAND}", found, 0.75, measured)


def test_latencies_by_cpu_time(running: s.Fleet, points: Sequence[LoadPoint], measured: Measure) -> None:
    workers = {arm: running.workers(arm)[0] for arm in running.arms}
    time.sleep(EXPORTED_S)
    before = {arm: running.spans(arm) for arm in running.arms}
    demands: dict[str, list[float]] = {arm: [] for arm in running.arms}
    for order in s.in_turns(running.arms, TURNS):
        for arm in order:
            demands[arm] += workers[arm].demands(REQUESTS)
    time.sleep(EXPORTED_S)
    for arm, found in demands.items():
        spans = (running.spans(arm) - before[arm]) / (TURNS * (REQUESTS + FIRST))
        measured(f"studio-api, {arm}: spans received for a request", [spans], unit="")
        measured(f"studio-api, {arm}: longest pause", [max(found) * 1e3], unit="ms")
        measured(f"studio-api, {arm}: median request", [median(found) * 1e3], unit="ms")
    pause = max(demands[s.WHOLE]) / median(demands[s.WHOLE])
    measured(target_name("longest pause / median request, 100 %"), [pause], goal=15.0, unit="")
    for point in points:
        p95 = {arm: _report_replay(point, arm, found, measured) for arm, found in demands.items()}
        for arm in running.arms[1:]:
            measured(row_name(point.name, arm, "P95 added by CPU time"), [p95[arm] - p95[s.UNTRACED]], unit="ms")
        if point.name == THOUSAND:
            _report_p95_targets(p95, measured)


@pytest.mark.skipif(not can_count(), reason="valgrind is not installed: apt-get install valgrind")
def test_instructions_of_a_request(running: s.Fleet, measured: Measure) -> None:
    arms = [arm for arm in (s.UNTRACED, s.WHOLE, *s.EARLIER_ARMS) if arm in running.arms]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # counts do not depend on what runs beside
        counted = dict(zip(arms, pool.map(lambda arm: instructions_of_a_request(running, arm), arms), strict=True))
    for arm, number in counted.items():
        measured(f"studio-api, {arm}: instructions of a request", [number], unit="instructions")
    if s.EARLIER_UNTRACED in counted:
        ratio = counted[s.UNTRACED] / counted[s.EARLIER_UNTRACED]
        what = f"instructions of an untraced request / in build {EARLIER}"
        measured(target_name(what), [ratio], goal=0.62, unit="")


def _without_the_sdks(running: s.Fleet) -> Sequence[str]:
    return [arm for arm in running.arms if arm != s.OF_THE_SDK]


def _report_cpu(point: str, arm: str, loads: s.Loads, measured: Measure) -> None:
    measured(row_name(point, arm, "CPU of a request"), [one.cpu_of_a_request_us for one in loads], unit="us")
    measured(row_name(point, arm, "cores of a worker"), [one.cores_of_a_worker for one in loads], unit="cores")


def _report_cpu_targets(where: str, found: Mapping[str, s.Loads], goal: float, measured: Measure) -> None:
    """Report CPU as a part of the earlier build's, untraced and added at 100 %."""
    if s.EARLIER_UNTRACED not in found:
        return
    took = {arm: [one.cpu_of_a_request_us for one in loads] for arm, loads in found.items()}
    ratios = [ours / theirs for ours, theirs in zip(took[s.UNTRACED], took[s.EARLIER_UNTRACED], strict=True)]
    what = f"CPU of an untraced request / in build {EARLIER}, {where}"
    measured(target_name(what), ratios, goal=goal, unit="")
    added = _median_of_differences(took[s.WHOLE], took[s.UNTRACED])
    added_before = _median_of_differences(took[s.EARLIER_WHOLE], took[s.EARLIER_UNTRACED])
    what = f"CPU added by tracing 100 % / in build {EARLIER}, {where}"
    measured(target_name(what), [added / added_before], goal=0.80, unit="")


def _median_of_differences(these: Sequence[float], those: Sequence[float]) -> float:
    return median(one - other for one, other in zip(these, those, strict=True))


def _report_clock(point: LoadPoint, arm: str, loads: s.Loads, untraced: s.Loads, measured: Measure) -> None:
    wrong = sum(one.load.failed + one.load.unanswered for one in loads)
    facts = {"rate": f"{point.rate:g}", "workers": str(point.workers), "wrong or missing answers": str(wrong)}
    percentiles = [one.load.percentiles for one in loads]
    for name in SHARES:
        samples = [one[name] * 1e3 for one in percentiles]
        measured(row_name(point.name, arm, f"{name} by the clock"), samples, unit="ms", **facts)
    if arm != s.UNTRACED:
        less = [one.load.percentiles["P95"] for one in untraced]
        added = [(one["P95"] - other) * 1e3 for one, other in zip(percentiles, less, strict=True)]
        measured(row_name(point.name, arm, "P95 added by the clock"), added, unit="ms", **facts)
    answers = [one.load.achieved for one in loads]
    measured(row_name(point.name, arm, "answers"), answers, unit="requests/s", at_least=True, **facts)


def _report_collections(found: Mapping[str, s.Loads], measured: Measure) -> None:
    for arm, loads in found.items():
        full = [one.collections.full / one.load.plan.requests * 1e3 for one in loads]
        measured(f"studio-api, {arm}: full collections of 1,000 requests", [sum(full) / len(full)], unit="")
        longest = max(one.collections.longest_s for one in loads) * 1e3
        measured(f"studio-api, {arm}: longest collection", [longest], unit="ms")


def _report_replay(point: LoadPoint, arm: str, demands: Sequence[float], measured: Measure) -> float:
    """Return the P95 in milliseconds."""
    facts = {"rate": f"{point.rate:g}", "workers": str(point.workers)}
    ordered = sorted(replay(demands, point.rate_of_a_worker))
    found = {name: percentile(ordered, share) * 1e3 for name, share in SHARES.items()}
    for name, latency in found.items():
        measured(row_name(point.name, arm, f"{name} by CPU time"), [latency], unit="ms", **facts)
    return found["P95"]


def _report_p95_targets(p95: Mapping[str, float], measured: Measure) -> None:
    added = {arm: latency - p95[s.UNTRACED] for arm, latency in p95.items()}
    for arm, goal in ((s.TENTH, 0.1), (s.WHOLE, 0.7)):
        measured(target_name(f"P95 added at {THOUSAND} by CPU time, {arm}"), [added[arm]], goal=goal, unit="ms")
    if added[s.OF_THE_SDK] > 0:
        ratio = added[s.WHOLE] / added[s.OF_THE_SDK]
        what = f"P95 added at {THOUSAND} by CPU time, 100 % / with OpenTelemetry's own export and defaults"
        measured(target_name(what), [ratio], goal=0.25, unit="")
