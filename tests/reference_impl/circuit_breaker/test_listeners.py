"""The circuit breaker's listeners: their events, and the context that they run in (S4.2)."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading

import pytest

from reference_impl.circuit_breaker import BreakerEvent, BreakerSettings, CircuitBreaker, Transition
from tests.reference_impl.circuit_breaker.breaker_states import breaker_of, call, half_opened, opened
from tests.reference_impl.circuit_breaker.breaker_support import BackendDown, Clock, Recorder


class TestListeners:
    def test_are_told_of_a_failure_before_the_transition_that_it_causes(self, clock: Clock, seen: Recorder) -> None:
        opened(breaker_of(clock, seen), clock)
        assert [type(event).__name__ for event in seen.events] == [*["CallFailed"] * 4, "Transition"]

    def test_get_all_that_explains_a_transition(self, clock: Clock, seen: Recorder) -> None:
        breaker = half_opened(breaker_of(clock, seen), clock)
        for _ in range(2):
            call(breaker, clock)
        opening, half_opening, closing = seen.transitions
        assert opening == Transition(
            pool="db", from_state="closed", to_state="open", reason="failure_rate", calls=4, failure_count=4,
            slow_count=0, failure_rate=1.0, slow_call_rate=0.0, threshold=0.5, reset_after_s=30.0, generation=1,
            at=1000.0,
        )  # fmt: skip
        assert (half_opening.failure_count, half_opening.reset_after_s, half_opening.at) == (4, 0.0, 1030.0)
        assert (closing.failure_count, closing.calls, closing.threshold) == (0, 2, 0.5)

    def test_get_all_that_explains_a_failure(self, clock: Clock, seen: Recorder) -> None:
        breaker = breaker_of(clock, seen)
        call(breaker, clock)
        error = BackendDown("secret")
        call(breaker, clock, takes=1.5, error=error)
        [failure] = seen.failures
        assert failure.error is error
        assert "secret" not in repr(failure)
        assert (failure.pool, failure.state, failure.duration_s, failure.slow) == ("db", "closed", 1.5, True)
        assert (failure.failure_count, failure.calls, failure.failure_rate) == (1, 2, 0.5)
        assert (failure.threshold, failure.reset_after_s, failure.generation, failure.at) == (0.5, 30.0, 0, 1001.5)

    def test_cannot_change_what_they_get(self, clock: Clock, seen: Recorder) -> None:
        opened(breaker_of(clock, seen), clock)
        with pytest.raises(AttributeError):
            seen.transitions[0].pool = "other"  # type: ignore[misc]
        with pytest.raises(AttributeError):
            seen.failures[0].calls = 0  # type: ignore[misc]

    def test_a_raising_one_reaches_neither_the_caller_nor_the_others(
        self, clock: Clock, seen: Recorder, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(event: BreakerEvent) -> None:
            raise BackendDown("secret")

        breaker = CircuitBreaker("db", BreakerSettings(minimum_calls=1), clock=clock, listeners=[broken, seen])
        with caplog.at_level(logging.WARNING), pytest.raises(BackendDown), breaker.guard():
            raise BackendDown
        assert seen.moves() == ["closed>open failure_rate"]
        assert set(caplog.messages) == {"a listener of the circuit breaker of pool 'db' failed: BackendDown"}

    def test_an_interrupt_in_one_ends_the_call_and_returns_its_permit(self, clock: Clock) -> None:
        def interrupt(event: BreakerEvent) -> None:
            if isinstance(event, Transition) and event.to_state == "half_open":
                raise KeyboardInterrupt

        breaker = breaker_of(clock)
        breaker.subscribe(interrupt)
        opened(breaker, clock)
        clock.advance(30.0)
        with pytest.raises(KeyboardInterrupt):
            breaker.acquire()
        assert (breaker.state, breaker.snapshot().probes) == ("half_open", 0)

    def test_may_come_and_go(self, clock: Clock, seen: Recorder) -> None:
        breaker = breaker_of(clock)
        other = Recorder()
        stop, _ = breaker.subscribe(seen), breaker.subscribe(other)
        call(breaker, clock, error=BackendDown())
        stop()
        stop()
        call(breaker, clock, error=BackendDown())
        assert (len(seen.events), len(other.events)) == (1, 2)

    def test_hold_no_lock_so_that_another_thread_may_call_meanwhile(self, clock: Clock) -> None:
        seen_by_other: list[str] = []
        breaker = breaker_of(clock)

        def look_from_a_thread(event: BreakerEvent) -> None:
            thread = threading.Thread(target=lambda: seen_by_other.append(breaker.snapshot().state))
            thread.start()
            thread.join(10.0)

        breaker.subscribe(look_from_a_thread)
        opened(breaker, clock)
        assert seen_by_other == ["closed"] * 3 + ["open"] * 2

    async def test_run_in_the_context_of_the_task_that_caused_the_event(self, clock: Clock) -> None:
        caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="nobody")
        told: list[tuple[str, str]] = []
        breaker = breaker_of(clock, half_open_permits=1, minimum_calls=1)

        def note(event: BreakerEvent) -> None:
            if isinstance(event, Transition):
                told.append((event.to_state, caller.get()))

        breaker.subscribe(note)

        async def request(name: str, error: Exception | None) -> None:
            caller.set(name)
            async with breaker.guard():
                await asyncio.sleep(0)
                if error is not None:
                    raise error

        await asyncio.gather(request("a", BackendDown()), return_exceptions=True)
        clock.advance(30.0)
        await asyncio.gather(request("b", None))
        assert told == [("open", "a"), ("half_open", "b"), ("closed", "b")]

    def test_run_in_the_thread_that_caused_the_event(self, clock: Clock) -> None:
        told: list[str] = []
        breaker = breaker_of(clock, minimum_calls=1)
        breaker.subscribe(lambda event: told.append(threading.current_thread().name))
        thread = threading.Thread(target=call, args=(breaker, clock), kwargs={"error": BackendDown()}, name="worker-7")
        thread.start()
        thread.join(10.0)
        assert told == ["worker-7", "worker-7"]
