"""Calls through a circuit breaker with a clock that is set by hand, each a span.

Most of these breakers guard no database. A span `call` replaces the connection manager's span, and has attributes with
a snapshot of the breaker after the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from opentelemetry.trace import Span, Tracer

from contracts.scenarios.harness import EMAIL, Harness
from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen, Permit
from reference_impl.database.breaker_events import log_change, record_on_span, record_rejection
from reference_impl.instrumentation.operation_spans import operation_span, record_failure

__all__ = ["Calls", "Clock"]


class Clock:
    """A clock in seconds that is set by hand. It starts at 1000, so that it cannot be mistaken for an unset value."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Calls:
    """A breaker with a clock set by hand, and calls through it, each a span."""

    def __init__(
        self, harness: Harness, *, listeners: tuple[Any, ...] = (), rules: Any = None, **settings: Any
    ) -> None:
        self.clock = Clock()
        self.tracer: Tracer = harness.telemetry.tracer("calls")
        self.breaker = CircuitBreaker(
            "sessions",
            BreakerSettings(**settings),
            clock=self.clock,
            listeners=(record_on_span, log_change, *listeners),
            **(rules or {}),
        )

    @contextmanager
    def span(self) -> Iterator[Span]:
        with suppress(CircuitOpen), operation_span(self.tracer, "call", on_failure=_record_failure) as span:
            try:
                yield span
            finally:
                seen = self.breaker.snapshot()
                totals = ", ".join(f"{number} {name}" for name, number in seen.totals.items() if number)
                span.set_attribute("snapshot", f"{seen}; {totals}")
                span.set_attribute("rates", f"{seen.failure_rate:.3f} {seen.slow_call_rate:.3f} {seen.retry_after_s}")
                span.set_attribute("state", f"{self.breaker.state} {seen.state} {seen.pool} {seen.generation}")

    def begin(self) -> Permit | None:
        """Acquire a permit in a span of its own. Return None where it is refused."""
        permit = None
        with self.span():
            permit = self.breaker.acquire()
        return permit  # noqa: RET504 - the span may suppress an exception

    def end(self, permit: Permit | None, error: BaseException | None = None, *, takes: float = 0.0) -> None:
        self.clock.now += takes
        assert permit is not None
        with self.span():
            permit.succeed() if error is None else permit.fail(error)

    def call(self, error: BaseException | None = None, *, takes: float = 0.0) -> None:
        """Make one whole call."""
        with suppress(*[type(error)] if error else []), self.span() as span, self.breaker.guard() as permit:
            span.set_attribute("permit", f"{permit.state} {permit.generation} {permit.started_at} {permit.ended}")
            self.clock.now += takes
            if error is not None:
                raise error

    def several(self, outcomes: str, *, takes: float = 0.0) -> None:
        """Make calls one after the other: `+` succeeds, `-` fails."""
        for outcome in outcomes:
            self.call(OSError(EMAIL) if outcome == "-" else None, takes=takes)


def _record_failure(span: Span, error: BaseException) -> None:
    record_failure(span, error)
    if isinstance(error, CircuitOpen):
        record_rejection(span, error)
        span.set_attribute("refusal", str(error))
