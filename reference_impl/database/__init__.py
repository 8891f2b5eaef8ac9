"""The database: calls through a circuit breaker and a bounded pool, with a span for each call and query (S4)."""

from __future__ import annotations

__all__ = []
