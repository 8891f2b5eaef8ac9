"""Faults B1 to B4: many callers at a half-open breaker, lost probes, late results, a wall clock that jumps."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from tests.reference_impl.circuit_breaker.breaker_states import admitted, breaker_of, call, half_opened, opened
from tests.reference_impl.circuit_breaker.breaker_support import BackendDown, Clock, Recorder, switching_at_every_line

CALLERS = 100
PATIENCE_S = 30.0  # how long a thread that should come is waited for, before the test fails


def due(breaker: CircuitBreaker, clock: Clock) -> CircuitBreaker:
    """Open, with its wait over: the callers race for the transition too."""
    opened(breaker, clock)
    clock.advance(breaker.settings.reset_after_s)
    return breaker


Arrange = Callable[[CircuitBreaker, Clock], CircuitBreaker]


@pytest.mark.fault("B1")
class TestB1:
    """Half-open, 100 callers at once: exactly N probes."""

    @pytest.mark.parametrize("arrange", [due, half_opened])
    @pytest.mark.parametrize("permits", [1, 3, 100])
    async def test_b1_exactly_n_of_100_tasks_reach_the_backend(
        self, clock: Clock, permits: int, arrange: Arrange
    ) -> None:
        breaker = arrange(breaker_of(clock, half_open_permits=permits), clock)
        reached, answer = [], asyncio.Event()

        async def caller(name: int) -> str:
            try:
                async with breaker.guard():
                    reached.append(name)
                    await answer.wait()
            except CircuitOpen as refusal:
                return refusal.state
            return "through"

        callers = [asyncio.create_task(caller(name)) for name in range(CALLERS)]
        await asyncio.sleep(0)  # one turn of the loop: each task has run to its wait or to its end
        assert len(reached) == permits == sum(not task.done() for task in callers)
        answer.set()
        outcomes = await asyncio.gather(*callers)
        assert (outcomes.count("through"), outcomes.count("half_open")) == (permits, CALLERS - permits)
        assert breaker.state == "closed"

    @pytest.mark.parametrize("arrange", [due, half_opened])
    def test_b1_exactly_n_of_100_threads_reach_the_backend(self, clock: Clock, arrange: Arrange) -> None:
        breaker = arrange(breaker_of(clock, half_open_permits=3), clock)
        start, answer = threading.Barrier(CALLERS), threading.Event()
        reached, refused = threading.Semaphore(0), threading.Semaphore(0)

        def caller() -> None:
            start.wait(PATIENCE_S)
            try:
                with switching_at_every_line(), breaker.guard():
                    reached.release()
                    answer.wait(PATIENCE_S)
            except CircuitOpen:
                refused.release()

        with running([caller] * CALLERS):
            for came, number in ((refused, CALLERS - 3), (reached, 3)):
                assert all(came.acquire(timeout=PATIENCE_S) for _ in range(number))
            answer.set()
        assert not reached.acquire(blocking=False)
        assert breaker.state == "closed"
        assert breaker.snapshot().totals["rejected"] == CALLERS - 3

    def test_b1_a_permit_that_comes_back_is_given_once(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=3), clock)
        first, _, _ = admitted(breaker, CALLERS)
        first.release()
        first.release()
        assert len(admitted(breaker, CALLERS)) == 1

    def test_b1_results_use_permits_up(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=3), clock)
        permits = admitted(breaker, CALLERS)
        permits[0].succeed()
        permits[1].fail(BackendDown())
        assert admitted(breaker, CALLERS) == []


@pytest.mark.fault("B2")
class TestB2:
    """A probe that is cancelled or hangs returns its permit and counts neither way."""

    async def test_b2_a_cancelled_task_returns_its_permit(self, clock: Clock) -> None:
        seen = Recorder()
        breaker = half_opened(breaker_of(clock, seen, half_open_permits=1), clock)
        told = len(seen.events)

        async def probe() -> None:
            async with breaker.guard():
                await asyncio.Event().wait()

        task = asyncio.create_task(probe())
        await asyncio.sleep(0)
        assert admitted(breaker, 1) == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (breaker.state, breaker.snapshot().calls, len(seen.events)) == ("half_open", 0, told)
        assert len(admitted(breaker, CALLERS)) == 1

    def test_b2_any_number_of_cancelled_probes_leaves_the_verdict_to_the_others(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock), clock)
        for _ in range(CALLERS):
            call(breaker, clock, error=asyncio.CancelledError())
        for _ in range(2):
            call(breaker, clock)
        assert breaker.state == "closed"

    def test_b2_a_hung_probe_loses_its_permit_when_its_lease_is_over(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=1, probe_lease_s=20.0), clock)
        hung = breaker.acquire()
        clock.advance(19.9)
        with pytest.raises(CircuitOpen, match=r"in at most 0\.1 s"):
            breaker.acquire()
        clock.advance(0.1)
        assert breaker.snapshot().retry_after_s == 0.0
        next_one = breaker.acquire()
        hung.fail(BackendDown())
        assert (breaker.state, breaker.snapshot().calls) == ("half_open", 0)
        next_one.succeed()
        assert breaker.state == "closed"
        totals = breaker.snapshot().totals
        assert (totals["hung"], totals["late"], totals["succeeded"]) == (1, 1, 1)

    def test_b2_a_result_after_the_lease_is_late_though_nobody_asked_for_the_permit(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=1), clock)
        hung = breaker.acquire()
        clock.advance(30.0)
        hung.succeed()
        assert breaker.state == "half_open"

    def test_b2_only_what_is_hung_is_taken_back(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=2, probe_lease_s=20.0), clock)
        admitted(breaker, 1)
        clock.advance(10.0)
        young = admitted(breaker, 1)
        clock.advance(10.0)
        assert len(admitted(breaker, CALLERS)) == 1
        young[0].succeed()
        assert breaker.snapshot().calls == 1

    def test_b2_a_backend_that_always_hangs_sees_n_probes_a_lease(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=2, probe_lease_s=20.0), clock)
        for _ in range(10):
            assert len(admitted(breaker, CALLERS)) == 2
            clock.advance(20.0)
        assert (breaker.state, breaker.snapshot().totals["hung"]) == ("half_open", 20)


@pytest.mark.fault("B3")
class TestB3:
    """A late result of an older state is ignored."""

    def test_b3_a_call_of_the_closed_state_counts_in_no_later_state(self, clock: Clock) -> None:
        seen = Recorder()
        breaker = breaker_of(clock, seen)
        late = [breaker.acquire() for _ in range(6)]
        opened(breaker, clock)
        late[0].fail(BackendDown())
        late[1].succeed()
        assert breaker.snapshot().calls == 4
        clock.advance(30.0)
        probe = breaker.acquire()
        late[2].fail(BackendDown())
        late[3].succeed()
        assert (breaker.snapshot().calls, breaker.snapshot().probes) == (0, 1)
        probe.succeed()
        call(breaker, clock)
        late[4].fail(BackendDown())
        late[5].release()
        assert (breaker.snapshot().state, breaker.snapshot().calls) == ("closed", 0)
        assert (breaker.snapshot().totals["late"], len(seen.failures)) == (6, 4)

    @pytest.mark.parametrize("later", ["half_open", "closed"])
    def test_b3_a_probe_of_an_older_half_open_counts_in_no_later_state(self, clock: Clock, later: str) -> None:
        breaker = half_opened(breaker_of(clock, probe_lease_s=20.0), clock)
        old = breaker.acquire()
        clock.advance(20.0)  # its permit is free for another
        error = BackendDown() if later == "half_open" else None
        for _ in range(2):
            call(breaker, clock, error=error)
        if later == "half_open":
            clock.advance(30.0)
            breaker.acquire()
        before = breaker.snapshot()
        assert before.state == later
        old.fail(BackendDown())
        after = breaker.snapshot()
        assert (after.state, after.calls, after.probes) == (before.state, before.calls, before.probes)

    def test_b3_a_late_release_gives_no_permit_of_the_new_state_away(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        late = breaker.acquire()
        half_opened(breaker, clock)
        admitted(breaker, 2)
        late.release()
        assert admitted(breaker, CALLERS) == []


@pytest.mark.fault("B4")
class TestB4:
    """The wall clock jumps: no effect."""

    @pytest.fixture(params=[86_400.0, -86_400.0])
    def jumping(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        """A wall clock that jumps by a day at every look."""
        jumps = iter(range(1, 10**6))
        monkeypatch.setattr(time, "time", lambda: 1e9 + next(jumps) * request.param)
        monkeypatch.setattr(time, "time_ns", lambda: int((1e9 + next(jumps) * request.param) * 1e9))

    @pytest.mark.usefixtures("jumping")
    def test_b4_an_open_breaker_stays_open_by_the_default_clock(self) -> None:
        breaker = CircuitBreaker(
            "db",
            BreakerSettings(minimum_calls=2, reset_after_s=3600.0, slow_call_duration_s=600.0, probe_lease_s=3600.0),
        )
        for _ in range(2):
            with pytest.raises(BackendDown), breaker.guard():
                raise BackendDown
        for _ in range(5):
            with pytest.raises(CircuitOpen) as refusal:
                breaker.acquire()
            assert 0.0 < refusal.value.retry_after_s <= 3600.0
        assert breaker.snapshot().slow_count == 0

    @pytest.mark.usefixtures("jumping")
    def test_b4_a_time_window_keeps_its_calls(self) -> None:
        breaker = CircuitBreaker("db", BreakerSettings(window="time", window_s=3600.0))
        for _ in range(5):
            with breaker.guard():
                pass
        assert (breaker.snapshot().calls, breaker.snapshot().slow_count) == (5, 0)

    @pytest.mark.usefixtures("jumping")
    def test_b4_half_open_comes_when_the_monotonic_clock_says_so(self, clock: Clock) -> None:
        assert half_opened(breaker_of(clock), clock).state == "half_open"

    def test_b4_the_default_clock_is_the_monotonic_one(self) -> None:
        seen = Recorder()
        breaker = CircuitBreaker("db", BreakerSettings(minimum_calls=1), listeners=[seen])
        before = time.monotonic()
        with pytest.raises(BackendDown), breaker.guard():
            raise BackendDown
        assert before <= seen.transitions[0].at <= time.monotonic()


@contextmanager
def running(calls: list[Callable[[], None]]) -> Iterator[None]:
    """These calls, each in a thread of its own; all of them have ended after the block."""
    threads = [threading.Thread(target=one, daemon=True) for one in calls]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
