"""Fixtures of all tests of reference_impl: a real Redis, and spans kept in memory or sent to a sink."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from opentelemetry.sdk.trace import TracerProvider

from tests.reference_impl.export.otlp_sink import OtlpSink, otlp_sink
from tests.reference_impl.memory_spans import exporter as exporter
from tests.reference_impl.memory_spans import provider as provider
from tests.reference_impl.propagation.propagation_support import Traced, traced_in_memory
from tests.reference_impl.redis_tracing.redis_driver import Driver
from tests.reference_impl.redis_tracing.redis_support import RedisServer, running_redis


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Yield one real redis-server for the whole session."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def empty_redis(redis_server: RedisServer) -> RedisServer:
    """Return the server, emptied."""
    with redis.Redis(port=redis_server.port) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Yield tracing that keeps its spans in memory, with the span processors of the service."""
    with traced_in_memory() as made:
        yield made


@pytest.fixture
def sink() -> Iterator[OtlpSink]:
    """Yield an endpoint that accepts spans by OTLP/HTTP and keeps them."""
    with otlp_sink() as running:
        yield running


@pytest.fixture(params=["async", "sync"])
def sync(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "sync")


@pytest.fixture
def driver(empty_redis: RedisServer, provider: TracerProvider, sync: bool) -> Driver:
    return Driver(empty_redis.port, provider, sync=sync)
