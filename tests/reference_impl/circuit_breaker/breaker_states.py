"""Circuit breakers by state for the breaker's tests, and the calls that lead there."""

from __future__ import annotations

from typing import Any

from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen, Permit
from tests.reference_impl.circuit_breaker.breaker_support import BackendDown, Clock, Recorder

SMALL: dict[str, Any] = {"window_calls": 10, "minimum_calls": 4, "half_open_permits": 2, "reset_after_s": 30.0}
"""Settings under which four calls are enough to open, and two probes decide."""


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
