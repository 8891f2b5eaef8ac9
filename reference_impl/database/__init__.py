"""The database: calls through a circuit breaker and a bounded pool, with a span for each call and query (S4).

`manager` runs calls, `pool` limits connections, `engine` knows SQLite and PostgreSQL; `query_spans` and
`breaker_events` trace. Imports `circuit_breaker`, `logs`, `instrumentation` and `vocabulary`.
"""

from __future__ import annotations

from reference_impl.database.manager import ConnectionManager
from reference_impl.database.pool import PoolExhausted, PoolSettings
from reference_impl.database.query_spans import Queries
from reference_impl.instrumentation.measures import PoolUse

__all__ = ["ConnectionManager", "PoolExhausted", "PoolSettings", "PoolUse", "Queries"]
