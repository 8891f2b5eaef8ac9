"""The CPU time that tracing adds to a GET of a real Redis, with all variants in turns.

The variants take turns within each round, in an order that moves on from round to round: the speed of a machine drifts
by more than what is compared. For that reason it is not pytest-benchmark, which measures one after the other.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from statistics import median
from time import process_time

import pytest
import redis
import redis.asyncio
from opentelemetry import context as context_api

from benchmarks.operations import one_operation as o
from containers.servers.redis_server import RedisBackend

ROUNDS, CALLS = 150, 25  # short turns, so that compared samples are close in time
VARIANTS = (o.UNTRACED, o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, o.BOTH, o.MEASURED)
OF_CONTRIB = {o.SAMPLED: 0.75, o.UNSAMPLED: 0.30, o.DISABLED: 0.30}

Samples = Mapping[str, Sequence[float]]
"""By variant, for each round: microseconds of CPU of one call."""


def in_turns(names: Sequence[str]) -> Sequence[Sequence[str]]:
    """Yield the order of the variants for each round; each round starts one place further on."""
    return [[*names[turn % len(names) :], *names[: turn % len(names)]] for turn in range(ROUNDS)]


def every_turn(names: Sequence[str]) -> Iterator[str]:
    """Yield the variants in the order in which they are measured: a round that does not count, then all rounds."""
    for turn in [names, *in_turns(names)]:
        yield from turn


def timed(operations: Mapping[str, Callable[[], object]]) -> Samples:
    """Sync calls, after one round that does not count."""
    samples: dict[str, list[float]] = {name: [] for name in operations}
    for name in every_turn(list(operations)):
        operation = operations[name]
        began = process_time()
        for _ in range(CALLS):
            operation()
        samples[name].append((process_time() - began) / CALLS * 1e6)
    return {name: found[1:] for name, found in samples.items()}


async def timed_async(operations: Mapping[str, Callable[[], Awaitable[object]]]) -> Samples:
    """Time asyncio operations in turns."""
    samples: dict[str, list[float]] = {name: [] for name in operations}
    for name in every_turn(list(operations)):
        operation = operations[name]
        began = process_time()
        for _ in range(CALLS):
            await operation()
        samples[name].append((process_time() - began) / CALLS * 1e6)
    return {name: found[1:] for name, found in samples.items()}


async def over_tasks(url: str, case: str) -> Samples:
    """Measure all variants with asyncio clients of this server."""
    clients: list[redis.asyncio.Redis] = []

    def client() -> redis.asyncio.Redis:
        clients.append(redis.asyncio.Redis.from_url(url))
        return clients[-1]

    made = o.async_operations(client, o.provider_for(case))
    operations = {name: made[name] for name in VARIANTS}
    context_api.attach(o.parent_for(case))  # of this run of the loop only
    await clients[0].set(o.KEY, "a session")
    samples = await timed_async(operations)
    for one in clients:
        await one.aclose()
    return samples


def over_threads(url: str, case: str) -> Samples:
    """Measure all variants with sync clients, in this thread."""
    clients: list[redis.Redis] = []

    def client() -> redis.Redis:
        clients.append(redis.Redis.from_url(url))
        return clients[-1]

    made = o.sync_operations(client, o.provider_for(case))
    operations = {name: made[name] for name in VARIANTS}
    token = context_api.attach(o.parent_for(case))
    clients[0].set(o.KEY, "a session")
    samples = timed(operations)
    context_api.detach(token)
    for one in clients:
        one.close()
    return samples


@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", o.CASES)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_cpu_time_of_one_operation(
    redis_server: RedisBackend, kind: str, case: str, measured: Callable[..., None]
) -> None:
    gc.collect()
    url = redis_server.url
    samples = over_threads(url, case) if kind == "sync" else asyncio.run(over_tasks(url, case))
    plain = samples[o.UNTRACED]
    added = {
        name: [one - without for one, without in zip(found, plain, strict=True)]
        for name, found in samples.items()
        if name != o.UNTRACED
    }
    measured(f"GET, {kind}, {case}: {o.UNTRACED}", plain, unit="us", redis=str(redis_server))
    for name, found in added.items():
        measured(f"GET, {kind}, {case}: + {name}", found, unit="us", redis=str(redis_server))
    for name in (o.BOTH, o.MEASURED):
        ratio = median(added[name]) / median(added[o.CONTRIB])
        # Who counts calls too does more than contrib: there is no goal for that.
        goal = OF_CONTRIB[case] if name == o.BOTH else None
        measured(f"GET, {kind}, {case}: {name} / {o.CONTRIB}", [ratio], goal=goal, unit="", of="us")
