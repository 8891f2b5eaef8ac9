"""A circuit breaker's transitions and failures as span events and log lines (S4.2).

The breaker calls its listeners in the context of the call that caused the event, so its span is the current one.
"""

from __future__ import annotations

from typing import Any, Final

from opentelemetry.trace import Span, get_current_span

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker import BreakerEvent, CallFailed, CircuitOpen, Transition
from reference_impl.instrumentation.errors import error_type
from reference_impl.logs.structured import get_logger

log = get_logger("reference_impl.breaker")

_NAMES: Final = {"open": v.BREAKER_OPENED, "half_open": v.BREAKER_HALF_OPENED, "closed": v.BREAKER_CLOSED}
_TRANSITION: Final = ("pool", "from_state", "reason", "calls", "failure_count", "failure_rate", "slow_count",
                      "slow_call_rate", "threshold", "reset_after_s", "generation")  # fmt: skip
_FAILURE: Final = ("pool", "state", "calls", "failure_count", "failure_rate", "threshold", "reset_after_s", "slow")
_REJECTION: Final = ("pool", "state", "retry_after_s", "why")


def log_change(event: BreakerEvent) -> None:
    """Log a change of state, also without a span; a listener for `CircuitBreaker`."""
    if isinstance(event, Transition):
        log.warning(v.BREAKER_CHANGED, to_state=event.to_state, **_attributes(event, _TRANSITION))


def record_on_span(event: BreakerEvent) -> None:
    """Add a transition or a counted failure to the current span; a listener for `CircuitBreaker`."""
    span = get_current_span()
    if not span.is_recording():
        return
    if isinstance(event, Transition):
        span.add_event(_NAMES[event.to_state], _attributes(event, _TRANSITION))
    elif isinstance(event, CallFailed):
        duration = {v.ERROR_TYPE: error_type(event.error), "duration_ms": event.duration_s * 1000}
        span.add_event(v.BREAKER_FAILURE, _attributes(event, _FAILURE) | duration)


def record_rejection(span: Span, rejection: CircuitOpen) -> None:
    """Add an event for a rejected call to its span."""
    span.add_event(v.BREAKER_REJECTED, _attributes(rejection, _REJECTION))


def _attributes(event: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}
