"""The harness in which a scenario runs: traced Redis clients and the application of the reference implementation.

Redis commands are sent by the asynchronous and by the synchronous client, as one core traces both (S2.1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import StringIO
from typing import Any, Self, TypeAlias

import httpx2
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


class RedisHarness:
    """Sends Redis commands by an asyncio and by a sync client, both traced. `untraced_redis` prepares a scenario."""

    redis: AsyncRedis
    sync_redis: Redis

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self.connect(redis_url)

    def connect(self, url: str) -> None:
        """Create the traced clients."""
        raise NotImplementedError

    async def reconnect(self, url: str) -> None:
        """Replace the traced clients by clients of another URL."""
        await self.disconnect()
        self.connect(url)

    async def disconnect(self) -> None:
        """Close the traced clients."""
        await self.redis.aclose()
        self.sync_redis.close()

    async def close(self) -> None:
        """Close everything that is open."""
        await self.disconnect()

    async def run(self, action: Callable[[Self], Awaitable[None]]) -> None:
        """Empty Redis, run one action, and close everything."""
        with Redis.from_url(self._redis_url) as self.untraced_redis:
            self.untraced_redis.flushdb()
            try:
                await action(self)
            finally:
                await self.close()

    async def send(self, command: str, *arguments: Any, **options: Any) -> None:
        """Send one command by both clients and ignore its failure, which the spans record."""
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


class Harness(RedisHarness):
    """Runs one scenario: traced clients, the traced application, and an untraced Redis client to prepare it."""

    def __init__(self, settings: Settings, telemetry: Telemetry, exporter: InMemorySpanExporter, log: StringIO) -> None:
        self.log = log
        FAULTS.number = 0  # only the first fault of tracing is logged
        self.settings = settings
        self.exporter = exporter
        self.extra_clients: list[AsyncRedis | Redis] = []  # closed with the harness
        self.store = SqlSessionStore(settings.database_url, tracer=telemetry.tracer("reference_impl.sessions.store"))
        self.telemetry = telemetry
        super().__init__(settings.redis_url)

    def connect(self, url: str) -> None:
        """Create the clients of the reference implementation, and its application."""
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
        for client in self.extra_clients:
            await client.aclose() if isinstance(client, AsyncRedis) else client.close()
        await super().close()
        await self.store.close()

    def discard_spans(self) -> None:
        """Discard the spans so far, which belong to the preparation."""
        self.exporter.clear()

    async def create_session(self, *, device: str = "web") -> str:
        """Create a session and return its token."""
        token, _ = await self.cache.create(EMAIL, device)
        return token

    async def request(self, method: str, path: str, token: str) -> None:
        """Send one request to the application."""
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://studio-api") as client:
            await client.request(method, path, headers={"authorization": f"Bearer {token}"})


Action: TypeAlias = Callable[[Harness], Awaitable[None]]
"""The steps of one scenario."""
