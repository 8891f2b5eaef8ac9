"""Fixtures of the contract tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from containers.servers.private_redis import private_redis
from containers.servers.redis_server import RedisBackend
from contracts.scenario_catalogue import SLOW


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slow scenarios last."""
    items.sort(key=lambda item: any(f"[{name}]" in item.name for name in SLOW))


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisBackend]:
    """Start one real Redis for all contract tests, which empty it."""
    with private_redis() as backend:
        yield backend
