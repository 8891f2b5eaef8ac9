"""Fixtures of the contract tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from containers.own_redis import own_redis
from containers.redis_server import RedisBackend


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisBackend]:
    """One real Redis for all contract tests, which empty it."""
    with own_redis() as backend:
        yield backend
