"""A call through the connection manager: its span, its queries, its breaker's events, its status (S4.1 to S4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from reference_impl.circuit_breaker import BreakerEvent, CallFailed, CircuitOpen, Transition
from reference_impl.database.manager import ConnectionManager, PoolExhausted, PoolSettings, PoolUse, Queries
from tests.reference_impl.circuit_breaker.breaker_support import Clock
from tests.reference_impl.database.connection_support import (
    CALL,
    POOL,
    below,
    breaker_settings,
    events,
    locked,
    managed,
    named,
    one,
    write,
)
from tests.reference_impl.sessions.session_support import attributes, shown


async def fail(manager: ConnectionManager, times: int = 4) -> None:
    """Make calls that each fail in the database itself."""
    for _ in range(times):
        with pytest.raises(OperationalError):
            await manager.execute_with_circuit_breaker(POOL, "INSERT", unknown)


async def unknown(queries: Queries) -> None:
    """SQLite's answer to this is an OperationalError, as that to a lock is, without the wait."""
    await queries.run("INSERT", "nowhere", text("INSERT INTO nowhere VALUES ('bob@example.com')"))


class TestSpans:
    async def test_a_call_is_one_internal_span_and_its_query_a_client_span_below(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        async with managed(tmp_path, provider) as manager:
            assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1
        (call,) = named(exporter, CALL)
        assert (call.kind, call.status.status_code, call.events) == (SpanKind.INTERNAL, StatusCode.UNSET, ())
        found = dict(attributes(call))
        assert found.pop("pool.checkout_ms") >= 0
        assert found == {
            "operation": "SELECT",
            "db.operation.name": "SELECT",
            "connection_pool": "main",
            "db_type": "sqlite",
            "db.system.name": "sqlite",
            "circuit_breaker.state": "closed",
        }
        (query,) = below(exporter, call)
        assert (query.name, query.kind, query.status.status_code) == ("db.query", SpanKind.CLIENT, StatusCode.UNSET)
        assert 0 < attributes(query)["latency_ms"] <= (query.end_time or 0) - (query.start_time or 0)

    async def test_a_failed_call_and_its_query_say_why_by_types_and_codes_alone(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        async with managed(tmp_path, provider) as manager:
            await fail(manager, 1)
        (call,) = named(exporter, CALL)
        (query,) = below(exporter, call)
        for span in (call, query):
            assert span.status.status_code is StatusCode.ERROR
            assert attributes(span)["error"] == attributes(span)["error.type"] == "OperationalError"
        assert attributes(query)["db.response.status_code"] == "SQLITE_ERROR"
        assert attributes(query)["latency_ms"] > 0
        assert "bob" not in shown(exporter.get_finished_spans())
        assert "nowhere" not in shown((call,))

    @pytest.mark.parametrize(
        ("mode", "there", "gone"),
        [
            ("simple", {"operation", "db_type", "error"}, {"db.operation.name", "db.system.name", "server.address"}),
            ("semconv", {"db.operation.name", "db.system.name", "error.type"}, {"operation", "db_type", "error"}),
        ],
    )
    async def test_each_vocabulary_alone(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter,
        mode: str, there: set[str], gone: set[str],
    ) -> None:  # fmt: skip
        async with managed(tmp_path, provider, mode=mode) as manager:
            await fail(manager, 1)
        for span in exporter.get_finished_spans():
            assert there <= attributes(span).keys()
            assert not gone & attributes(span).keys()

    async def test_what_the_work_raises_comes_out_as_it_is_and_rolls_back(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        failure = LookupError("bob@example.com")

        async def insert_then_fail(queries: Queries) -> None:
            await queries.run("INSERT", "numbers", text("INSERT INTO numbers VALUES (1)"))
            raise failure

        async def count(queries: Queries) -> int:
            return len(await queries.run("SELECT", "numbers", text("SELECT number FROM numbers")))

        async with managed(tmp_path, provider) as manager:
            await manager.execute_with_circuit_breaker(POOL, "CREATE", write)
            with pytest.raises(LookupError) as raised:
                await manager.execute_with_circuit_breaker(POOL, "INSERT", insert_then_fail)
            assert raised.value is failure
            assert await manager.execute_with_circuit_breaker(POOL, "SELECT", count) == 0
            assert manager.breakers[POOL].snapshot().totals["released"] == 1
        failed = named(exporter, CALL)[1]
        assert (failed.status.status_code, attributes(failed)["error.type"]) == (StatusCode.ERROR, "LookupError")
        assert "circuit_breaker.failure" not in events(failed)
        assert "bob" not in shown(exporter.get_finished_spans())

    async def test_a_cancelled_call_is_marked_and_counts_neither_way(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        begun = asyncio.Event()

        async def hang(_: Queries) -> None:
            begun.set()
            await asyncio.Event().wait()

        async with managed(tmp_path, provider) as manager:
            task = asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", hang))
            await begun.wait()
            assert manager.uses[POOL] == PoolUse(in_use=1, waiting=0, size=5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert manager.uses[POOL].in_use == 0
            assert manager.breakers[POOL].snapshot().totals["released"] == 1
            assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1
        assert attributes(named(exporter, CALL)[0])["error.type"] == "CancelledError"

    async def test_an_unknown_pool_is_a_mistake_of_the_program(self, tmp_path: Path, provider: TracerProvider) -> None:
        async with managed(tmp_path, provider) as manager:
            with pytest.raises(KeyError, match="no pool 'other'; there are: main"):
                await manager.execute_with_circuit_breaker("other", "SELECT", one)

    async def test_nothing_is_recorded_where_nothing_is_traced(self, tmp_path: Path) -> None:
        manager = ConnectionManager({POOL: PoolSettings(url="sqlite+aiosqlite://", breaker=breaker_settings())})
        await fail(manager)
        with pytest.raises(CircuitOpen):
            await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        await manager.close()


class TestBreaker:
    async def test_each_failure_and_the_trip_are_events_with_what_explains_them(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        async with managed(tmp_path, provider) as manager:
            await fail(manager)
        calls = named(exporter, CALL)
        counts = [(events(call)["circuit_breaker.failure"].attributes or {})["failure_count"] for call in calls]
        assert counts == [1, 2, 3, 4]
        assert ["circuit_breaker.open" in events(call) for call in calls] == [False, False, False, True]
        failure = dict(events(calls[0])["circuit_breaker.failure"].attributes or {})
        assert failure.pop("duration_ms") == 0
        assert failure == {
            "pool": "main", "state": "closed", "error.type": "OperationalError", "calls": 1, "failure_count": 1,
            "failure_rate": 1.0, "threshold": 0.5, "reset_after_s": 30.0, "slow": False,
        }  # fmt: skip
        assert dict(events(calls[3])["circuit_breaker.open"].attributes or {}) == {
            "pool": "main", "from_state": "closed", "reason": "failure_rate", "calls": 4, "failure_count": 4,
            "failure_rate": 1.0, "slow_count": 0, "slow_call_rate": 0.0, "threshold": 0.5, "reset_after_s": 30.0,
            "generation": 1,
        }  # fmt: skip
        for call in calls:
            assert all((call.start_time or 0) <= event.timestamp <= (call.end_time or 0) for event in call.events)

    async def test_a_rejected_call_says_so_and_asks_nobody(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        async with managed(tmp_path, provider) as manager:
            await fail(manager)
            exporter.clear()
            with pytest.raises(CircuitOpen):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        (call,) = exporter.get_finished_spans()
        assert (call.status.status_code, call.status.description) == (StatusCode.ERROR, "circuit main is open")
        assert attributes(call)["error.type"] == attributes(call)["error"] == "CircuitOpen"
        assert not {"circuit_breaker.state", "pool.checkout_ms"} & attributes(call).keys()
        rejected = events(call)["circuit_breaker.rejected"].attributes or {}
        assert (rejected["pool"], rejected["state"], rejected["retry_after_s"]) == ("main", "open", 30.0)
        assert rejected["why"] == "4 of 4 calls failed"

    async def test_half_open_and_recovery_are_events_of_the_calls_that_cause_them(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        clock = Clock()
        async with managed(tmp_path, provider, clock=clock) as manager:
            await fail(manager)
            clock.advance(30)
            exporter.clear()
            for _ in range(3):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        first, second, third = named(exporter, CALL)
        assert [list(events(call)) for call in (first, second, third)] == [
            ["circuit_breaker.half_open"], ["circuit_breaker.close"], [],
        ]  # fmt: skip
        assert [attributes(call)["circuit_breaker.state"] for call in (first, second, third)] == [
            "half_open", "half_open", "closed",
        ]  # fmt: skip
        closing = events(second)["circuit_breaker.close"].attributes or {}
        assert (closing["pool"], closing["from_state"], closing["reason"]) == ("main", "half_open", "recovered")

    async def test_a_probe_that_fails_opens_again(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        clock = Clock()
        async with managed(tmp_path, provider, clock=clock, breaker=breaker_settings(half_open_permits=1)) as manager:
            await fail(manager)
            clock.advance(30)
            exporter.clear()
            await fail(manager, 1)
        (probe,) = named(exporter, CALL)
        names = [event.name.removeprefix("circuit_breaker.") for event in probe.events]
        assert names == ["half_open", "failure", "open", "exception"]

    @pytest.mark.fault("B1")
    async def test_of_a_hundred_callers_on_a_half_open_breaker_exactly_n_reach_the_database(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        clock, release = Clock(), asyncio.Event()

        async def wait_then_ask(queries: Queries) -> int:
            await release.wait()
            return await one(queries)

        async with managed(tmp_path, provider, clock=clock, size=50, checkout_timeout_s=30) as manager:
            await fail(manager)
            clock.advance(30)
            exporter.clear()
            callers = [
                asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", wait_then_ask))
                for _ in range(100)
            ]
            await asyncio.wait(callers, return_when=asyncio.FIRST_COMPLETED)
            release.set()
            results = await asyncio.gather(*callers, return_exceptions=True)
        assert [result for result in results if result == 1] == [1, 1]
        refused = [result for result in results if isinstance(result, CircuitOpen)]
        assert len(refused) == 98
        assert len(named(exporter, "db.query")) == 2
        shown_as = {call.status.description for call in named(exporter, CALL) if call.status.description}
        assert shown_as == {"circuit main is half-open"}

    async def test_a_lock_on_the_database_opens_it_and_its_end_closes_it_again(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        clock = Clock()
        settings = breaker_settings(window_calls=2, minimum_calls=2)
        async with managed(tmp_path, provider, clock=clock, deadline_s=1.0, breaker=settings) as manager:
            with locked(tmp_path):
                for _ in range(2):
                    with pytest.raises((OperationalError, TimeoutError)):
                        await manager.execute_with_circuit_breaker(POOL, "CREATE", write)
                with pytest.raises(CircuitOpen):
                    await manager.execute_with_circuit_breaker(POOL, "CREATE", write)
            clock.advance(30)
            for _ in range(2):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
            assert manager.breakers[POOL].state == "closed"

    @pytest.mark.fault("R8")
    async def test_slow_calls_open_it_by_their_rate(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        clock = Clock()

        async def slow(queries: Queries) -> int:
            clock.advance(0.5)
            return await one(queries)

        settings = breaker_settings(slow_call_duration_s=0.4, slow_call_rate_threshold=0.5)
        async with managed(tmp_path, provider, clock=clock, breaker=settings) as manager:
            works: list[Callable[[Queries], Awaitable[int]]] = [one, slow, one, slow]
            for work in works:
                await manager.execute_with_circuit_breaker(POOL, "SELECT", work)
        last = named(exporter, CALL)[-1]
        opened = events(last)["circuit_breaker.open"].attributes or {}
        assert (opened["reason"], opened["slow_count"], opened["threshold"]) == ("slow_call_rate", 2, 0.5)
        assert last.status.status_code is StatusCode.UNSET

    async def test_a_call_beyond_its_deadline_is_a_failure(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        async def hang(_: Queries) -> None:
            await asyncio.Event().wait()

        async with managed(tmp_path, provider, deadline_s=0.05) as manager:
            with pytest.raises(TimeoutError):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", hang)
            assert manager.breakers[POOL].snapshot().failure_count == 1
        assert attributes(named(exporter, CALL)[0])["error.type"] == "TimeoutError"

    async def test_a_call_that_does_not_heed_its_end_is_left_behind_and_keeps_its_turn(
        self, tmp_path: Path, provider: TracerProvider
    ) -> None:
        heed = asyncio.Event()

        async def stubborn(_: Queries) -> None:
            while not heed.is_set():
                with suppress(asyncio.CancelledError):
                    await heed.wait()
            raise LookupError

        async with managed(tmp_path, provider, size=1, deadline_s=1.0, checkout_timeout_s=0.01) as manager:
            await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
            with pytest.raises(TimeoutError):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", stubborn)
            assert manager.uses[POOL].in_use == 1
            with pytest.raises(PoolExhausted):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
            heed.set()
            async with asyncio.timeout(10):
                while manager.uses[POOL].in_use:  # noqa: ASYNC110 (the pool tells nobody)
                    await asyncio.sleep(0.001)
            assert await manager.execute_with_circuit_breaker(POOL, "SELECT", one) == 1

    async def test_what_ends_while_it_is_cancelled_is_over_its_deadline_all_the_same(
        self, tmp_path: Path, provider: TracerProvider
    ) -> None:
        async def angry(_: Queries) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise LookupError from None

        async with managed(tmp_path, provider, deadline_s=0.05) as manager:
            with pytest.raises(TimeoutError):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", angry)
            assert manager.uses[POOL].in_use == 0
            assert manager.breakers[POOL].snapshot().failure_count == 1

    async def test_a_statement_that_the_database_refuses_is_an_answer(
        self, tmp_path: Path, provider: TracerProvider
    ) -> None:
        async def insert_twice(queries: Queries) -> None:
            await queries.run("CREATE", "once", text("CREATE TABLE IF NOT EXISTS once (id INTEGER PRIMARY KEY)"))
            for _ in range(2):
                await queries.run("INSERT", "once", text("INSERT INTO once VALUES (1)"))

        async with managed(tmp_path, provider) as manager:
            for _ in range(5):
                with pytest.raises(IntegrityError):
                    await manager.execute_with_circuit_breaker(POOL, "INSERT", insert_twice)
            snapshot = manager.breakers[POOL].snapshot()
            assert (snapshot.state, snapshot.totals["succeeded"]) == ("closed", 5)

    async def test_listeners_hear_what_the_span_says(self, tmp_path: Path) -> None:
        heard: list[BreakerEvent] = []
        url = f"sqlite+aiosqlite:///{tmp_path / 'main.db'}"
        pools = {POOL: PoolSettings(url=url, breaker=breaker_settings())}
        manager = ConnectionManager(pools, listeners=[heard.append])
        await fail(manager)
        assert [type(event) for event in heard] == [CallFailed] * 4 + [Transition]
        await manager.close()


class TestPools:
    @pytest.mark.fault("R6")
    async def test_an_exhausted_pool_is_an_error_of_its_own_and_no_fault_of_the_database(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        async def hold(_: Queries) -> None:
            for _attempt in range(6):
                with pytest.raises(PoolExhausted, match=r"^pool 'main': all 1 connections were in use for 0.01 s$"):
                    await manager.execute_with_circuit_breaker(POOL, "SELECT", one)

        async with managed(tmp_path, provider, size=1, checkout_timeout_s=0.01) as manager:
            await manager.execute_with_circuit_breaker(POOL, "SELECT", hold)
            snapshot = manager.breakers[POOL].snapshot()
            assert (snapshot.state, snapshot.failure_count, snapshot.calls) == ("closed", 0, 1)
        call = named(exporter, CALL)[0]
        assert (call.status.status_code, attributes(call)["error.type"]) == (StatusCode.ERROR, "PoolExhausted")
        assert list(events(call)) == ["exception"]
        assert not {"circuit_breaker.state", "pool.checkout_ms"} & attributes(call).keys()

    async def test_waiting_for_a_turn_is_timed_and_does_not_count_as_slow(
        self, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter
    ) -> None:
        clock = Clock()
        begun, release = asyncio.Event(), asyncio.Event()

        async def hold(_: Queries) -> None:
            begun.set()
            await release.wait()

        settings = breaker_settings(slow_call_duration_s=1.0)
        async with managed(tmp_path, provider, clock=clock, size=1, breaker=settings) as manager:
            first = asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", hold))
            await begun.wait()
            second = asyncio.create_task(manager.execute_with_circuit_breaker(POOL, "SELECT", one))
            await asyncio.sleep(0)
            assert manager.uses[POOL] == PoolUse(in_use=1, waiting=1, size=1)
            clock.advance(5)
            release.set()
            await asyncio.gather(first, second)
            assert manager.breakers[POOL].snapshot().slow_count == 1  # the first one
        assert attributes(named(exporter, CALL)[1])["pool.checkout_ms"] > 0

    async def test_an_open_breaker_refuses_at_once_although_the_pool_is_full(
        self, tmp_path: Path, provider: TracerProvider
    ) -> None:
        async def hold(_: Queries) -> None:
            manager.breakers[POOL].acquire().fail(OSError())
            with pytest.raises(CircuitOpen):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)

        settings = breaker_settings(window_calls=1, minimum_calls=1)
        async with managed(tmp_path, provider, size=1, checkout_timeout_s=60, breaker=settings) as manager:
            await manager.execute_with_circuit_breaker(POOL, "SELECT", hold)

    async def test_every_pool_has_a_breaker_of_its_own_and_the_repr_shows_their_states(
        self, tmp_path: Path, provider: TracerProvider
    ) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path / 'main.db'}"
        pools = {
            POOL: PoolSettings(url=url, breaker=breaker_settings()),
            "audit": PoolSettings(url="sqlite+aiosqlite://", size=7),
        }
        manager = ConnectionManager(pools, tracer=provider.get_tracer("manager"), clock=Clock())
        await fail(manager)
        assert await manager.execute_with_circuit_breaker("audit", "SELECT", one) == 1
        assert repr(manager) == (
            "<ConnectionManager main: open, 4 of 4 failed, half-open in 30.0 s; 0 of 5 in use, 0 waiting"
            " | audit: closed, 0 of 1 failed; 0 of 1 in use, 0 waiting>"
        )
        assert repr(ConnectionManager({})) == "<ConnectionManager without pools>"
        await manager.close()

    async def test_a_preparation_that_fails_is_tried_again(self, tmp_path: Path, provider: TracerProvider) -> None:
        tried: list[str] = []

        async def prepare(connection: object) -> None:
            tried.append("")
            if len(tried) == 1:
                raise TimeoutError

        async with managed(tmp_path, provider) as manager:
            manager.prepare(POOL, prepare)
            with pytest.raises(TimeoutError):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
            for _ in range(2):
                await manager.execute_with_circuit_breaker(POOL, "SELECT", one)
        assert len(tried) == 2
