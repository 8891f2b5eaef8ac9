"""Sessions: cached in Redis, stored in a database, named by signed tokens (S3).

The domain code of the service, traced by one line for each operation. Imports `redis_tracing`, `database`,
`circuit_breaker`, `instrumentation` and `vocabulary`.
"""

from __future__ import annotations

from reference_impl.sessions.cache import KEYS, SessionCache
from reference_impl.sessions.store import SqlSessionStore

__all__ = ["KEYS", "SessionCache", "SqlSessionStore"]
