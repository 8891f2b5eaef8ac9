"""Real servers for tests and demos: Redis, Jaeger and PostgreSQL, as containers or as processes."""

from __future__ import annotations

__all__ = []
