"""What the reference implementation does in the scenarios of the database and its circuit breaker (S4)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url
from starlette.applications import Starlette

from contracts.scenarios.stage import EMAIL, Action, Stage
from reference_impl.database.manager import ConnectionManager, Queries
from reference_impl.services.database_pools import connection_manager
from reference_impl.services.studio_api import create_app
from reference_impl.sessions.cache import SessionCache
from reference_impl.sessions.store import POOL, SqlSessionStore, StoreUnavailable

TRACE = "00-" + "5" * 31 + "1-" + "6" * 16 + "-01"
"""The trace that all requests of one scenario share, as if one caller had sent them."""

QUICK: dict[str, Any] = {"database_deadline_s": 1.0, "breaker_window_calls": 3, "breaker_minimum_calls": 3}
QUICK |= {"breaker_failure_rate": 1.0, "breaker_half_open_permits": 1}
"""Settings under which three failures open the breaker, and one probe closes it."""


@asynccontextmanager
async def _application(stage: Stage, **settings: Any) -> AsyncIterator[Starlette]:
    """studio-api with a connection manager of its own, by these settings, its tables made."""
    app = create_app(replace(stage.settings, **QUICK | settings), stage.telemetry, redis=stage.redis)
    async with app.router.lifespan_context(app):
        assert await app.state.cache.warm_cache() == 0
        stage.begin()
        yield app


@asynccontextmanager
async def _store(stage: Stage, **settings: Any) -> AsyncIterator[tuple[ConnectionManager, SqlSessionStore]]:
    manager = connection_manager(replace(stage.settings, **QUICK | settings), stage.telemetry)
    store = SqlSessionStore(manager)
    assert await store.find("nobody") is None
    stage.begin()
    yield manager, store
    await manager.close()


@contextmanager
def _locked(stage: Stage) -> Iterator[None]:
    """Somebody else's lock on the database: what wants to write fails, once its time is over."""
    file = make_url(stage.settings.database_url).database or ""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


async def _call(stage: Stage) -> None:
    async with _store(stage) as (_, store):
        await store.create("one", EMAIL, "web", 1.0)
        await store.find("one")


async def _call_fails(stage: Stage) -> None:
    async with _store(stage) as (_, store):
        with _locked(stage), suppress(StoreUnavailable):
            await store.create("one", EMAIL, "web", 1.0)


async def _pool_exhausted(stage: Stage) -> None:
    held, done = asyncio.Event(), asyncio.Event()

    async def hold(queries: Queries) -> None:
        await queries.run("SELECT", "sessions", text("SELECT 1"))
        held.set()
        await done.wait()

    async with _store(stage, database_pool_size=1, database_checkout_timeout_s=0.01, database_deadline_s=20) as used:
        manager, store = used
        holder = asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", hold))
        await held.wait()
        with suppress(StoreUnavailable):
            await store.find("one")
        done.set()
        await holder


async def _lifecycle(stage: Stage) -> None:
    async with _application(stage, breaker_reset_s=1.0) as app:
        token, _ = await app.state.cache.create(EMAIL, "web")
        stage.begin()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://studio-api") as client:
            client.headers = httpx.Headers(
                {"authorization": f"Bearer {token}", "traceparent": TRACE, "x-correlation-id": "lifecycle"}
            )
            with _locked(stage):
                for _ in range(4):
                    assert (await client.delete("/session")).status_code == 503
            await asyncio.sleep(app.state.connections.breakers[POOL].snapshot().retry_after_s)
            assert (await client.delete("/session")).status_code == 204


async def _session_database_down(stage: Stage) -> None:
    async with _application(stage, breaker_reset_s=60.0) as app:
        cache: SessionCache = app.state.cache
        token, _ = await cache.create(EMAIL, "web")
        stage.plain.flushdb()
        with _locked(stage):
            for _ in range(3):
                with suppress(StoreUnavailable):
                    await cache.invalidate(token)
        stage.begin()
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
