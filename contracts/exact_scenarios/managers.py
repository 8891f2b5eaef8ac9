"""Calls of the connection manager below a breaker whose clock is set by hand (S4.1 to S4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.exact_scenarios.breaker_calls import Clock
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.circuit_breaker import BreakerSettings, CircuitOpen
from reference_impl.circuit_breaker.values import BreakerEvent
from reference_impl.database.manager import ConnectionManager, PoolExhausted, PoolSettings, Queries
from reference_impl.vocabulary import Mode


async def _managed(harness: Harness) -> None:
    """Below the connection manager, failures of the database count, and other failures do not."""
    clock, events = Clock(), list[BreakerEvent]()
    breaker = BreakerSettings(window_calls=4, minimum_calls=4, failure_rate_threshold=0.5, half_open_permits=1)
    settings = PoolSettings(url=harness.settings.database_url, breaker=breaker, size=2, checkout_timeout_s=0.5)
    tracer = harness.telemetry.tracer("reference_impl.database.manager")
    manager = ConnectionManager({"sessions": settings}, tracer=tracer, listeners=[events.append], clock=clock)
    assert repr(manager) == "<ConnectionManager sessions: closed, 0 of 0 failed; 0 of 2 in use, 0 waiting>"

    async def work(statement: str) -> None:
        async def run(queries: Queries) -> Any:
            clock.now += 0.25
            rows = await queries.run("SELECT", "sessions", text(statement))
            if statement == "SELECT 3":
                raise LookupError(EMAIL)
            return rows

        with suppress(SQLAlchemyError, LookupError, CircuitOpen):
            await manager.execute_with_circuit_breaker("sessions", "SELECT", run)

    await work("CREATE TABLE one (id INTEGER PRIMARY KEY)")
    for statement in ("INSERT INTO one VALUES (1)", "INSERT INTO one VALUES (1)", "SELECT 3", "SELECT * FROM nowhere"):
        await work(statement)
    await work("SELECT :what")  # refused before it is sent, so that no code is known
    await work("SELECT * FROM nowhere")
    await work("SELECT * FROM nowhere")
    await work("SELECT 1")
    clock.now += 30
    await _at_once(manager, clock)
    await work("SELECT 1")
    assert [type(event).__name__ for event in events] == ["CallFailed", "CallFailed", *["Transition"] * 3]
    await manager.close()
    await _other_managers(harness)


async def _at_once(manager: ConnectionManager, clock: Clock) -> None:
    """A caller while a probe is under way, and one while every connection is in use."""
    held, done = asyncio.Event(), asyncio.Event()

    async def hold(queries: Queries) -> int:
        held.set()
        await done.wait()
        return len(await queries.run("SELECT", "sessions", text("SELECT 1")))

    holder = asyncio.create_task(manager.execute_with_circuit_breaker("sessions", "SELECT", hold))
    await held.wait()
    clock.now += 1.5
    try:
        await manager.execute_with_circuit_breaker("sessions", "UPDATE", hold)
    except CircuitOpen as refusal:
        assert (refusal.state, refusal.retry_after_s) == ("half_open", 28.5)  # noqa: PT017
    done.set()
    assert await holder == 1


async def _other_managers(harness: Harness) -> None:
    """Vocabularies, a call past its deadline, a full pool, an open breaker while the pool is full, a wrong pool."""
    tracer = harness.telemetry.tracer("reference_impl.database.manager")
    url = harness.settings.database_url
    modes: tuple[Mode, ...] = ("simple", "semconv")
    for mode in modes:
        manager = ConnectionManager({"one": PoolSettings(url=url)}, tracer=tracer, mode=mode, clock=Clock())
        with suppress(SQLAlchemyError):
            await manager.execute_with_circuit_breaker("one", "SELECT", lambda queries: _asked(queries, "SELECT 1"))
            await manager.execute_with_circuit_breaker("one", "SELECT", lambda queries: _asked(queries, "SELECT x"))
        await manager.close()
    await ConnectionManager({}).close()
    assert repr(ConnectionManager({})) == "<ConnectionManager without pools>"
    try:
        ConnectionManager({}).prepare("one", _prepared)
    except KeyError as error:
        assert error.args == ("no pool 'one'; there are: none",)  # noqa: PT017


async def _left_behind(harness: Harness) -> None:
    """A driver that ignores its deadline keeps its connection: the next call is refused at once, or waits."""
    tracer, clock, freed = harness.telemetry.tracer("reference_impl.database.manager"), Clock(), asyncio.Event()
    rules = BreakerSettings(window_calls=1, minimum_calls=1)
    short = PoolSettings(
        url=harness.settings.database_url, size=1, checkout_timeout_s=0.01, deadline_s=2.0, breaker=rules
    )
    manager = ConnectionManager({"one": short, "two": short}, tracer=tracer, clock=clock)
    assert {key: str(use) for key, use in manager.uses.items()} == dict.fromkeys(
        ("one", "two"), "0 of 1 in use, 0 waiting"
    )

    async def stubborn(_: Queries) -> None:
        while not freed.is_set():
            with suppress(asyncio.CancelledError):
                await freed.wait()

    held = asyncio.create_task(_failing(manager, stubborn))
    await asyncio.sleep(0)
    await _failing(manager, stubborn)  # waits for its turn in vain
    await held
    clock.now += 2.0
    await _failing(manager, stubborn)  # need not wait
    clock.now += 27.5
    await _failing(manager, stubborn)
    clock.now += 0.5
    await _failing(manager, stubborn)
    freed.set()
    while manager.uses["one"].in_use:  # noqa: ASYNC110 - it is about to end
        await asyncio.sleep(0)
    await _failing(manager, _sound)
    for pool in ("one", "three"):
        try:
            manager.prepare(pool, _prepared)
        except KeyError as error:
            assert error.args == ("no pool 'three'; there are: one, two",)  # noqa: PT017
    await _failing(manager, _sound)
    await manager.close()


async def _prepared(_: AsyncConnection) -> None:
    raise ValueError(EMAIL)


async def _sound(queries: Queries) -> None:
    await queries.run("SELECT", "sessions", text("SELECT 1"))


async def _failing(manager: ConnectionManager, work: Callable[[Queries], Awaitable[None]]) -> None:
    with suppress(TimeoutError, CircuitOpen, PoolExhausted, ValueError):
        await manager.execute_with_circuit_breaker("one", "SELECT", work)


async def _asked(queries: Queries, statement: str) -> int:
    return len(await queries.run("SELECT", "sessions", text(statement)))


ACTIONS: dict[str, Action] = {
    "breaker-managed": _managed,
    "breaker-left-behind": _left_behind,
}
"""By scenario."""
