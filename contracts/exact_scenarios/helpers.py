"""Helpers of the exact scenarios: traced clients of both kinds, an assertion, measures that are recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import redis
import redis.asyncio
from opentelemetry.trace import SpanKind, Tracer
from redis.exceptions import RedisError

from contracts.scenarios.harness import Harness
from reference_impl.instrumentation.measures import Measures
from reference_impl.redis_tracing.commands import instrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates

TEMPLATES: Final = (
    "session:{id}", "user:{id}", "user:me", "user:{id}:cart", "user:{id}:{list}", "app.config", "{tenant}:orders",
    "{tenant}:{id}:lines", "a:b:{c}:d", "x:{one}", "x:{one}:2:3:4:5:6:7:8:9:10:11:12:13:14:15",
)  # fmt: skip
"""The key templates of the clients."""


def tracer_of(harness: Harness) -> Tracer:
    return harness.telemetry.tracer("reference_impl.redis_tracing.commands")


def traced_clients(harness: Harness, **options: Any) -> tuple[Any, Any]:
    """Return an asyncio and a sync client of redis-py, both traced, which never retry."""
    url = harness.settings.redis_url
    arguments: dict[str, Any] = {
        "pool_name": "plain",
        "keys": KeyTemplates(*TEMPLATES),
        "tracer": tracer_of(harness),
    } | options
    clients = (
        instrument(redis.asyncio.Redis.from_url(url), **arguments),
        instrument(redis.Redis.from_url(url), **arguments),
    )
    harness.extra_clients += clients
    return clients


async def send(client: Any, *command: Any) -> None:
    """Send one command by a client of either kind and ignore its failure."""
    with suppress(RedisError):
        result = client.execute_command(*command)
        await result if isinstance(client, redis.asyncio.Redis) else None


async def run(pipeline: Any, commands: Sequence[tuple[str, ...]], *, raise_on_error: bool) -> None:
    for command in commands:
        pipeline.execute_command(*command)
    with suppress(RedisError):
        result = pipeline.execute(raise_on_error)
        result = await result if isinstance(pipeline, redis.asyncio.client.Pipeline) else result
        assert len(result) == len(commands)


def assert_raises(
    error: type[Exception], text: str, call: Callable[..., object], *arguments: Any, **options: Any
) -> None:
    """Assert that a call raises an exception of this type with this text."""
    try:
        call(*arguments, **options)
    except error as raised:
        assert str(raised) == text, raised  # noqa: PT017 - scenarios need no pytest
        return
    raise AssertionError(f"no {error.__name__}")


class RecordedMeasures(Measures):
    """Measures that keep every call, without the seconds."""

    def __init__(self) -> None:
        self.operations: list[tuple[Any, ...]] = []
        self.commands: list[tuple[Any, ...]] = []

    def operation(self, name: str, kind: SpanKind, seconds: float, **details: Any) -> None:
        assert 0 < seconds < 600
        error, attributes, span = details["error"], details["attributes"], details["span"]
        self.operations.append((name, kind, type(error), dict(attributes), span.get_span_context().is_valid))

    def redis_command(self, pool: str, command: str, seconds: float, **details: Any) -> None:
        assert 0 < seconds < 600
        error, hit, span = details["error"], details["hit"], details["span"]
        self.commands.append((pool, command, type(error), hit, span.get_span_context().is_valid))
