"""A circuit breaker with Resilience4j's semantics, for asyncio and threads alike (S4.2, S4.3).

    breaker = CircuitBreaker("sessions")
    with breaker.guard():             # or `async with`; raises CircuitOpen where the call is refused
        call_the_backend()            # an Exception counts as a failure, a cancellation counts neither way

Closed, the breaker computes failure rate and slow-call rate over a sliding window. At a threshold it opens and rejects
calls. After `reset_after_s`, the next call makes it half-open: N calls may probe the backend, and after N results the
breaker opens again or closes, by the same thresholds. There is no timer and no thread: the call that finds a change due
makes it, so listeners run in the context of that call and see its span.

Differences from Resilience4j: a late result of an older state is not counted, and time does not end half-open. A probe
without a result for `probe_lease_s` counts as hung: its permit goes to the next caller, and a later result is ignored.
So a lost probe does not block the breaker for ever, and is no verdict on the backend.

Put a deadline inside the guard: there it raises TimeoutError, which is a failure. Outside it cancels the call, which
counts neither way.
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
from reference_impl.circuit_breaker.settings import BreakerSettings
from reference_impl.circuit_breaker.values import BreakerEvent, CircuitOpen, Listener, Outcome, Snapshot, State

logger = logging.getLogger("reference_impl.circuit_breaker.breaker")

NEVER_COUNTED: Final = (CircuitOpen, concurrent.futures.CancelledError)
"""Exceptions that say nothing about a backend: a breaker rejected the call, or it was cancelled before it ran."""


class CircuitBreaker:
    """The breaker of one pool; any number of threads and tasks may share it.

    `is_ignored` and `is_failure` classify a call's exception, in this order. An ignored one counts neither way (an
    exhausted pool is not the backend's failure); one that is no failure counts as a success (a violated constraint is
    an answer). By default every Exception is a failure. Other exceptions (CancelledError, GeneratorExit,
    KeyboardInterrupt) count neither way. `clock` returns seconds and never goes back.

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
        self._reset()
        _breakers.add(self)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.pool}: {self.snapshot()}>"

    def _reset(self) -> None:
        # Re-entrant, because a signal handler or a finalizer may end a permit while this thread holds the lock.
        self._lock = threading.RLock()
        self._machine = Machine(self.pool, self.settings)

    @property
    def state(self) -> State:
        """Return `closed`, `open` or `half_open`; `open` also after its wait, until the next call comes."""
        return self._machine.state

    def guard(self) -> Guard:
        """Return a block for one call: `with breaker.guard():` or `async with breaker.guard():`; it gives a Permit."""
        return Guard(self.acquire)

    def acquire(self) -> Permit:
        """Return a permit for one call, to be ended by one of its methods. Raise CircuitOpen if it is rejected."""
        with self._lock:
            now = self._clock()
            events = self._machine.update(now)
            answer = self._machine.admit(now, self._end)
        if isinstance(answer, CircuitOpen):
            raise answer
        try:
            self._notify(events)
        except BaseException:
            answer.release()  # the caller will never see it
            raise
        return answer

    def snapshot(self) -> Snapshot:
        """Return the breaker's state and counts at this moment, without changing them."""
        with self._lock:
            return self._machine.snapshot(self._clock())

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every Transition and CallFailed from now on. Return a function that ends this.

        The listener runs in the thread and context of the call that caused the event, after the lock is released. An
        exception in it is logged by type, and never reaches that call.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    def _end(self, permit: Permit, result: Outcome | BaseException) -> None:
        outcome, error = (result, None) if isinstance(result, str) else (self._classify(result), result)
        with self._lock:
            events = self._machine.end(permit, outcome, error, self._clock())
        self._notify(events)

    def _notify(self, events: Iterable[BreakerEvent]) -> None:
        for event in events:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception as failure:
                    _log_failure("a listener", self.pool, failure)

    def _classify(self, error: BaseException) -> Outcome:
        if not isinstance(error, Exception) or isinstance(error, NEVER_COUNTED):
            return "released"
        try:
            if self._is_ignored(error):
                return "released"
            return "failed" if self._is_failure(error) else "succeeded"
        except Exception as failure:
            _log_failure("a predicate", self.pool, failure)
            return "failed"


def _log_failure(who: str, pool: str, failure: Exception) -> None:
    logger.warning("%s of the circuit breaker of pool %r failed: %s", who, pool, type(failure).__qualname__)


_breakers: weakref.WeakSet[CircuitBreaker] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    # A thread that the child does not have may hold the lock, and have changed only a part of the numbers.
    for breaker in list(_breakers):
        breaker._reset()


os.register_at_fork(after_in_child=_after_fork_in_child)
