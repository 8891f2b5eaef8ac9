"""What tracing adds to the latencies of studio-api at fixed rates, and at the highest rate that it carries.

The load is open loop (`benchmarks.service.open_loop`). The service is one process and uses one core at most. There is
no goal at a rate that it does not carry untraced, where latencies are those of a growing queue, nor at the highest rate
that it carries, which leaves no CPU time for tracing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

import pytest

from benchmarks.service import studio_load as s
from benchmarks.service.open_loop import Plan
from containers.servers.jaeger_server import JaegerBackend
from containers.servers.redis_server import RedisBackend

RATES = (250, 500, 1_000, 2_000)
SECONDS, ROUNDS = 3.0, 5
ADDED_MS = {s.TENTH: 0.2, s.WHOLE: 1.0}
OF_THE_SDK = 0.25


@pytest.mark.timeout(600)
def test_latencies_under_load(redis_server: RedisBackend, jaeger: JaegerBackend, measured: Callable[..., None]) -> None:
    with s.services(redis_server, jaeger) as running:
        highest = s.highest_carried(running[s.UNTRACED])
        measured("studio-api, untraced: highest rate carried", [highest or 0], unit="requests/s")
        for rate in sorted({*RATES, highest or RATES[0]}):
            carried = highest is not None and rate <= highest
            has_goal = carried and rate in RATES
            found = s.in_rounds(running, Plan(rate, SECONDS), ROUNDS if carried else 1)
            _report(f"studio-api, {rate:,}/s", found, has_goal, measured, redis=str(redis_server), jaeger=str(jaeger))


def _report(
    what: str,
    found: Mapping[str, Sequence[s.MeasuredLoad]],
    has_goal: bool,
    measured: Callable[..., None],
    **facts: str,
) -> None:
    plain = [one.load.percentiles["P95"] for one in found[s.UNTRACED]]
    added = {}
    for arm, loads in found.items():
        wrong = sum(one.load.failed + one.load.unanswered for one in loads)
        cores = {name: f"{median(one.cores[name] for one in loads):.2f}" for name in loads[0].cores}
        facts |= {"wrong or missing answers": str(wrong), **{f"cores of {name}": took for name, took in cores.items()}}
        for name in loads[0].load.percentiles:
            samples = [one.load.percentiles[name] * 1e3 for one in loads]
            measured(f"{what}, {arm}: {name}", samples, unit="ms", **facts)
        added[arm] = [(one.load.percentiles["P95"] - less) * 1e3 for one, less in zip(loads, plain, strict=True)]
        if arm != s.UNTRACED:
            goal = ADDED_MS.get(arm) if has_goal else None
            measured(f"{what}, {arm}: P95 added", added[arm], goal=goal, unit="ms", **facts)
        measured(f"{what}, {arm}: achieved", [one.load.achieved for one in loads], unit="requests/s", **facts)
        own = [one.cores["studio-api"] for one in loads]
        measured(f"{what}, {arm}: cores of studio-api", own, unit="cores", **facts)
    theirs = median(added[s.OF_THE_SDK])
    if theirs > 0:
        ratio = median(added[s.WHOLE]) / theirs
        measured(
            f"{what}: P95 added, ours / the SDK's export",
            [ratio],
            goal=OF_THE_SDK if has_goal else None,
            unit="",
            **facts,
        )
