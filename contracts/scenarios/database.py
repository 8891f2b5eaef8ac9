"""The scenarios of the database and its circuit breaker (S4)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.engine import make_url
from starlette.applications import Starlette

from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.database.manager import ConnectionManager, Queries
from reference_impl.services.studio_api import create_app, pool_settings
from reference_impl.sessions.cache import SessionCache
from reference_impl.sessions.store import POOL, SqlSessionStore, StoreUnavailable

TRACE = "00-" + "5" * 31 + "1-" + "6" * 16 + "-01"
"""The trace that all requests of one scenario share, as if one caller had sent them."""

LOCK_WAIT_S = 0.5
UNHURRIED_S = 20.0
RESET_S = 1.0
SETTINGS: dict[str, Any] = {
    "breaker_window_calls": 3, "breaker_minimum_calls": 3, "breaker_failure_rate": 1.0, "breaker_half_open_permits": 1,
    "database_deadline_s": UNHURRIED_S, "breaker_slow_call_s": UNHURRIED_S,
}  # fmt: skip
"""Three failures open the breaker and one probe closes it; nothing fails or is slow because the machine is busy."""


class SteppingClock:
    """A breaker's clock in seconds: each reading moves it by a millisecond, whatever time the machine takes."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def _connection_manager(
    harness: Harness, clock: Callable[[], float] = time.monotonic, **settings: Any
) -> ConnectionManager:
    """Return a connection manager for these settings. A lock that another connection holds fails its calls."""
    url = make_url(harness.settings.database_url).update_query_dict({"timeout": str(LOCK_WAIT_S)})
    changed = {**SETTINGS, **settings, "database_url": url.render_as_string(hide_password=False)}
    pool = pool_settings(replace(harness.settings, **changed))
    tracer = harness.telemetry.tracer("reference_impl.database.manager")
    return ConnectionManager({POOL: pool}, tracer=tracer, mode=harness.settings.span_vocabulary, clock=clock)


@asynccontextmanager
async def _application(harness: Harness, clock: SteppingClock) -> AsyncIterator[Starlette]:
    """Run studio-api with a connection manager of its own, its tables made."""
    manager = _connection_manager(harness, clock, breaker_reset_s=RESET_S)
    app = create_app(harness.settings, harness.telemetry, redis=harness.redis, store=SqlSessionStore(manager))
    async with app.router.lifespan_context(app):
        assert await app.state.cache.warm_cache() == 0
        harness.discard_spans()
        yield app
    await manager.close()


@asynccontextmanager
async def _store(harness: Harness, **settings: Any) -> AsyncIterator[tuple[ConnectionManager, SqlSessionStore]]:
    manager = _connection_manager(harness, **settings)
    store = SqlSessionStore(manager)
    assert await store.find("nobody") is None
    harness.discard_spans()
    yield manager, store
    await manager.close()


@contextmanager
def _locked(harness: Harness) -> Iterator[None]:
    """Hold a lock on the database by another connection, so that every write fails after LOCK_WAIT_S."""
    file = make_url(harness.settings.database_url).database or ""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


async def _call(harness: Harness) -> None:
    async with _store(harness) as (_, store):
        await store.create("one", EMAIL, "web", 1.0)
        await store.find("one")


async def _call_fails(harness: Harness) -> None:
    async with _store(harness) as (_, store):
        with _locked(harness), suppress(StoreUnavailable):
            await store.create("one", EMAIL, "web", 1.0)


async def _pool_exhausted(harness: Harness) -> None:
    held, done = asyncio.Event(), asyncio.Event()

    async def hold(queries: Queries) -> None:
        await queries.run("SELECT", "sessions", text("SELECT 1"))
        held.set()
        await done.wait()

    async with _store(harness, database_pool_size=1, database_checkout_timeout_s=0.01) as used:
        manager, store = used
        holder = asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", hold))
        await held.wait()
        with suppress(StoreUnavailable):
            await store.find("one")
        done.set()
        await holder


async def _lifecycle(harness: Harness) -> None:
    clock = SteppingClock()
    async with _application(harness, clock) as app:
        token, _ = await app.state.cache.create(EMAIL, "web")
        harness.discard_spans()
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://studio-api") as client:
            client.headers = httpx2.Headers(
                {"authorization": f"Bearer {token}", "traceparent": TRACE, "x-correlation-id": "lifecycle"}
            )
            with _locked(harness):
                for _ in range(4):
                    assert (await client.delete("/session")).status_code == 503
            clock.now += RESET_S
            assert (await client.delete("/session")).status_code == 204


async def _session_database_down(harness: Harness) -> None:
    async with _application(harness, SteppingClock()) as app:
        cache: SessionCache = app.state.cache
        token, _ = await cache.create(EMAIL, "web")
        harness.untraced_redis.flushdb()
        with _locked(harness):
            for _ in range(3):
                with suppress(StoreUnavailable):
                    await cache.invalidate(token)
        harness.discard_spans()
        with suppress(StoreUnavailable):
            await cache.validate(token)


DATABASE_ACTIONS: dict[str, Action] = {
    "database-call": _call,
    "database-call-fails": _call_fails,
    "database-pool-exhausted": _pool_exhausted,
    "breaker-lifecycle": _lifecycle,
    "session-database-down": _session_database_down,
}
"""By scenario."""
