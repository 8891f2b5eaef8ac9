"""Where a scenario of the reference implementation is played: real clients and the real application, traced.

Redis commands are sent by the asynchronous and by the synchronous client, as one core traces both (S2.1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import StringIO
from typing import Any, Self, TypeAlias

import httpx
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from reference_impl.instrumentation.faults import FAULTS
from reference_impl.redis_tracing.client import make_client, make_sync_client
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.services.studio_api import create_app
from reference_impl.sessions.cache import INDEX_KEY, SESSION_KEY, SessionCache
from reference_impl.sessions.store import SqlSessionStore
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry

EMAIL = "ada@example.com"
DEADLINE_S = 20.0  # the contracts are about spans: a busy machine must not make a command fail


class RedisStage:
    """Where Redis commands are sent: by an asyncio and by a sync client, both traced; `plain` is not, and prepares."""

    redis: AsyncRedis
    sync_redis: Redis

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self.connect(redis_url)

    def connect(self, url: str) -> None:
        """Make the traced clients."""
        raise NotImplementedError

    async def reconnect(self, url: str) -> None:
        """Use the Redis at another URL from now on."""
        await self.disconnect()
        self.connect(url)

    async def disconnect(self) -> None:
        """Close the traced clients."""
        await self.redis.aclose()
        self.sync_redis.close()

    async def close(self) -> None:
        """Close whatever is open."""
        await self.disconnect()

    async def play(self, action: Callable[[Self], Awaitable[None]]) -> None:
        """Play one action on an empty Redis; what it prepared is not among the spans."""
        with Redis.from_url(self._redis_url) as self.plain:
            self.plain.flushdb()
            try:
                await action(self)
            finally:
                await self.close()

    async def send(self, command: str, *arguments: Any, **options: Any) -> None:
        """Send one command by both clients; its failure is what the scenario wants to see."""
        with suppress(RedisError):
            await getattr(self.redis, command)(*arguments, **options)
        with suppress(RedisError):
            getattr(self.sync_redis, command)(*arguments, **options)

    async def pipeline(self, *commands: tuple[str, ...], transaction: bool = False) -> None:
        """Send commands as one pipeline by both clients."""
        async with self.redis.pipeline(transaction=transaction) as pipeline:
            for name, *arguments in commands:
                getattr(pipeline, name)(*arguments)
            with suppress(RedisError):
                await pipeline.execute()
        with self.sync_redis.pipeline(transaction=transaction) as sync_pipeline:
            for name, *arguments in commands:
                getattr(sync_pipeline, name)(*arguments)
            with suppress(RedisError):
                sync_pipeline.execute()


class Stage(RedisStage):
    """Where one scenario is played: traced clients, the application, and an untraced Redis client to prepare it."""

    def __init__(
        self, settings: Settings, telemetry: Telemetry, exporter: InMemorySpanExporter, lines: StringIO
    ) -> None:
        self.lines = lines  # the log
        FAULTS.number = 0  # of which only the first is logged
        self.settings = settings
        self.exporter = exporter
        self.others: list[AsyncRedis | Redis] = []  # further clients, closed with the stage
        self.store = SqlSessionStore(settings.database_url, tracer=telemetry.tracer("reference_impl.sessions.store"))
        self.telemetry = telemetry
        super().__init__(settings.redis_url)

    def connect(self, url: str) -> None:
        """Make the clients of the reference implementation, and its application."""
        tracer = self.telemetry.tracer("reference_impl.redis_tracing.commands")
        keys = KeyTemplates(SESSION_KEY, INDEX_KEY)
        self.redis = make_client(url, pool_name="sessions", keys=keys, tracer=tracer, retries=0, deadline_s=DEADLINE_S)
        self.sync_redis = make_sync_client(
            url, pool_name="sessions", keys=keys, tracer=tracer, retries=0, deadline_s=DEADLINE_S
        )
        self.app = create_app(self.settings, self.telemetry, redis=self.redis, store=self.store)
        self.cache: SessionCache = self.app.state.cache

    async def close(self) -> None:
        """Close the traced clients and the database."""
        for client in self.others:
            await client.aclose() if isinstance(client, AsyncRedis) else client.close()
        await super().close()
        await self.store.close()

    def begin(self) -> None:
        """Forget the spans so far: they belong to the preparation."""
        self.exporter.clear()

    async def session(self, *, device: str = "web") -> str:
        """The token of a new session."""
        token, _ = await self.cache.create(EMAIL, device)
        return token

    async def request(self, method: str, path: str, token: str) -> None:
        """One request to the application."""
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio-api") as client:
            await client.request(method, path, headers={"authorization": f"Bearer {token}"})


Action: TypeAlias = Callable[[Stage], Awaitable[None]]
"""What is done in one scenario."""
