"""A circuit breaker with the semantics of Resilience4j, for asyncio and threads (S4.2, S4.3).

It needs nothing but the standard library. `breaker` is what callers use, `machine` decides, `window` counts.
"""

from __future__ import annotations

__all__ = []
