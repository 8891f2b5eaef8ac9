"""What several of these scenarios need: traced clients of both kinds, what is refused, measures that are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import redis
import redis.asyncio
from opentelemetry.trace import Span, SpanKind, Tracer
from redis.exceptions import RedisError

from contracts.scenarios.stage import Stage
from reference_impl.instrumentation.measures import Measures
from reference_impl.redis_tracing.commands import instrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates

TEMPLATES: Final = (
    "session:{id}", "user:{id}", "user:me", "user:{id}:cart", "user:{id}:{list}", "app.config", "{tenant}:orders",
    "{tenant}:{id}:lines", "a:b:{c}:d", "x:{one}", "x:{one}:2:3:4:5:6:7:8:9:10:11:12:13:14:15",
)  # fmt: skip
"""What keys look like, to the clients of these scenarios."""


def tracer_of(stage: Stage) -> Tracer:
    return stage.telemetry.tracer("reference_impl.redis_tracing.commands")


def plain_clients(stage: Stage, **options: Any) -> tuple[Any, Any]:
    """Both of redis-py's own clients, traced, which never send a command again."""
    url = stage.settings.redis_url
    chosen: dict[str, Any] = {
        "pool_name": "plain",
        "keys": KeyTemplates(*TEMPLATES),
        "tracer": tracer_of(stage),
    } | options
    clients = instrument(redis.asyncio.Redis.from_url(url), **chosen), instrument(redis.Redis.from_url(url), **chosen)
    stage.others += clients
    return clients


async def sent(client: Any, *command: Any) -> None:
    """Send one command by a client of either kind, and close it."""
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


def refused(error: type[Exception], text: str, call: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """Assert that a call raises this, and what it says."""
    try:
        call(*arguments, **options)
    except error as raised:
        assert str(raised) == text, raised  # noqa: PT017 - scenarios need no pytest
        return
    raise AssertionError(f"no {error.__name__}")


class Told(Measures):
    """Measures that keep what they are told, without the seconds."""

    def __init__(self) -> None:
        self.operations: list[tuple[Any, ...]] = []
        self.commands: list[tuple[Any, ...]] = []

    def operation(
        self,
        name: str,
        kind: SpanKind,
        seconds: float,
        *,
        error: BaseException | None,
        attributes: Mapping[str, Any],
        span: Span,
    ) -> None:
        assert 0 < seconds < 600
        self.operations.append((name, kind, type(error), dict(attributes), span.get_span_context().is_valid))

    def redis_command(
        self, pool: str, command: str, seconds: float, *, error: BaseException | None, hit: bool | None, span: Span
    ) -> None:
        assert 0 < seconds < 600
        self.commands.append((pool, command, type(error), hit, span.get_span_context().is_valid))
