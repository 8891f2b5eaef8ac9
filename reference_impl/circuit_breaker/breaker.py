"""A circuit breaker with Resilience4j's semantics, for asyncio and threads alike (S4.2, S4.3).

    breaker = CircuitBreaker("sessions")
    with breaker.guard():             # or `async with`; raises CircuitOpen where the call is refused
        call_the_backend()            # an Exception counts as a failure, a cancellation counts neither way

Closed, it takes failure rate and slow-call rate over a sliding window. At a threshold it opens and refuses calls.
When `reset_after_s` is over, the next call makes it half-open: N calls may probe, and when N results are counted it
opens again or closes, by the same thresholds. There is no timer and no thread: the change is made by the call that
finds it due, so listeners run in the context of that call and see its span.

Where it differs from Resilience4j: a late result of an older state counts nowhere; and time does not end half-open.
A probe without a result for `probe_lease_s` is taken as hung: its permit goes to the next caller, its result, should
one come, is ignored. So a lost probe neither blocks the breaker for ever nor is a verdict on the backend.

A deadline belongs inside the guard, where it raises TimeoutError, which is a failure; outside, it cancels the call,
which counts neither way.
"""

from __future__ import annotations

import concurrent.futures
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Final

from reference_impl.circuit_breaker.machine import Machine
from reference_impl.circuit_breaker.permit import Guard, Permit
from reference_impl.circuit_breaker.settings import BreakerSettings, WindowKind
from reference_impl.circuit_breaker.values import (
    BreakerEvent,
    CallFailed,
    CircuitOpen,
    Listener,
    Outcome,
    Reason,
    Snapshot,
    State,
    Transition,
)

__all__ = [
    "BreakerEvent", "BreakerSettings", "CallFailed", "CircuitBreaker", "CircuitOpen", "Guard", "Listener", "Outcome",
    "Permit", "Reason", "Snapshot", "State", "Transition", "WindowKind",
]  # fmt: skip

logger = logging.getLogger("reference_impl.circuit_breaker.breaker")

NEVER_COUNTED: Final = (CircuitOpen, concurrent.futures.CancelledError)
"""Exceptions that say nothing of a backend: a breaker refused the call, or it was cancelled before it ran."""


class CircuitBreaker:
    """The breaker of one pool; any number of threads and tasks may share it.

    `is_ignored` and `is_failure` judge a call's exception, in this order: what is ignored counts neither way (an
    exhausted pool is not the backend's failure), what is no failure counts as a success (a constraint that was
    violated is an answer); by default every Exception is a failure. What is not an Exception (CancelledError,
    GeneratorExit, KeyboardInterrupt) counts neither way. `clock` gives seconds and never steps back.

    No lock is held while a call, a listener or a predicate runs. A forked child starts closed, with empty windows.
    """

    def __init__(
        self,
        pool: str,
        settings: BreakerSettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        is_failure: Callable[[Exception], bool] = lambda _: True,
        is_ignored: Callable[[Exception], bool] = lambda _: False,
        listeners: Iterable[Listener] = (),
    ) -> None:
        self.pool = pool
        self.settings = settings or BreakerSettings()
        self._clock = clock
        self._is_failure = is_failure
        self._is_ignored = is_ignored
        self._listeners = tuple(listeners)
        self._start_afresh()
        _breakers.add(self)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.pool}: {self.snapshot()}>"

    def _start_afresh(self) -> None:
        # Re-entrant: a signal handler or a finalizer that returns a permit or looks at us may run within our lock.
        self._lock = threading.RLock()
        self._machine = Machine(self.pool, self.settings)

    @property
    def state(self) -> State:
        """`closed`, `open` or `half_open`; open also when its wait is over, until the next call comes."""
        return self._machine.state

    def guard(self) -> Guard:
        """A block for one call: `with breaker.guard():` or `async with breaker.guard():`; gives the call's Permit."""
        return Guard(self.acquire)

    def acquire(self) -> Permit:
        """Permission for one call, to be ended by one of the permit's methods; raises CircuitOpen where refused."""
        with self._lock:
            now = self._clock()
            news = self._machine.wake(now)
            answer = self._machine.admit(now, self._end)
        if isinstance(answer, CircuitOpen):
            raise answer
        try:
            self._tell(news)
        except BaseException:
            answer.release()  # the caller will never see it
            raise
        return answer

    def snapshot(self) -> Snapshot:
        """What the breaker is at this moment; looking never changes its state."""
        with self._lock:
            return self._machine.snapshot(self._clock())

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every Transition and CallFailed from now on; gives the function that ends it.

        It runs in the thread and context of the call that caused the event, after the lock is released. What it
        raises is logged by type, and never reaches that call.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    def _end(self, permit: Permit, result: Outcome | BaseException) -> None:
        outcome, error = (result, None) if isinstance(result, str) else (self._judged(result), result)
        with self._lock:
            news = self._machine.end(permit, outcome, error, self._clock())
        self._tell(news)

    def _tell(self, news: Iterable[BreakerEvent]) -> None:
        for event in news:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception as failure:
                    _complain("a listener", self.pool, failure)

    def _judged(self, error: BaseException) -> Outcome:
        if not isinstance(error, Exception) or isinstance(error, NEVER_COUNTED):
            return "released"
        try:
            if self._is_ignored(error):
                return "released"
            return "failed" if self._is_failure(error) else "succeeded"
        except Exception as failure:
            _complain("a predicate", self.pool, failure)
            return "failed"


def _complain(who: str, pool: str, failure: Exception) -> None:
    logger.warning("%s of the circuit breaker of pool %r failed: %s", who, pool, type(failure).__qualname__)


_breakers: weakref.WeakSet[CircuitBreaker] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    # The lock may have been held, and the numbers half changed, by a thread that the child does not have.
    for breaker in list(_breakers):
        breaker._start_afresh()


os.register_at_fork(after_in_child=_after_fork_in_child)
