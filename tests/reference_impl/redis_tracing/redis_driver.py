"""Traced clients, async and sync: makes them, and sends commands by them."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from reference_impl.redis_tracing.commands import instrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from tests.reference_impl.redis_tracing.redis_support import RedisServer, run

KEYS = KeyTemplates("session:{id}")


def sync_client(server: RedisServer, provider: trace.TracerProvider, **options: Any) -> redis.Redis:
    """Return a traced client with the templates of sessions."""
    return instrument(redis.Redis(port=server.port, **options), tracer=provider.get_tracer("test"), keys=KEYS)


def async_client(server: RedisServer, provider: trace.TracerProvider) -> Any:
    """Return the same, async, without retries."""
    client = redis.asyncio.Redis(port=server.port, retry=AsyncRetry(NoBackoff(), 0))
    return instrument(client, tracer=provider.get_tracer("test"), keys=KEYS)


class Driver:
    """Sends commands by the async or the sync client, so that each test is written once for both."""

    def __init__(self, server_port: int, provider: TracerProvider, *, sync: bool, **options: Any) -> None:
        self.sync, self.port = sync, server_port
        keys = KeyTemplates("session:{id}", "user:{id}:sessions")
        self.trace: dict[str, Any] = {"pool_name": "main", "tracer": provider.get_tracer("test"), "keys": keys}
        self.trace.update({k: options.pop(k) for k in ("mode", "activate", "keys") if k in options})
        self.options: dict[str, Any] = {"host": "127.0.0.1", "protocol": 2, **options}
        self.options["retry"] = Retry(NoBackoff(), 0) if sync else AsyncRetry(NoBackoff(), 0)

    def make(self) -> Any:
        """Return a new instrumented client."""
        if self.sync:
            return instrument(redis.Redis(port=self.port, **self.options), **self.trace)
        return instrument(redis.asyncio.Redis(port=self.port, **self.options), **self.trace)

    def send(self, *commands: tuple[object, ...]) -> Any:
        """Send commands in sequence by one client. Return their results, or the exception of each that failed."""
        if self.sync:
            with self.make() as client:
                return [_outcome(client, command) for command in commands]

        async def steps() -> list[Any]:
            async with self.make() as client:
                return [await _async_outcome(client, command) for command in commands]

        return run(steps)

    def pipeline(self, *commands: tuple[object, ...], raise_on_error: bool = True, **options: Any) -> Any:
        """Send one pipeline. Return its results, or the exception that it raised."""
        if self.sync:
            with self.make() as client, client.pipeline(**options) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                try:
                    return pipe.execute(raise_on_error)
                except Exception as error:
                    return error

        async def steps() -> Any:
            async with self.make() as client, client.pipeline(**options) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                try:
                    return await pipe.execute(raise_on_error)
                except Exception as error:
                    return error

        return run(steps)


def _outcome(client: Any, command: tuple[object, ...]) -> Any:
    try:
        return client.execute_command(*command)
    except Exception as error:
        return error


async def _async_outcome(client: Any, command: tuple[object, ...]) -> Any:
    try:
        return await client.execute_command(*command)
    except Exception as error:
        return error


def spans(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    return list(exporter.get_finished_spans())


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def the_span(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = spans(exporter)
    return span
