"""A circuit breaker's transitions and failures as span events and log lines (S4.2).

The breaker calls its listeners in the context of the call that caused the event, so its span is the current one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opentelemetry.trace import Span, get_current_span

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker.values import BreakerEvent, CallFailed, CircuitOpen, State, Transition
from reference_impl.instrumentation.errors import error_type
from reference_impl.logs.structured import get_logger

log = get_logger("reference_impl.breaker")

_NAMES: Final[Mapping[State, str]] = {
    "open": v.BREAKER_OPENED,
    "half_open": v.BREAKER_HALF_OPENED,
    "closed": v.BREAKER_CLOSED,
}


def log_change(event: BreakerEvent) -> None:
    """Log a change of state, also without a span; a listener for `CircuitBreaker`."""
    if isinstance(event, Transition):
        log.warning(v.BREAKER_CHANGED, to_state=event.to_state, **_transition_attributes(event))


def record_on_span(event: BreakerEvent) -> None:
    """Add a transition or a counted failure to the current span; a listener for `CircuitBreaker`."""
    span = get_current_span()
    if not span.is_recording():
        return
    if isinstance(event, Transition):
        span.add_event(_NAMES[event.to_state], _transition_attributes(event))
    else:
        span.add_event(v.BREAKER_FAILURE, _failure_attributes(event))


def record_rejection(span: Span, rejection: CircuitOpen) -> None:
    """Add an event for a rejected call to its span."""
    attributes: dict[str, str | float] = {
        "pool": rejection.pool,
        "state": rejection.state,
        "retry_after_s": rejection.retry_after_s,
        "why": rejection.why,
    }
    span.add_event(v.BREAKER_REJECTED, attributes)


def _transition_attributes(event: Transition) -> dict[str, str | int | float]:
    return {
        "pool": event.pool,
        "from_state": event.from_state,
        "reason": event.reason,
        "calls": event.calls,
        "failure_count": event.failure_count,
        "failure_rate": event.failure_rate,
        "slow_count": event.slow_count,
        "slow_call_rate": event.slow_call_rate,
        "threshold": event.threshold,
        "reset_after_s": event.reset_after_s,
        "generation": event.generation,
    }


def _failure_attributes(event: CallFailed) -> dict[str, str | int | float]:
    return {
        "pool": event.pool,
        "state": event.state,
        v.ERROR_TYPE: error_type(event.error),
        "calls": event.calls,
        "failure_count": event.failure_count,
        "failure_rate": event.failure_rate,
        "threshold": event.threshold,
        "reset_after_s": event.reset_after_s,
        "duration_ms": event.duration_s * 1000,
        "slow": event.slow,
    }
