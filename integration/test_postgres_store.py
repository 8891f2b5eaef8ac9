"""Sessions in a real PostgreSQL, through the connection manager (S3, S4.1 to S4.3, faults R1, R2, R8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from containers.servers.postgres_server import PostgresBackend
from reference_impl.circuit_breaker import BreakerSettings, CircuitOpen
from reference_impl.database.manager import ConnectionManager, PoolSettings, Queries
from reference_impl.sessions.store import POOL, Session, SqlSessionStore, StoreUnavailable

EMAIL = "bob@example.com"
CALL = "execute_with_circuit_breaker"
FRAGILE: dict[str, Any] = {"window_calls": 3, "minimum_calls": 3, "failure_rate_threshold": 1.0, "half_open_permits": 1}
DEADLINE_S = 30.0
"""Seconds that a whole test may take."""


pytest_plugins = ["tests.reference_impl.memory_spans"]


@pytest.fixture(autouse=True)
async def _empty(postgres: PostgresBackend) -> None:
    async def drop(queries: Queries) -> None:
        await queries.run("DROP", "sessions", text("DROP TABLE IF EXISTS sessions, users, once"))

    async with managed(postgres) as manager:
        await manager.execute_with_circuit_breaker(POOL, "DROP", drop)


@asynccontextmanager
async def managed(
    postgres: PostgresBackend | str, provider: TracerProvider | None = None, **settings: Any
) -> AsyncIterator[ConnectionManager]:
    url = postgres if isinstance(postgres, str) else postgres.sqlalchemy_url
    breaker = BreakerSettings(**FRAGILE | settings.pop("breaker", {}))
    pools = {POOL: PoolSettings(url=url, breaker=breaker, **settings)}
    manager = ConnectionManager(pools, tracer=provider.get_tracer("manager") if provider else None)
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield manager
    finally:
        await manager.close()


def named(exporter: InMemorySpanExporter, name: str) -> Sequence[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


async def one(queries: Queries) -> int:
    return int((await queries.run("SELECT", "numbers", text("SELECT 1 AS number")))[0]["number"])


def sleeping(seconds: float) -> Any:
    async def sleep(queries: Queries) -> None:
        await queries.run("SELECT", "nothing", text(f"SELECT pg_sleep({seconds})"))

    return sleep


async def test_a_session_s_whole_life(postgres: PostgresBackend) -> None:
    async with managed(postgres) as manager:
        store = SqlSessionStore(manager)
        kept = await store.create("one", EMAIL, "web", 50.0)
        assert await store.create("two", EMAIL, "phone", 5.0) == Session("two", kept.user_id, "phone", 5.0)
        assert await store.find("one") == kept
        assert await store.active(10.0, 5) == [kept]
        assert [session.id for session in await store.delete_expired(10.0, 5)] == ["two"]
        assert await store.delete("one") == kept
        assert await store.delete_all(kept.user_id) == []


async def test_managers_of_four_processes_make_the_tables_at_once(postgres: PostgresBackend) -> None:
    stores = [SqlSessionStore(postgres.sqlalchemy_url) for _ in range(4)]
    made = await asyncio.gather(*(store.create(str(n), EMAIL, "web", 5.0) for n, store in enumerate(stores)))
    assert len({session.user_id for session in made}) == 1
    for store in stores:
        await store.close()


async def test_a_query_says_its_server_and_no_value(
    postgres: PostgresBackend, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with managed(postgres, provider) as manager:
        await SqlSessionStore(manager).create("one", EMAIL, "web", 5.0)
    server = urlsplit(postgres.url)
    for query in named(exporter, "db.query"):
        found = dict(query.attributes or {})
        assert found["db.system.name"] == found["db_type"] == "postgresql"
        assert (found["server.address"], found["server.port"]) == (server.hostname, server.port)
        assert found["db.namespace"] == server.path.strip("/")
    assert EMAIL not in " ".join(span.to_json() for span in exporter.get_finished_spans())


async def test_a_violated_constraint_is_an_answer_with_its_code(
    postgres: PostgresBackend, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with managed(postgres, provider) as manager:
        store = SqlSessionStore(manager)
        await store.create("one", EMAIL, "web", 5.0)
        for _ in range(4):
            with pytest.raises(StoreUnavailable, match=r"^IntegrityError$"):
                await store.create("one", EMAIL, "web", 5.0)
        assert manager.breakers[POOL].state == "closed"
    failed = (named(exporter, "db.query")[-1].attributes) or {}
    assert (failed["db.response.status_code"], failed["error.type"]) == ("23505", "IntegrityError")


async def test_a_query_beyond_its_deadline_fails_and_the_pool_is_whole_afterwards(
    postgres: PostgresBackend, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with managed(postgres, provider, size=1, deadline_s=1.0, breaker={"slow_call_duration_s": 5}) as manager:
        await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        with pytest.raises(TimeoutError):
            await manager.execute_with_circuit_breaker(POOL, "SELECT", sleeping(20))
        assert manager.breakers[POOL].snapshot().failure_count == 1
        assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1
        assert manager.uses[POOL].in_use == 0
    assert (named(exporter, CALL)[1].attributes or {})["error.type"] == "TimeoutError"


async def test_a_cancelled_query_counts_neither_way_and_gives_its_connection_back(postgres: PostgresBackend) -> None:
    async with managed(postgres, size=1) as manager:
        await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        for _ in range(5):
            call = asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", sleeping(20)))
            await asyncio.wait([call], timeout=0.02)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1
        assert manager.breakers[POOL].snapshot().failure_count == 0


@pytest.mark.fault("R8")
async def test_slow_queries_open_the_breaker(
    postgres: PostgresBackend, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with managed(postgres, provider, breaker={"slow_call_duration_s": 0.05}) as manager:
        for _ in range(3):
            await manager.execute_with_circuit_breaker(POOL, "SELECT", sleeping(0.1))
        with pytest.raises(CircuitOpen):
            await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
    (opened,) = named(exporter, CALL)[2].events
    assert opened.name == "circuit_breaker.open"
    assert (opened.attributes or {})["reason"] == "slow_call_rate"


@pytest.mark.fault("R2")
async def test_a_server_that_is_killed_opens_the_breaker_and_its_return_closes_it(
    postgres: PostgresBackend, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    if postgres.process is None:
        pytest.skip(f"a PostgreSQL from the {postgres.rung} rung cannot be killed here")
    async with managed(postgres, provider, breaker={"reset_after_s": 1.0}) as manager:
        store = SqlSessionStore(manager)
        kept = await store.create("one", EMAIL, "web", 5.0)
        postgres.kill()
        try:
            for _ in range(3):
                with pytest.raises(StoreUnavailable, match=r"^(OperationalError|DBAPIError|InterfaceError)$"):
                    await store.find("one")
            with pytest.raises(StoreUnavailable, match=r"^CircuitOpen$") as refused:
                await store.find("one")
        finally:
            postgres.restart()
        await asyncio.sleep(refused.value.retry_after_s)
        assert await store.find("one") == kept
        assert manager.breakers[POOL].state == "closed"
    names = [event.name.removeprefix("circuit_breaker.") for span in named(exporter, CALL) for event in span.events]
    assert [name for name in names if name in ("open", "half_open", "close")] == ["open", "half_open", "close"]


@pytest.mark.fault("R1")
async def test_a_server_that_stalls_is_given_up_at_the_deadline(
    postgres: PostgresBackend, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with stalling(postgres) as (url, stall), managed(url, provider, size=3, deadline_s=1.0) as manager:
        assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1
        stall.set()
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        stall.clear()
        assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1
        assert manager.uses[POOL].in_use == 0
    given_up = named(exporter, CALL)[1:3]
    assert [(call.attributes or {})["error.type"] for call in given_up] == ["TimeoutError"] * 2


@asynccontextmanager
async def stalling(postgres: PostgresBackend) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Run a proxy in front of the server and yield its URL; while the event is set it forwards nothing."""
    server, stall = urlsplit(postgres.url), asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if not stall.is_set():
                    writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(server.hostname, server.port)
        writers.extend((writer, back))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    try:
        yield f"postgresql+psycopg://{server.username}@127.0.0.1:{port}{server.path}", stall
    finally:
        proxy.close()
        for writer in writers:
            writer.close()
