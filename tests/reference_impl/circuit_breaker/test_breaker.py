"""The circuit breaker: when it opens, half-opens and closes, and how it shows (S4.2, S4.3)."""

from __future__ import annotations

import gc
import os
import signal
import threading
import weakref
from collections.abc import Callable

import pytest

from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from reference_impl.circuit_breaker.breaker import _after_fork_in_child
from tests.reference_impl.circuit_breaker.breaker_states import admitted, breaker_of, call, half_opened, opened
from tests.reference_impl.circuit_breaker.breaker_support import BackendDown, Clock, Recorder


class TestClosed:
    def test_opens_at_the_failure_rate_and_not_before_the_minimum_of_calls(self, clock: Clock, seen: Recorder) -> None:
        breaker = breaker_of(clock, seen)
        for _ in range(3):
            call(breaker, clock, error=BackendDown())
        assert seen.moves() == []  # all failed, but three calls are too few to judge
        call(breaker, clock)  # a success may be the call that makes them enough
        assert seen.moves() == ["closed>open failure_rate"]

    def test_stays_closed_just_below_the_failure_rate(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        for index in range(50):
            call(breaker, clock, error=BackendDown() if index % 10 in (6, 7, 8, 9) else None)
            assert breaker.state == "closed"

    def test_the_threshold_itself_opens_also_where_it_is_no_round_binary_number(self, clock: Clock) -> None:
        breaker = breaker_of(clock, minimum_calls=10, failure_rate_threshold=0.3)
        for index in range(10):
            call(breaker, clock, error=BackendDown() if index < 3 else None)
        assert breaker.state == "open"

    def test_opens_at_the_slow_call_rate_whether_or_not_the_calls_succeed(self, clock: Clock, seen: Recorder) -> None:
        breaker = breaker_of(clock, seen, slow_call_rate_threshold=0.5, slow_call_duration_s=0.5)
        call(breaker, clock, takes=0.6)
        call(breaker, clock, takes=0.6, error=BackendDown())
        call(breaker, clock, takes=0.5)  # exactly the duration is not slow
        call(breaker, clock)
        assert seen.moves() == ["closed>open slow_call_rate"]
        opening = seen.transitions[0]
        assert (opening.slow_count, opening.slow_call_rate, opening.threshold) == (2, 0.5, 0.5)
        assert (opening.failure_count, opening.failure_rate) == (1, 0.25)

    def test_old_calls_leave_a_count_window(self, clock: Clock) -> None:
        breaker = breaker_of(clock, window_calls=4, failure_rate_threshold=0.75)
        for failed in (True, True, False, False, True, False, True, False):
            call(breaker, clock, error=BackendDown() if failed else None)
        snapshot = breaker.snapshot()
        assert (snapshot.state, snapshot.calls, snapshot.failure_count) == ("closed", 4, 2)

    def test_slow_calls_leave_a_count_window_too(self, clock: Clock) -> None:
        breaker = breaker_of(clock, window_calls=4)
        call(breaker, clock, takes=5.0)
        for _ in range(4):
            call(breaker, clock)
        assert breaker.snapshot().slow_count == 0

    def test_calls_age_out_of_a_time_window(self, clock: Clock) -> None:
        breaker = breaker_of(clock, window="time", window_s=60.0)
        for _ in range(3):
            call(breaker, clock, takes=2.0, error=BackendDown())
        clock.advance(60.0)
        assert breaker.snapshot().calls == 0
        call(breaker, clock, error=BackendDown())
        snapshot = breaker.snapshot()
        assert (snapshot.state, snapshot.calls, snapshot.failure_count, snapshot.slow_count) == ("closed", 1, 1, 0)

    def test_old_failures_do_not_open_it_though_nobody_looked_meanwhile(self, clock: Clock, seen: Recorder) -> None:
        breaker = breaker_of(clock, seen, window="time", window_s=60.0)  # a snapshot would forget them as well
        for _ in range(3):
            call(breaker, clock, error=BackendDown())
        clock.advance(60.0)
        for _ in range(3):
            call(breaker, clock)
        call(breaker, clock, error=BackendDown())
        assert seen.moves() == []

    def test_a_time_window_opens_on_its_own_calls_however_many(self, clock: Clock) -> None:
        breaker = breaker_of(clock, window="time", window_s=60.0, minimum_calls=100)
        for index in range(99):
            call(breaker, clock, takes=0.25, error=BackendDown() if index % 2 else None)
        assert breaker.snapshot().state == "closed"
        call(breaker, clock, error=BackendDown())
        assert (breaker.snapshot().state, breaker.snapshot().failure_count) == ("open", 50)

    def test_a_time_window_whose_clock_steps_back_loses_no_call(self, clock: Clock) -> None:
        breaker = breaker_of(clock, window="time", window_s=60.0)
        call(breaker, clock)
        clock.advance(-30.0)
        call(breaker, clock)
        assert breaker.snapshot().calls == 2


class TestOpen:
    def test_refuses_every_call_and_says_which_pool_and_when(self, clock: Clock) -> None:
        breaker = opened(breaker_of(clock), clock)
        clock.advance(17.7)
        with pytest.raises(CircuitOpen) as refusal:
            breaker.acquire()
        assert str(refusal.value) == "pool 'db' is open: 4 of 4 calls failed; it may be tried again in 12.3 s"
        assert (refusal.value.pool, refusal.value.state) == ("db", "open")
        assert refusal.value.retry_after_s == pytest.approx(12.3)

    def test_says_so_where_the_calls_were_slow(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        for _ in range(4):
            call(breaker, clock, takes=2.0)
        with pytest.raises(CircuitOpen, match=r"0 of 4 calls failed, 4 were slow; it may be tried again in 30\.0 s"):
            breaker.acquire()

    def test_time_alone_changes_nothing_that_a_look_would_show(self, clock: Clock, seen: Recorder) -> None:
        breaker = opened(breaker_of(clock, seen), clock)
        clock.advance(1e6)
        assert (breaker.state, breaker.snapshot().state, breaker.snapshot().retry_after_s) == ("open", "open", 0.0)
        assert seen.moves() == ["closed>open failure_rate"]

    def test_the_first_call_after_the_wait_is_the_first_probe(self, clock: Clock, seen: Recorder) -> None:
        breaker = opened(breaker_of(clock, seen), clock)
        clock.advance(30.0)
        permit = breaker.acquire()
        assert (permit.state, breaker.state, breaker.snapshot().probes) == ("half_open", "half_open", 1)
        assert seen.moves() == ["closed>open failure_rate", "open>half_open wait_over"]


class TestHalfOpen:
    def test_closes_when_all_probes_have_answered_well(self, clock: Clock, seen: Recorder) -> None:
        breaker = half_opened(breaker_of(clock, seen), clock)
        call(breaker, clock)
        assert seen.moves()[-1] == "open>half_open wait_over"
        call(breaker, clock)
        assert seen.moves()[-1] == "half_open>closed recovered"
        assert breaker.snapshot().calls == 0  # a new window: old failures are not held against it

    def test_opens_again_at_the_failure_rate_of_the_probes(self, clock: Clock, seen: Recorder) -> None:
        breaker = half_opened(breaker_of(clock, seen), clock)
        call(breaker, clock, error=BackendDown())
        assert breaker.state == "half_open"  # as Resilience4j, it waits for the verdict of all
        call(breaker, clock)
        assert seen.moves()[-1] == "half_open>open failure_rate"
        assert breaker.snapshot().retry_after_s == 30.0  # a whole wait again

    def test_opens_again_when_the_probes_are_slow(self, clock: Clock, seen: Recorder) -> None:
        breaker = half_opened(breaker_of(clock, seen), clock)
        for _ in range(2):
            call(breaker, clock, takes=1.5)
        assert seen.moves()[-1] == "half_open>open slow_call_rate"

    def test_the_minimum_of_calls_is_the_closed_state_s(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=1, minimum_calls=10), clock)
        call(breaker, clock)
        assert breaker.state == "closed"

    def test_refuses_beyond_its_permits_and_says_when_at_the_latest(self, clock: Clock) -> None:
        breaker = half_opened(breaker_of(clock, half_open_permits=3, probe_lease_s=20.0), clock)
        call(breaker, clock)
        admitted(breaker, 1)
        clock.advance(5.0)
        admitted(breaker, 1)
        with pytest.raises(CircuitOpen) as refusal:
            breaker.acquire()
        assert str(refusal.value) == (
            "pool 'db' is half-open: no probe left (2 under way, 1 answered); it may be tried again in at most 15.0 s"
        )

    def test_recovers_after_any_number_of_rounds(self, clock: Clock, seen: Recorder) -> None:
        breaker = opened(breaker_of(clock, seen), clock)
        for _ in range(3):
            clock.advance(30.0)
            for _ in range(2):
                call(breaker, clock, error=BackendDown())
        clock.advance(30.0)
        for _ in range(2):
            call(breaker, clock)
        assert breaker.state == "closed"
        assert [event.generation for event in seen.transitions] == list(range(1, 10))


class TestReading:
    @pytest.mark.parametrize(
        ("arrange", "expected"),
        [
            (lambda breaker, clock: None, "<CircuitBreaker db: closed, 0 of 0 failed>"),
            (
                lambda breaker, clock: call(breaker, clock, takes=2.0),
                "<CircuitBreaker db: closed, 0 of 1 failed, 1 slow>",
            ),
            (opened, "<CircuitBreaker db: open, 4 of 4 failed, half-open in 30.0 s>"),
            (
                lambda breaker, clock: (opened(breaker, clock), clock.advance(31.0)),
                "<CircuitBreaker db: open, 4 of 4 failed, half-open at the next call>",
            ),
            (
                lambda breaker, clock: half_opened(breaker, clock).acquire(),
                "<CircuitBreaker db: half-open, 1 of 2 probes under way, 0 of 0 failed>",
            ),
        ],
    )
    def test_repr_says_what_a_person_asks(
        self, clock: Clock, arrange: Callable[[CircuitBreaker, Clock], object], expected: str
    ) -> None:
        breaker = breaker_of(clock)
        arrange(breaker, clock)
        assert repr(breaker) == expected

    def test_a_snapshot_has_the_rates_and_what_became_of_every_call(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        assert (breaker.snapshot().failure_rate, breaker.snapshot().slow_call_rate) == (0.0, 0.0)
        call(breaker, clock)
        call(breaker, clock, takes=2.0, error=BackendDown())
        breaker.acquire().release()
        snapshot = breaker.snapshot()
        assert (snapshot.failure_rate, snapshot.slow_call_rate, snapshot.generation) == (0.5, 0.5, 0)
        assert dict(snapshot.totals) == {
            "succeeded": 1, "failed": 1, "released": 1, "late": 0, "hung": 0, "rejected": 0
        }  # fmt: skip

    def test_a_snapshot_stays_as_it_was(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        before = breaker.snapshot()
        opened(breaker, clock)
        assert (before.state, before.totals["failed"]) == ("closed", 0)
        with pytest.raises(TypeError):
            before.totals["failed"] = 1  # type: ignore[index]

    def test_may_happen_within_its_own_lock_as_a_signal_handler_s_does(self) -> None:
        """A handler or finalizer runs between any two instructions of ours; the clock is read under the lock."""
        looks: list[str] = []

        def interrupted_clock() -> float:
            if len(looks) < 3:
                looks.append("deep")
                looks.append(str(breaker.snapshot()))
            return 0.0

        breaker = CircuitBreaker("db", clock=interrupted_clock)
        breaker.acquire().succeed()
        assert looks[-1] == "closed, 0 of 0 failed"


class TestLife:
    def test_a_breaker_goes_when_nobody_holds_it(self, clock: Clock) -> None:
        breaker = breaker_of(clock)
        breaker.acquire().succeed()
        gone = weakref.ref(breaker)
        del breaker
        gc.collect()
        assert gone() is None

    @pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
    def test_a_forked_child_starts_closed_and_never_waits_for_a_lock_of_its_parent(self, clock: Clock) -> None:
        entered, leave = threading.Event(), threading.Event()

        def held_clock() -> float:
            if threading.current_thread().name == "holder":
                entered.set()
                leave.wait(30.0)
            return clock()

        breaker = opened(CircuitBreaker("db", BreakerSettings(minimum_calls=1), clock=held_clock), clock)
        holder = threading.Thread(target=breaker.snapshot, name="holder")
        holder.start()
        assert entered.wait(10.0)
        child = os.fork()
        if child == 0:
            # A child that waited for the lock would be ended by the alarm, not by our exit code.
            signal.alarm(20)
            os._exit(42 if breaker.snapshot().state == "closed" else 1)
        leave.set()
        holder.join(10.0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
        assert breaker.state == "open"

    def test_what_a_forked_child_runs_starts_every_breaker_afresh(self, clock: Clock) -> None:
        breakers = [opened(breaker_of(clock), clock), half_opened(breaker_of(clock), clock)]
        _after_fork_in_child()  # here too, as what a child runs is not measured
        assert [breaker.snapshot().state for breaker in breakers] == ["closed", "closed"]
        assert breakers[0].snapshot().totals["failed"] == 0
