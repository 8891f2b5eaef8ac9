"""The rung `docker`: a server in a container, on a Docker engine of this machine.

testcontainers raises an exception when it is imported or constructed without an engine, so it is imported late.
"""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from containers.engine import api as engine_api
from containers.ladder import BackendUnavailable

__all__ = ["jaeger_container", "postgres_container", "redis_container", "require_engine"]

if TYPE_CHECKING:
    from containers.servers.docker_containers import JaegerContainer, PostgresContainer, RedisContainer


def redis_container() -> AbstractContextManager[RedisContainer]:
    """Run a Redis in a container for as long as the context lasts. Raise `BackendUnavailable`."""
    container: RedisContainer = _classes().RedisContainer()
    return container


def postgres_container() -> AbstractContextManager[PostgresContainer]:
    """Run a PostgreSQL in a container for as long as the context lasts. Raise `BackendUnavailable`."""
    container: PostgresContainer = _classes().PostgresContainer()
    return container


def jaeger_container() -> AbstractContextManager[JaegerContainer]:
    """Run a Jaeger in a container for as long as the context lasts. Raise `BackendUnavailable`."""
    container: JaegerContainer = _classes().JaegerContainer()
    return container


def require_engine() -> str:
    """Return the version of this machine's engine. Raise `BackendUnavailable` where none answers."""
    if importlib.util.find_spec("testcontainers") is None:
        raise BackendUnavailable("the package testcontainers is not installed")
    try:
        return engine_api.version()
    except engine_api.EngineError as error:
        raise BackendUnavailable(str(error)) from error


def _classes() -> ModuleType:
    require_engine()
    _remove_leftovers()
    from containers.servers import docker_containers

    return docker_containers


@cache
def _remove_leftovers() -> None:
    """Remove the containers that killed processes left, once per process."""
    engine_api.remove_leftovers()
