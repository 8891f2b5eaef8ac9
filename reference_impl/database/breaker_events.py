"""What a circuit breaker does, as events on the span of the call that made it do so (S4.2).

The breaker tells its listeners in the context of that call, so the current span is the right one.
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
    """Say a change of state in the log, with or without a span; a listener for `CircuitBreaker`."""
    if isinstance(event, Transition):
        log.warning(v.BREAKER_CHANGED, to_state=event.to_state, **_of_transition(event))


def record_on_span(event: BreakerEvent) -> None:
    """Add a transition, or a failure that was counted, to the current span; a listener for `CircuitBreaker`."""
    span = get_current_span()
    if not span.is_recording():
        return
    if isinstance(event, Transition):
        span.add_event(_NAMES[event.to_state], _of_transition(event))
    else:
        span.add_event(v.BREAKER_FAILURE, _of_failure(event))


def record_rejection(span: Span, refusal: CircuitOpen) -> None:
    """Add the refusal of a call to its span."""
    facts: dict[str, str | float] = {
        "pool": refusal.pool,
        "state": refusal.state,
        "retry_after_s": refusal.retry_after_s,
        "why": refusal.why,
    }
    span.add_event(v.BREAKER_REJECTED, facts)


def _of_transition(event: Transition) -> dict[str, str | int | float]:
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


def _of_failure(event: CallFailed) -> dict[str, str | int | float]:
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
