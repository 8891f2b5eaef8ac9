"""A Redis process of our own, that may be emptied and killed: never one that others use."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager

from containers.servers.redis_server import RedisBackend, redis_backend


def own_redis() -> AbstractContextManager[RedisBackend]:
    """A new server from the first rung that starts a process here: `program`, or else `bundled`."""
    return redis_backend("program" if shutil.which("redis-server") else "bundled")
