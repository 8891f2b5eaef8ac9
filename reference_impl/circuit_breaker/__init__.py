"""A circuit breaker with the semantics of Resilience4j, for asyncio and threads (S4.2, S4.3).

Imports the standard library only. Callers use `breaker`; `machine` decides when the state changes, `window` counts.
"""

from __future__ import annotations

from reference_impl.circuit_breaker.breaker import CircuitBreaker
from reference_impl.circuit_breaker.settings import BreakerSettings
from reference_impl.circuit_breaker.values import CallFailed, CircuitOpen, Transition

__all__ = ["BreakerSettings", "CallFailed", "CircuitBreaker", "CircuitOpen", "Transition"]
