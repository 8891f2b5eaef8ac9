"""The circuit breaker against a plain model, over arbitrary runs; and under load, in threads and in tasks (S4.2)."""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from reference_impl.circuit_breaker import (
    BreakerSettings,
    CallFailed,
    CircuitBreaker,
    CircuitOpen,
    Permit,
    Snapshot,
    Transition,
)
from reference_impl.circuit_breaker.window import BUCKETS
from tests.properties import examples
from tests.reference_impl.circuit_breaker.breaker_support import BackendDown, Clock, Recorder, switching_at_every_line

STEP_S = 0.25  # every time is a multiple of it, so that sums of times are exact


class Model:
    """A plain model of the breaker: it keeps every result and counts all of them each time."""

    def __init__(self, told: BreakerSettings) -> None:
        self.told = told
        self.state = "closed"
        self.since = 0.0
        self.generation = 0
        self.results: list[tuple[float, bool, bool]] = []
        self.probes: dict[int, float] = {}

    def window(self, now: float) -> list[tuple[float, bool, bool]]:
        if self.state != "closed":
            return self.results
        if self.told.window == "count":
            return self.results[-self.told.window_calls :]
        width = self.told.window_s / BUCKETS
        return [one for one in self.results if math.floor(one[0] / width) > math.floor(now / width) - BUCKETS]

    def move(self, state: str, now: float) -> None:
        self.results = self.window(now) if state == "open" else []  # open, it shows what made it open
        self.state, self.since = state, now
        self.generation += 1
        self.probes = {}

    def forget_hung(self, now: float) -> None:
        self.probes = {one: at for one, at in self.probes.items() if now < at + self.told.probe_lease_s}

    def acquire(self, name: int, now: float) -> bool:
        if self.state == "open" and now >= self.since + self.told.reset_after_s:
            self.move("half_open", now)
        self.forget_hung(now)
        if self.state == "half_open" and len(self.probes) + len(self.results) < self.told.half_open_permits:
            self.probes[name] = now
            return True
        return self.state == "closed"

    def end(self, name: int, generation: int, started: float, outcome: str, now: float) -> None:
        self.forget_hung(now)
        if generation != self.generation or (self.state == "half_open" and self.probes.pop(name, None) is None):
            return
        if outcome == "released":
            return
        self.results.append((now, outcome == "failed", now - started > self.told.slow_call_duration_s))
        self.judge(now)

    def judge(self, now: float) -> None:
        window = self.window(now)
        least = self.told.half_open_permits if self.state == "half_open" else self.told.minimum_calls
        if len(window) < least:
            return
        failed, slow = (sum(one[index] for one in window) / len(window) for index in (1, 2))
        if failed >= self.told.failure_rate_threshold or slow >= self.told.slow_call_rate_threshold:
            self.move("open", now)
        elif self.state == "half_open":
            self.move("closed", now)


class BreakerRuns(RuleBasedStateMachine):
    """Callers come, take their time and end in every order; after each step breaker and model agree."""

    calls: Bundle[int] = Bundle("calls")

    @initialize(
        window=st.sampled_from(["count", "time"]),
        size=st.integers(1, 6),
        minimum=st.integers(1, 6),
        rates=st.tuples(st.sampled_from([0.25, 1 / 3, 0.5, 1.0]), st.sampled_from([0.3, 0.5, 1.0])),
        permits=st.integers(1, 4),
    )
    def start(self, window: Any, size: int, minimum: int, rates: tuple[float, float], permits: int) -> None:
        self.clock = Clock()
        told = BreakerSettings(
            window=window,
            window_calls=size,
            window_s=BUCKETS * STEP_S,
            minimum_calls=min(minimum, size),
            failure_rate_threshold=rates[0],
            slow_call_rate_threshold=rates[1],
            slow_call_duration_s=1.0,
            reset_after_s=5.0,
            half_open_permits=permits,
            probe_lease_s=3.0,
        )
        self.seen = Recorder()
        self.breaker = CircuitBreaker("db", told, clock=self.clock, listeners=[self.seen])
        self.model = Model(told)
        self.permits: dict[int, Permit] = {}
        self.refused = 0

    @rule(steps=st.sampled_from([1, 2, 5, 12, 20, 60]))
    def wait(self, steps: int) -> None:
        self.clock.advance(steps * STEP_S)

    @rule(target=calls)
    def acquire(self) -> Any:
        name = len(self.permits) + self.refused
        expected = self.model.acquire(name, self.clock.now)
        before = self.breaker.snapshot()
        try:
            permit = self.breaker.acquire()
        except CircuitOpen as refusal:
            wait = refusal.retry_after_s
            self.refused += 1
        else:
            wait = 0.0
            self.permits[name] = permit
        assert (wait == 0.0, wait) == (expected, before.retry_after_s)
        if not expected:
            return multiple()
        return name

    @rule(name=calls, outcome=st.sampled_from(["succeeded", "succeeded", "failed", "failed", "released"]))
    def end(self, name: int, outcome: str) -> None:
        permit = self.permits[name]
        if not permit.ended:
            self.model.end(name, permit.generation, permit.started_at, outcome, self.clock.now)
        if outcome == "failed":
            permit.fail(BackendDown())
        else:
            permit.succeed() if outcome == "succeeded" else permit.release()

    @invariant()
    def agree(self) -> None:
        snapshot = self.breaker.snapshot()
        self.model.forget_hung(self.clock.now)
        window = self.model.window(self.clock.now)
        assert (snapshot.state, snapshot.generation) == (self.model.state, self.model.generation)
        assert (snapshot.calls, snapshot.probes) == (len(window), len(self.model.probes))
        assert snapshot.failure_count == sum(failed for _, failed, _ in window)
        assert snapshot.slow_count == sum(slow for _, _, slow in window)

    @invariant()
    def no_call_is_lost(self) -> None:
        totals = self.breaker.snapshot().totals
        ended = sum(permit.ended for permit in self.permits.values())
        assert totals["succeeded"] + totals["failed"] + totals["released"] + totals["late"] == ended
        assert totals["rejected"] == self.refused
        assert totals["failed"] == len(self.seen.failures)

    @invariant()
    def transitions_are_told_in_order(self) -> None:
        assert_chain(self.seen.transitions, self.breaker.snapshot(), self.breaker.settings.half_open_permits)


def assert_chain(transitions: list[Transition], last: Snapshot, permits: int) -> None:
    """Each transition begins where the one before ended, and each half-open ends by exactly its N results."""
    state = "closed"
    for number, event in enumerate(transitions, start=1):
        assert (event.generation, event.from_state) == (number, state)
        assert event.calls == permits or event.from_state != "half_open"
        state = event.to_state
    assert (state, len(transitions)) == (last.state, last.generation)


TestBreakerRuns = BreakerRuns.TestCase
TestBreakerRuns.settings = settings(max_examples=examples(150), stateful_step_count=40)


class Load:
    """Calls with seeded outcomes; time passes with them, so that every state is reached many times."""

    def __init__(self) -> None:
        told = BreakerSettings(
            window_calls=8, minimum_calls=4, reset_after_s=0.5, half_open_permits=3, slow_call_duration_s=5.0
        )
        self.clock = Clock()
        self.seen = Recorder()
        self.breaker = CircuitBreaker("db", told, clock=self.clock, listeners=[self.seen])
        self.outcomes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, outcome: str) -> None:
        with self._lock:
            self.outcomes[outcome] += 1
            self.clock.advance(1 / 64)

    def assert_sound(self, calls: int) -> None:
        snapshot = self.breaker.snapshot()
        totals = snapshot.totals
        assert self.outcomes.total() == calls
        assert totals["rejected"] == self.outcomes["refused"] > 0
        assert totals["succeeded"] + totals["failed"] + totals["released"] + totals["late"] == (
            calls - self.outcomes["refused"]
        )
        assert totals["failed"] == len(self.seen.failures) <= self.outcomes["failed"]
        # Threads may tell their listeners in another order than that in which they changed the state.
        assert_chain(sorted(self.seen.transitions, key=lambda event: event.generation), snapshot, 3)
        assert len(self.seen.transitions) > 5
        assert not any(isinstance(event, CallFailed) and event.state == "open" for event in self.seen.events)


def test_four_threads_never_break_the_chain_of_states_nor_lose_a_call() -> None:
    load = Load()

    def worker(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(75):
            outcome = choose.choice(["ok", "ok", "failed", "released"])
            try:
                with switching_at_every_line(), load.breaker.guard() as permit:
                    if outcome == "failed":
                        raise BackendDown
                    if outcome == "released":
                        permit.release()
            except CircuitOpen:
                outcome = "refused"
            except BackendDown:
                pass
            load.note(outcome)

    workers = [threading.Thread(target=worker, args=(seed,), daemon=True) for seed in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join(50.0)
    load.assert_sound(300)


async def test_a_thousand_tasks_with_cancellations_never_break_the_chain_of_states_nor_lose_a_call() -> None:
    load = Load()
    choose = random.Random(4)

    async def caller(outcome: str, turns: int) -> None:
        try:
            async with load.breaker.guard():
                for _ in range(turns):
                    await asyncio.sleep(0)
                if outcome == "failed":
                    raise BackendDown
                if outcome == "cancelled":
                    await asyncio.Event().wait()
        except CircuitOpen:
            outcome = "refused"
        except (BackendDown, asyncio.CancelledError):
            pass
        load.note(outcome)

    for _ in range(100):
        kinds = [choose.choice(["ok", "ok", "failed", "cancelled"]) for _ in range(10)]
        callers = [asyncio.create_task(caller(kind, choose.randrange(4))) for kind in kinds]
        await asyncio.wait(callers, timeout=0)
        for _ in range(5):
            await asyncio.sleep(0)
        for task in callers:
            task.cancel()  # only those that still wait
        await asyncio.gather(*callers, return_exceptions=True)
    load.assert_sound(1000)
