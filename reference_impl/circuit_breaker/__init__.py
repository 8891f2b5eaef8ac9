"""A circuit breaker with the semantics of Resilience4j, for asyncio and threads (S4.2, S4.3).

Imports the standard library only. Callers use `breaker`; `machine` decides when the state changes, `window` counts.
Own code because the libraries that are kept (pybreaker, circuitbreaker) count consecutive failures: they have no
sliding windows, slow calls or leases of probes.
"""

from __future__ import annotations

from reference_impl.circuit_breaker.breaker import CircuitBreaker
from reference_impl.circuit_breaker.permit import Permit
from reference_impl.circuit_breaker.settings import BreakerSettings
from reference_impl.circuit_breaker.values import (
    BreakerEvent,
    CallFailed,
    CircuitOpen,
    Listener,
    Snapshot,
    Transition,
)

__all__ = [
    "BreakerEvent", "BreakerSettings", "CallFailed", "CircuitBreaker", "CircuitOpen", "Listener", "Permit", "Snapshot",
    "Transition",
]  # fmt: skip
