"""Sessions in a real database, through the connection manager, and the spans of each statement (S3, S4.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy.exc import ArgumentError

from contracts.scenarios.closed_port import closed_port
from reference_impl.circuit_breaker import BreakerSettings, CircuitOpen
from reference_impl.database.manager import ConnectionManager, PoolExhausted, PoolSettings
from reference_impl.sessions.store import POOL, Session, SqlSessionStore, StoreUnavailable
from tests.reference_impl.database.connection_support import below, named
from tests.reference_impl.sessions.session_support import EMAIL, attributes, database_in, shown, unhurried_store

FRAGILE = BreakerSettings(window_calls=2, minimum_calls=2, reset_after_s=60)


@pytest.fixture
async def store(tmp_path: Path, provider: TracerProvider) -> AsyncIterator[SqlSessionStore]:
    store = SqlSessionStore(f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}", tracer=provider.get_tracer("store"))
    yield store
    await store.close()


async def test_a_session_is_found_as_it_was_kept(store: SqlSessionStore) -> None:
    session = await store.create("one", EMAIL, "web", 5.0)
    assert session == Session("one", session.user_id, "web", 5.0)
    assert await store.find("one") == session
    assert await store.find("two") is None


async def test_the_user_and_the_session_are_kept_together_or_not_at_all(store: SqlSessionStore) -> None:
    first = await store.create("one", EMAIL, "web", 5.0)
    with pytest.raises(StoreUnavailable, match=r"^IntegrityError$"):
        await store.create("one", "eve@example.com", "web", 5.0)
    later = await store.create("two", "zoe@example.com", "web", 5.0)
    assert later.user_id == first.user_id + 1  # eve was not kept


@pytest.mark.fault("N2")
@pytest.mark.parametrize(
    "text", ["'; DROP TABLE sessions; --", "' OR '1'='1", "x' UNION SELECT 1 --", ":id", "%s", "\\'", '"']
)
async def test_sql_in_values_is_a_value(store: SqlSessionStore, text: str) -> None:
    kept = await store.create("other", EMAIL, "web", 5.0)
    session = await store.create(text, f"{text}@example.com", text, 5.0)
    assert (session.id, session.device) == (text, text)
    assert await store.find(text) == session
    assert await store.delete(text) == session
    assert await store.find(text) is None
    assert await store.find("other") == kept


async def test_deleting_gives_what_was_deleted(store: SqlSessionStore) -> None:
    one, two = [await store.create(name, EMAIL, "web", 5.0) for name in ("one", "two")]
    await store.create("other", "eve@example.com", "web", 5.0)
    assert await store.delete("one") == one
    assert await store.delete("one") is None
    assert await store.delete_all(two.user_id) == [two]
    assert await store.find("other") is not None


async def test_active_sessions_are_the_longest_lasting_first(store: SqlSessionStore) -> None:
    for name, expires_at in (("a", 10.0), ("b", 30.0), ("c", 20.0), ("d", 20.0)):
        await store.create(name, EMAIL, "web", expires_at)
    assert [session.id for session in await store.active(10.0, 2)] == ["b", "c"]
    assert [session.id for session in await store.active(10.0, 9)] == ["b", "c", "d"]


async def test_expired_sessions_are_forgotten_at_most_so_many(store: SqlSessionStore) -> None:
    for number in range(3):
        await store.create(f"old-{number}", EMAIL, "web", 5.0)
    await store.create("new", EMAIL, "web", 50.0)
    assert len(await store.delete_expired(5.0, 2)) == 2
    assert len(await store.delete_expired(5.0, 2)) == 1
    assert await store.find("new") is not None


async def test_a_query_is_a_client_span_by_the_stable_conventions_below_the_manager_s(
    store: SqlSessionStore, exporter: InMemorySpanExporter
) -> None:
    await store.find("nothing")
    (call,) = named(exporter, "execute_with_circuit_breaker")
    (query,) = below(exporter, call)
    assert (query.name, query.kind) == ("db.query", SpanKind.CLIENT)
    found = dict(attributes(query))
    assert found.pop("latency_ms") > 0
    assert found == {
        "operation": "SELECT",
        "connection_pool": "sessions",
        "db_type": "sqlite",
        "db.system.name": "sqlite",
        "db.operation.name": "SELECT",
        "db.collection.name": "sessions",
        "db.query.summary": "SELECT sessions",
    }


async def test_making_a_session_is_one_call_of_two_queries(
    store: SqlSessionStore, exporter: InMemorySpanExporter
) -> None:
    await store.create("one", EMAIL, "web", 5.0)
    (call,) = named(exporter, "execute_with_circuit_breaker")
    queries = below(exporter, call)
    assert attributes(call)["operation"] == "INSERT"
    assert [attributes(query)["db.query.summary"] for query in queries] == ["INSERT users", "INSERT sessions"]
    assert EMAIL not in shown(exporter.get_finished_spans())


async def test_hundreds_at_once_wait_for_their_turn(tmp_path: Path, provider: TracerProvider) -> None:
    async with unhurried_store(database_in(tmp_path), provider) as store:
        made = await asyncio.gather(*(store.create(f"s-{number}", EMAIL, "web", 5.0) for number in range(300)))
    assert len({session.id for session in made}) == 300


async def test_two_managers_make_the_tables_of_one_database(tmp_path: Path) -> None:
    stores = [SqlSessionStore(f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}") for _ in range(4)]
    await asyncio.gather(*(store.create(str(number), EMAIL, "web", 5.0) for number, store in enumerate(stores)))
    assert len(await stores[0].active(0.0, 9)) == 4
    for store in stores:
        await store.close()


async def test_a_database_that_cannot_be_opened_is_one_error_whose_trace_tells_its_type(
    tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    store = SqlSessionStore(f"sqlite+aiosqlite:///{tmp_path}/no/such/studio.db", tracer=provider.get_tracer("store"))
    with pytest.raises(StoreUnavailable, match=r"^OperationalError$"):
        await store.find("nothing")
    (call,) = exporter.get_finished_spans()
    assert call.status.status_code is StatusCode.ERROR
    assert attributes(call)["error.type"] == attributes(call)["error"] == "OperationalError"
    assert "pool.checkout_ms" not in attributes(call)
    assert [event.name for event in call.events] == ["circuit_breaker.failure", "exception"]
    assert str(tmp_path) not in shown(exporter.get_finished_spans())
    await store.close()


async def test_a_postgresql_that_is_down_is_named_without_credentials(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    with closed_port() as port:
        url = f"postgresql+psycopg://bob:hunter2@127.0.0.1:{port}/studio"
        # The first call loads the driver, which takes its time on a busy machine.
        pools = {POOL: PoolSettings(url=url, deadline_s=30)}
        manager = ConnectionManager(pools, tracer=provider.get_tracer("store"))
        with pytest.raises(StoreUnavailable, match=r"^OperationalError$"):
            await SqlSessionStore(manager).create("some-session", EMAIL, "web", 1.0)
        await manager.close()
    (call,) = exporter.get_finished_spans()
    found = attributes(call)
    assert (found["db.system.name"], found["db_type"], found["db.namespace"]) == ("postgresql", "postgresql", "studio")
    assert found["server.address"] == "127.0.0.1"
    assert "hunter2" not in shown(exporter.get_finished_spans())


async def test_a_refusal_says_when_to_try_again(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/no/such/studio.db"
    manager = ConnectionManager({POOL: PoolSettings(url=url, breaker=FRAGILE)})
    store = SqlSessionStore(manager)
    for _ in range(2):
        with pytest.raises(StoreUnavailable) as failed:
            await store.find("nothing")
        assert failed.value.retry_after_s == 0.0
    with pytest.raises(StoreUnavailable, match=r"^CircuitOpen$") as refused:
        await store.find("nothing")
    assert 0 < refused.value.retry_after_s <= 60
    assert isinstance(refused.value.__cause__, CircuitOpen)
    await manager.close()


async def test_a_full_pool_is_unavailable_too(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}"
    manager = ConnectionManager({POOL: PoolSettings(url=url, size=1, checkout_timeout_s=0.01)})
    store = SqlSessionStore(manager)
    await store.find("nothing")

    async def hold(_: object) -> None:
        with pytest.raises(StoreUnavailable, match=r"^PoolExhausted$") as failed:
            await store.find("nothing")
        assert isinstance(failed.value.__cause__, PoolExhausted)

    await manager.execute_with_circuit_breaker(POOL, "SELECT", hold)
    await manager.close()


async def test_a_manager_that_is_given_stays_its_giver_s(tmp_path: Path) -> None:
    manager = ConnectionManager({POOL: PoolSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")})
    await SqlSessionStore(manager).close()
    assert await SqlSessionStore(manager).active(0.0, 1) == []
    await manager.close()


async def test_a_mistake_in_the_program_is_not_a_database_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        SqlSessionStore("no url at all")
    manager = ConnectionManager({"other": PoolSettings(url="sqlite+aiosqlite://")})
    with pytest.raises(KeyError, match="no pool 'sessions'; there are: other"):
        SqlSessionStore(manager)
    await manager.close()
