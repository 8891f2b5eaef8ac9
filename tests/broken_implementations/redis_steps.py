"""Redis commands, each traced as one span (docs/specification.md S2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import SpanKind
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tests.broken_implementations.tracing import Outputs, Tracing

READS = ("GET", "HGET", "HGETALL")
DEADLINE_S = 20.0  # the contracts are about spans: a busy machine must not make a command fail


class RedisSteps(Tracing):
    """A traced client of one Redis."""

    def __init__(self, outputs: Outputs, redis_url: str) -> None:
        super().__init__(outputs)
        self.connect(redis_url)

    def connect(self, redis_url: str) -> None:
        """Use the Redis at this address from now on; a failing connection is not tried again."""
        self.redis = redis.asyncio.Redis.from_url(
            redis_url, retry=Retry(NoBackoff(), 0), socket_timeout=DEADLINE_S, decode_responses=True
        )

    async def command(self, operation: str, *arguments: Any) -> Any:
        """Run one command in one span. Raise what Redis or the connection raises."""
        key = self.key_of(operation, arguments)
        attributes = self.command_attributes(operation, key)
        with self.span(self.command_name(operation, arguments), kind=self.command_kind(), **attributes) as span:
            started = self.now()
            try:
                answer = await self.send(operation, *arguments)
                self.answered(span, operation, answer)
            finally:
                span.set_attribute("latency_ms", self.latency(started))
            return answer

    async def pipeline(self, *commands: Sequence[Any]) -> Sequence[Any]:
        """Run several commands at once in one span. Raise what the first failing one raises."""
        keys = {self.pattern(str(command[1])) for command in commands}
        attributes = {**self.command_attributes("PIPELINE", keys.pop() if len(keys) == 1 else "[several]")}
        with self.span("redis.pipeline", kind=self.command_kind(), **attributes, **self.batch(commands)) as span:
            started = self.now()
            try:
                return await self.send_all(commands)
            finally:
                span.set_attribute("latency_ms", self.latency(started))

    async def send(self, operation: str, *arguments: Any) -> Any:
        """Send the command."""
        return await self.redis.execute_command(operation, *arguments)

    async def send_all(self, commands: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Send the pipeline."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            answers: Sequence[Any] = await pipe.execute()
            return answers

    def command_name(self, operation: str, arguments: Sequence[Any]) -> str:
        """Return the name of a command's span."""
        return {"DEL": "redis.delete"}.get(operation, f"redis.{operation.lower()}")

    def command_kind(self) -> SpanKind:
        """Return the kind of a command's span."""
        return SpanKind.CLIENT

    def command_attributes(self, operation: str, key: str) -> Mapping[str, Any]:
        """Return the attributes that are known before a command is sent."""
        known = {"operation": operation, "key": key, "db_type": "redis", "connection_pool": "sessions"}
        return {**known, **self.server()}

    def server(self) -> Mapping[str, Any]:
        """Return the attributes of the server."""
        connection = self.redis.connection_pool.connection_kwargs
        return {"server__address": connection["host"], "server__port": connection["port"]}

    def batch(self, commands: Sequence[Sequence[Any]]) -> Mapping[str, Any]:
        """Return the attributes of a pipeline's size."""
        return {"db__operation__batch__size": len(commands)}

    def key_of(self, operation: str, arguments: Sequence[Any]) -> str:
        """Return the key that a command's span shows."""
        return self.pattern(str(arguments[2] if operation == "SCAN" else arguments[0]))

    def pattern(self, key: str) -> str:
        """Return a key's registered template, which contains nothing of the key itself."""
        kind = key.partition(":")[0]
        return {"session": "session:*", "user_sessions": "user_sessions:*:*"}.get(kind, "[unregistered]")

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        """Return the attributes that are known once a command was answered."""
        if operation in READS:
            hit = self.is_hit(answer)
            span.set_attributes({"cache_hit": hit, "cache_miss": not hit})

    def is_hit(self, answer: Any) -> bool:
        """Return whether a read found something."""
        return bool(answer)

    def latency(self, started: int) -> Any:
        """Return the milliseconds since then."""
        return (self.now() - started) / 1e6

    async def reconnect(self, redis_url: str) -> None:
        """Use another Redis."""
        await self.redis.aclose()
        self.connect(redis_url)

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()
