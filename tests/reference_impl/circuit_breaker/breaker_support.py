"""Helpers of the circuit breaker's tests: a clock that only they move, a backend's failure, breakers by state."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from reference_impl.circuit_breaker.breaker import (
    BreakerEvent,
    BreakerSettings,
    CallFailed,
    CircuitBreaker,
    CircuitOpen,
    Permit,
    Transition,
)

SMALL: dict[str, Any] = {"window_calls": 10, "minimum_calls": 4, "half_open_permits": 2, "reset_after_s": 30.0}
"""Settings under which four calls are enough to open, and two probes decide."""


class BackendDown(Exception):
    """The backend's own failure."""


class Clock:
    """A clock that moves only by `advance`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Recorder:
    """A listener that keeps the events."""

    def __init__(self) -> None:
        self.events: list[BreakerEvent] = []

    def __call__(self, event: BreakerEvent) -> None:
        self.events.append(event)

    @property
    def transitions(self) -> list[Transition]:
        """Return the transitions among the events."""
        return [event for event in self.events if isinstance(event, Transition)]

    @property
    def failures(self) -> list[CallFailed]:
        """Return the failures among the events."""
        return [event for event in self.events if isinstance(event, CallFailed)]

    def moves(self) -> list[str]:
        """Return the transitions in short: `closed>open failure_rate`."""
        return [f"{event.from_state}>{event.to_state} {event.reason}" for event in self.transitions]


def breaker_of(clock: Clock, *listeners: Recorder, **settings: Any) -> CircuitBreaker:
    """Return a breaker of the pool `db` with SMALL settings, changed by `settings`."""
    return CircuitBreaker("db", BreakerSettings(**{**SMALL, **settings}), clock=clock, listeners=listeners)


def call(breaker: CircuitBreaker, clock: Clock, *, takes: float = 0.0, error: BaseException | None = None) -> None:
    """Make one call that takes `takes` seconds and then succeeds, or fails with `error`."""
    permit = breaker.acquire()
    clock.advance(takes)
    if error is None:
        permit.succeed()
    else:
        permit.fail(error)


def opened(breaker: CircuitBreaker, clock: Clock) -> CircuitBreaker:
    """Make calls fail until the breaker is open. Return the breaker."""
    while breaker.state == "closed":
        call(breaker, clock, error=BackendDown())
    return breaker


def half_opened(breaker: CircuitBreaker, clock: Clock) -> CircuitBreaker:
    """Make the breaker half-open without a running probe. Return the breaker."""
    opened(breaker, clock)
    clock.advance(breaker.settings.reset_after_s)
    breaker.acquire().release()
    assert breaker.state == "half_open"
    return breaker


def admitted(breaker: CircuitBreaker, callers: int) -> list[Permit]:
    """Return the permits that this number of callers get; the others are rejected."""
    permits = []
    for _ in range(callers):
        try:
            permits.append(breaker.acquire())
        except CircuitOpen:
            continue
    return permits


@contextmanager
def switching_at_every_line() -> Iterator[None]:
    """Let other threads run after each line of the breaker's code, where they would rarely meet by chance.

    Without the breaker's lock, concurrent callers are then counted wrongly in nearly every run.
    """

    def switch(frame: FrameType, event: str, argument: Any) -> Any:
        if not str(frame.f_globals.get("__name__")).startswith("reference_impl.circuit_breaker."):
            return None
        time.sleep(0)  # no wait: it hands the interpreter over
        return switch

    before = sys.gettrace()
    sys.settrace(switch)
    try:
        yield
    finally:
        sys.settrace(before)
