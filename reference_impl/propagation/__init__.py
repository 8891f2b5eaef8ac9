"""Propagation: trace context and correlation ids between services, and through asynchronous code (S5.1, S5.2).

`correlation` is the correlation id, `propagators` read and write the W3C headers within limits, `async_context` carries
the context into threads, pools and callbacks. Imports `vocabulary` only.
"""

from __future__ import annotations

from reference_impl.propagation.correlation import (
    CorrelationProcessor,
    correlation,
    current_correlation_id,
    extract,
    incoming,
    inject,
)

__all__ = ["CorrelationProcessor", "correlation", "current_correlation_id", "extract", "incoming", "inject"]
