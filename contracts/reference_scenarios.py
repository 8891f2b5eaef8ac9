"""What the reference implementation does in each scenario of `spanpact.conformance.SCENARIOS`.

Redis commands are sent by the asynchronous and by the synchronous client, as one core traces both (S2.1).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

import httpx
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis import Redis
from redis.exceptions import RedisError

from contracts.closed_port import closed_port
from contracts.database_scenarios import DATABASE_ACTIONS
from contracts.propagation_scenarios import PROPAGATION_ACTIONS
from reference_impl.key_patterns import KeyTemplates
from reference_impl.redis_client import make_client, make_sync_client
from reference_impl.service import create_app
from reference_impl.session_cache import INDEX_KEY, SESSION_KEY, SessionCache
from reference_impl.session_store import SqlSessionStore
from reference_impl.session_tokens import issue_token, read_token
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry

EMAIL = "ada@example.com"
DEADLINE_S = 20.0  # the contracts are about spans: a busy machine must not make a command fail


class Stage:
    """Where one scenario is played: traced clients, the application, and an untraced Redis client to prepare it."""

    def __init__(self, settings: Settings, telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
        self.settings = settings
        self.exporter = exporter
        self.store = SqlSessionStore(settings.database_url, tracer=telemetry.tracer("reference_impl.session_store"))
        self.telemetry = telemetry
        self._connect(settings.redis_url)

    async def reconnect(self, url: str) -> None:
        """Use the Redis at another URL from now on."""
        await self.disconnect()
        self._connect(url)

    async def disconnect(self) -> None:
        """Close the traced clients."""
        await self.redis.aclose()
        self.sync_redis.close()

    def _connect(self, url: str) -> None:
        tracer = self.telemetry.tracer("reference_impl.redis_commands")
        keys = KeyTemplates(SESSION_KEY, INDEX_KEY)
        self.redis = make_client(url, pool_name="sessions", keys=keys, tracer=tracer, retries=0, deadline_s=DEADLINE_S)
        self.sync_redis = make_sync_client(
            url, pool_name="sessions", keys=keys, tracer=tracer, retries=0, deadline_s=DEADLINE_S
        )
        self.app = create_app(self.settings, self.telemetry, redis=self.redis, store=self.store)
        self.cache: SessionCache = self.app.state.cache

    async def play(self, action: Action) -> None:
        """Play one action on an empty Redis; what it prepared is not among the spans."""
        with Redis.from_url(self.settings.redis_url) as self.plain:
            self.plain.flushdb()
            try:
                await action(self)
            finally:
                await self.disconnect()
                await self.store.close()

    def begin(self) -> None:
        """Forget the spans so far: they belong to the preparation."""
        self.exporter.clear()

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


async def _get_hit(stage: Stage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.send("get", "session:1")


async def _get_miss(stage: Stage) -> None:
    await stage.send("get", "session:1")


async def _set(stage: Stage) -> None:
    await stage.send("set", "session:1", EMAIL, ex=60)


async def _hget(stage: Stage) -> None:
    stage.plain.hset("user_sessions:1:web", "a", "1")
    await stage.send("hget", "user_sessions:1:web", "a")
    await stage.send("hget", "user_sessions:1:web", "b")


async def _hgetall(stage: Stage) -> None:
    stage.plain.hset("user_sessions:1:web", "a", "1")
    await stage.send("hgetall", "user_sessions:1:web")
    await stage.send("hgetall", "user_sessions:2:web")


async def _del(stage: Stage) -> None:
    stage.plain.mset({"session:1": "", "session:2": ""})
    await stage.send("delete", "session:1")
    await stage.send("delete", "session:1", "session:2")


async def _scan(stage: Stage) -> None:
    stage.plain.mset({INDEX_KEY.format(user_id=1, device=f"d{number}"): "" for number in range(50)})
    pattern = INDEX_KEY.format(user_id=1, device="*")
    assert len([key async for key in stage.redis.scan_iter(match=pattern, count=10)]) == 50
    assert len(list(stage.sync_redis.scan_iter(match=pattern, count=10))) == 50


async def _expire(stage: Stage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.send("expire", "session:1", 60)


async def _pipeline(stage: Stage) -> None:
    await stage.pipeline(("set", "session:1", "a"), ("get", "session:1"), ("delete", "session:1"))


async def _transaction(stage: Stage) -> None:
    await stage.pipeline(("set", "session:1", "a"), ("expire", "session:1", "60"), transaction=True)


async def _unregistered_key(stage: Stage) -> None:
    await stage.send("get", f"profile:{EMAIL}")


async def _failing_command(stage: Stage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.send("hget", "session:1", EMAIL)


async def _failing_pipeline(stage: Stage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.pipeline(("get", "session:1"), ("hget", "session:1", EMAIL))


async def _unknown_command(stage: Stage) -> None:
    await stage.send("execute_command", "PLEASE", EMAIL)


async def _script_error(stage: Stage) -> None:
    await stage.send("eval", f"return redis.error_reply('OOPS {EMAIL}')", 1, "session:1")


async def _redis_down(stage: Stage) -> None:
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        await stage.send("get", "session:1")


async def _hit(stage: Stage) -> None:
    token = await stage.session()
    stage.begin()
    await stage.cache.validate(token)


async def _miss(stage: Stage) -> None:
    token = await stage.session()
    stage.plain.flushdb()
    stage.begin()
    await stage.cache.validate(token)


async def _expired(stage: Stage) -> None:
    await stage.store.create("e" * 32, EMAIL, "web", time.time() - 60)
    stage.begin()
    await stage.cache.validate(issue_token("e" * 32, stage.settings.session_secret))


async def _unknown(stage: Stage) -> None:
    await stage.cache.validate(issue_token("f" * 32, stage.settings.session_secret))


async def _tampered(stage: Stage) -> None:
    token = await stage.session()
    stage.begin()
    await stage.cache.validate(token[:-4] + "AAAA")


async def _session_redis_down(stage: Stage) -> None:
    token = await stage.session()
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        stage.begin()
        assert (await stage.cache.validate(token)).valid


async def _invalidate(stage: Stage) -> None:
    token = await stage.session()
    stage.begin()
    await stage.request("DELETE", "/session", token)
    assert not stage.plain.exists(SESSION_KEY.format(id=read_token(token, stage.settings.session_secret)))


async def _invalidate_again(stage: Stage) -> None:
    token = await stage.session()
    await stage.request("DELETE", "/session", token)
    stage.begin()
    await stage.request("DELETE", "/session", token)


async def _invalidate_tampered(stage: Stage) -> None:
    await stage.request("DELETE", "/session", "no.token")


async def _invalidate_redis_down(stage: Stage) -> None:
    token = await stage.session()
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        stage.begin()
        await stage.request("DELETE", "/session", token)


async def _invalidate_all(stage: Stage) -> None:
    for device in ("web", "phone"):
        await stage.session(device=device)
    stage.begin()
    assert await stage.cache.invalidate_all(1) == 2


async def _invalidate_none(stage: Stage) -> None:
    assert await stage.cache.invalidate_all(1) == 0


async def _warm(stage: Stage) -> None:
    for _ in range(20):
        await stage.session()
    stage.begin()
    assert await stage.cache.warm_cache() == 20


async def _warm_empty(stage: Stage) -> None:
    assert await stage.cache.warm_cache() == 0


ACTIONS: dict[str, Action] = {
    "redis-get-hit": _get_hit,
    "redis-get-miss": _get_miss,
    "redis-set": _set,
    "redis-hget": _hget,
    "redis-hgetall": _hgetall,
    "redis-del": _del,
    "redis-scan": _scan,
    "redis-expire": _expire,
    "redis-pipeline": _pipeline,
    "redis-transaction": _transaction,
    "redis-unregistered-key": _unregistered_key,
    "redis-failing-command": _failing_command,
    "redis-failing-pipeline": _failing_pipeline,
    "redis-unknown-command": _unknown_command,
    "redis-script-error": _script_error,
    "redis-down": _redis_down,
    "session-hit": _hit,
    "session-miss": _miss,
    "session-expired": _expired,
    "session-unknown": _unknown,
    "session-tampered": _tampered,
    "session-redis-down": _session_redis_down,
    "session-invalidate": _invalidate,
    "session-invalidate-again": _invalidate_again,
    "session-invalidate-tampered": _invalidate_tampered,
    "session-invalidate-redis-down": _invalidate_redis_down,
    "session-invalidate-all": _invalidate_all,
    "session-invalidate-none": _invalidate_none,
    "cache-warm": _warm,
    "cache-warm-empty": _warm_empty,
    **PROPAGATION_ACTIONS,
    **DATABASE_ACTIONS,
}
"""By scenario."""
