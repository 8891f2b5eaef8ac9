"""Sessions: cached in Redis, kept in a database, named by signed tokens (S3).

The domain code of the service: it is traced by one line for each operation.
"""

from __future__ import annotations

from reference_impl.sessions.cache import SessionCache
from reference_impl.sessions.store import SessionStore

__all__ = ["SessionCache", "SessionStore"]
