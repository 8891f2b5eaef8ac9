"""The rung `docker`: a server in a container, on a Docker engine of this machine.

testcontainers raises in its constructor where no engine answers, so it is imported and called as late as can be.
"""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from containers.engine import api as engine_api
from containers.ladder import BackendUnavailable

if TYPE_CHECKING:
    from containers.servers.docker_containers import JaegerContainer, PostgresContainer, RedisContainer


def redis_container() -> AbstractContextManager[RedisContainer]:
    """A Redis in a container, for as long as the context lasts; raises `BackendUnavailable`."""
    container: RedisContainer = _classes().RedisContainer()
    return container


def postgres_container() -> AbstractContextManager[PostgresContainer]:
    """A PostgreSQL in a container, for as long as the context lasts; raises `BackendUnavailable`."""
    container: PostgresContainer = _classes().PostgresContainer()
    return container


def jaeger_container() -> AbstractContextManager[JaegerContainer]:
    """A Jaeger in a container, for as long as the context lasts; raises `BackendUnavailable`."""
    container: JaegerContainer = _classes().JaegerContainer()
    return container


def require_engine() -> str:
    """The engine's version; raises `BackendUnavailable`, with the reason, unless one of this machine answers."""
    if importlib.util.find_spec("testcontainers") is None:
        raise BackendUnavailable("the package testcontainers is not installed")
    try:
        return engine_api.version()
    except engine_api.EngineError as error:
        raise BackendUnavailable(str(error)) from error


def _classes() -> ModuleType:
    require_engine()
    _swept()
    from containers.servers import docker_containers

    return docker_containers


@cache
def _swept() -> None:
    """Once in a process: what one that was killed outright has left behind goes first."""
    engine_api.remove_leftovers()
