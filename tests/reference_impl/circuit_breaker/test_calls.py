"""The circuit breaker: which calls count, and the block that ends them (S4.2, S4.3)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from tests.reference_impl.circuit_breaker.breaker_states import breaker_of, call, half_opened, opened
from tests.reference_impl.circuit_breaker.breaker_support import BackendDown, Clock, Recorder


class TestWhatCounts:
    @pytest.mark.parametrize(
        "error",
        [
            asyncio.CancelledError(),
            GeneratorExit(),
            KeyboardInterrupt(),
            SystemExit(),
            BaseExceptionGroup("", [GeneratorExit()]),
        ],
    )
    def test_what_is_no_exception_counts_neither_way(self, clock: Clock, seen: Recorder, error: BaseException) -> None:
        breaker = breaker_of(clock, seen)
        with pytest.raises(type(error)), breaker.guard():
            raise error
        snapshot = breaker.snapshot()
        assert (snapshot.calls, snapshot.totals["released"], seen.events) == (0, 1, [])

    @pytest.mark.parametrize("error", [CircuitOpen("other", "open", 1.0, "down"), concurrent.futures.CancelledError()])
    def test_a_call_that_never_reached_the_backend_counts_neither_way(self, clock: Clock, error: Exception) -> None:
        breaker = breaker_of(clock)
        call(breaker, clock, error=error)
        assert (breaker.snapshot().calls, breaker.snapshot().totals["released"]) == (0, 1)

    @pytest.mark.fault("R6")
    def test_r6_an_exhausted_pool_is_ignored_where_the_breaker_is_told_so(self, clock: Clock, seen: Recorder) -> None:
        class PoolExhausted(ConnectionError):
            pass

        breaker = CircuitBreaker(
            "db",
            BreakerSettings(minimum_calls=1),
            clock=clock,
            is_failure=lambda error: isinstance(error, ConnectionError),
            is_ignored=lambda error: isinstance(error, PoolExhausted),
            listeners=[seen],
        )
        call(breaker, clock, error=PoolExhausted())
        assert (breaker.snapshot().calls, seen.events) == (0, [])
        call(breaker, clock, error=ValueError())  # an answer: no failure of the backend
        assert (breaker.snapshot().totals["succeeded"], breaker.state) == (1, "closed")
        call(breaker, clock, error=ConnectionError())
        assert breaker.state == "open"

    def test_a_raising_predicate_counts_as_a_failure_and_keeps_the_caller_s_exception(
        self, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        def judge(error: Exception) -> bool:
            raise ZeroDivisionError("secret")

        breaker = CircuitBreaker("db", clock=clock, is_failure=judge)
        with pytest.raises(BackendDown), breaker.guard():
            raise BackendDown
        assert breaker.snapshot().failure_count == 1
        assert caplog.messages == ["a predicate of the circuit breaker of pool 'db' failed: ZeroDivisionError"]

    def test_an_interrupt_in_a_predicate_is_not_held_back(self, clock: Clock) -> None:
        def judge(error: Exception) -> bool:
            raise KeyboardInterrupt

        breaker = CircuitBreaker("db", clock=clock, is_ignored=judge)
        with pytest.raises(KeyboardInterrupt), breaker.guard():
            raise BackendDown
        assert breaker.snapshot().calls == 0

    def test_only_the_first_end_of_a_permit_counts(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        permit = breaker.acquire()
        permit.fail(BackendDown())
        permit.succeed()
        permit.release()
        assert (breaker.snapshot().calls, breaker.snapshot().failure_count) == (1, 1)
        assert sum(breaker.snapshot().totals.values()) == 1


class TestGuard:
    def test_counts_by_how_the_block_is_left(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        with breaker.guard() as permit:
            assert permit.state == "closed"
        with pytest.raises(BackendDown), breaker.guard():
            raise BackendDown
        assert (breaker.snapshot().calls, breaker.snapshot().failure_count) == (2, 1)

    async def test_does_the_same_around_awaits(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        async with breaker.guard():
            await asyncio.sleep(0)
        with pytest.raises(BackendDown):
            async with breaker.guard():
                raise BackendDown
        assert (breaker.snapshot().calls, breaker.snapshot().failure_count) == (2, 1)

    async def test_a_deadline_inside_is_a_failure_and_one_outside_a_cancellation(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        with pytest.raises(TimeoutError):
            async with breaker.guard(), asyncio.timeout(0):
                await asyncio.Event().wait()
        assert (breaker.snapshot().totals["failed"], breaker.snapshot().totals["released"]) == (1, 0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), breaker.guard():
                await asyncio.Event().wait()
        assert (breaker.snapshot().totals["failed"], breaker.snapshot().totals["released"]) == (1, 1)

    def test_leaves_the_decision_to_a_caller_who_takes_it(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        with breaker.guard() as permit:
            permit.fail(BackendDown())  # an answer that is a failure, though nothing was raised
        assert breaker.snapshot().failure_count == 1

    def test_refuses_without_entering_the_block(self, clock: Clock) -> None:
        breaker = opened(breaker_of(clock), clock)
        with pytest.raises(CircuitOpen), breaker.guard():
            pytest.fail("entered")
        assert breaker.snapshot().totals["rejected"] == 1

    def test_is_for_one_call(self, clock: Clock) -> None:
        guard = breaker_of(clock).guard()
        with guard:
            pass
        with pytest.raises(RuntimeError, match="a guard is for one call"), guard:
            pytest.fail("entered")

    def test_an_abandoned_generator_returns_its_permit(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=1), clock)

        def rows() -> Iterator[int]:
            with breaker.guard():
                yield 1
                yield 2

        reading = rows()
        next(reading)
        assert breaker.snapshot().probes == 1
        del reading
        gc.collect()
        assert (breaker.snapshot().probes, breaker.snapshot().totals["released"]) == (0, 2)

    async def test_an_abandoned_async_generator_returns_its_permit(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=1), clock)

        async def rows() -> AsyncIterator[int]:
            async with breaker.guard():
                yield 1
                yield 2

        async for _ in (reading := rows()):
            break
        await reading.aclose()  # type: ignore[attr-defined]
        assert (breaker.snapshot().probes, breaker.snapshot().calls) == (0, 0)
