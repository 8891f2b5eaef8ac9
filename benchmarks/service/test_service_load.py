"""What tracing costs studio-api, and what it adds to latencies, beside an earlier build in the same run.

The load is open loop (`benchmarks.service.open_loop`). All services take turns, so that ratios hold although the speed
of the machine drifts. Goals are for ratios to the earlier build, and for latencies by CPU time
(`benchmarks.service.replay`). Latencies by the clock have none: they are those of a machine and of what else it does.
"""

from __future__ import annotations

import os
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from statistics import median

import pytest
import redis

from benchmarks.earlier_build import NoEarlierBuild, earlier_build
from benchmarks.service import studio_load as s
from benchmarks.service.load_points import MACHINE_GET, MACHINE_RATE, THOUSAND, LoadPoint, load_points
from benchmarks.service.open_loop import Plan
from benchmarks.service.reports import (
    Measure,
    report_by_cpu_time,
    report_by_the_clock,
    report_cost_at_a_thousand,
    report_instructions,
    report_saturated,
)
from benchmarks.service.request_instructions import can_count, instructions_of_a_request
from containers.servers.redis_server import RedisBackend

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the CPU time of another process is read on Linux only"),
]

SATURATING = Plan(100_000, 0.03, 16)
"""All requests are due at once: they are sent as fast as 16 connections go."""
ROUNDS, SECONDS = 5, 1.8
TURNS, REQUESTS = 7, 1_000
"""Of requests that are sent one at a time, to each service."""
LEAD_IN_S = 1.1
"""Before each turn. A service exports what it has once a second, so after that exports are as frequent as they stay."""
GETS = 4_000


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
    measured(MACHINE_GET, [_cpu_of_a_get_us(redis_server.url)], unit="us", redis=str(redis_server))
    carried = [one.load.achieved for one in saturated[s.UNTRACED]]
    pgo = "with" if _has_pgo() else "without"
    measured(MACHINE_RATE, carried, unit="requests/s", at_least=True, pgo=pgo)
    report_saturated(saturated, measured)


def test_rates_by_the_clock(
    running: s.Fleet, points: Sequence[LoadPoint], measured: Measure, noted: Callable[[str], None]
) -> None:
    for point in points:
        if point.workers > (os.cpu_count() or 1):
            noted(f"{point.name} needs {point.workers} workers, more than this machine has cores: not loaded")
            continue
        promised = point.name == THOUSAND
        arms = _without_the_sdks(running) if promised else (s.UNTRACED, s.TENTH, s.WHOLE, s.CONTROL)
        found = running.in_rounds(arms, Plan(point.rate, SECONDS), ROUNDS if promised else 3, point.workers)
        report_by_the_clock(point, found, measured)
        if promised:
            report_cost_at_a_thousand(found, measured)


def test_latencies_by_cpu_time(running: s.Fleet, points: Sequence[LoadPoint], measured: Measure) -> None:
    workers = {arm: running.workers(arm)[0] for arm in running.arms}
    demands: dict[str, list[Sequence[float]]] = {arm: [] for arm in running.arms}
    received: Counter[str] = Counter()
    for order in s.in_turns(running.arms, TURNS):
        for arm in order:
            before: list[int] = []
            begin = partial(_note, before, running, arm)
            demands[arm].append(workers[arm].demands(REQUESTS, lead_in_s=LEAD_IN_S, begin=begin))
            received[arm] += running.spans(arm) - before[0]
    for arm in running.arms:
        spans = received[arm] / (TURNS * REQUESTS)
        measured(f"studio-api, {arm}: spans received for a request", [spans], unit="")
    report_by_cpu_time(points, demands, measured)


def _note(before: list[int], running: s.Fleet, arm: str) -> None:
    before.append(running.spans(arm))


@pytest.mark.skipif(not can_count(), reason="valgrind is not installed: apt-get install valgrind")
def test_instructions_of_a_request(running: s.Fleet, measured: Measure) -> None:
    arms = [arm for arm in (s.UNTRACED, s.WHOLE, *s.EARLIER_ARMS) if arm in running.arms]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # counts do not depend on what runs beside
        counted = pool.map(lambda arm: instructions_of_a_request(running, arm), arms)
        report_instructions(dict(zip(arms, counted, strict=True)), measured)


def _without_the_sdks(running: s.Fleet) -> Sequence[str]:
    return [arm for arm in running.arms if arm != s.OF_THE_SDK]


def _cpu_of_a_get_us(url: str) -> float:
    """Return the microseconds of this process's CPU that a GET takes, by the plain sync client."""
    with redis.Redis.from_url(url) as client:
        client.set("bench:machine", "x", ex=60)
        for _ in range(GETS // 4):
            client.get("bench:machine")
        began = time.process_time()
        for _ in range(GETS):
            client.get("bench:machine")
        return (time.process_time() - began) / GETS * 1e6


def _has_pgo() -> bool:
    """Return whether this Python was configured with profile-guided optimization, which saves a tenth or more."""
    return "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
