"""Fixtures of all tests of reference_impl: a real Redis, and spans kept in memory or sent to a sink."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.reference_impl.export.otlp_sink import OtlpSink, otlp_sink
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
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    """Yield a provider that samples all traces and exports to `exporter`."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


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
