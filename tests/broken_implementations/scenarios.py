"""The service of the broken implementations behind the adapter of spanpact's conformance tests."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import RedisError

from contracts.scenarios.closed_port import closed_port
from spanpact.sources import MemorySource
from spanpact.trace.model import Reading
from tests.broken_implementations.database_steps import RESET_S, StoreUnavailable
from tests.broken_implementations.service import CORRELATION, Service
from tests.broken_implementations.session_steps import EMAIL, HOUR_NS
from tests.broken_implementations.tracing import CircuitOpen, Outputs

TRACE = "00-" + "5" * 31 + "1-" + "6" * 16 + "-01"


class Stage:
    """One run of a service, and a Redis client of its own to prepare it."""

    def __init__(self, service: Service, redis_url: str) -> None:
        self.service = service
        self.plain: Any = redis.Redis.from_url(redis_url)
        self.plain.flushdb()

    def begin(self) -> None:
        """Forget what was sent so far: it belongs to the preparation."""
        self.service.outputs.spans.clear()
        self.service.outputs.logs.clear()  # type: ignore[no-untyped-call]

    async def request(self, method: str, path: str, token: str = "", *, caller: str = "", **body: str) -> int:
        """Send one request to studio-api; with a `traceparent` the caller is traced too."""
        headers = {
            CORRELATION: "c-1",
            "authorization": f"Bearer {token}",
            **({"traceparent": caller} if caller else {}),
        }
        return await self.service.request(method, f"http://studio-api{path}", headers, body)

    async def session(self) -> str:
        """Prepare a new session and return its token."""
        token = await self.service.create(EMAIL)
        self.begin()
        return token

    def lock(self) -> sqlite3.Connection:
        """Return a lock on the database that another process holds until it is closed."""
        other = sqlite3.connect(self.service.file, isolation_level=None)
        other.execute("begin exclusive")
        return other


async def _get(stage: Stage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.service.command("GET", "session:1")


async def _get_miss(stage: Stage) -> None:
    await stage.service.command("GET", "session:1")


async def _set(stage: Stage) -> None:
    await stage.service.command("SET", "session:1", EMAIL, "EX", 60)


async def _expire(stage: Stage) -> None:
    await stage.service.command("EXPIRE", "session:1", 60)


async def _pipeline(stage: Stage) -> None:
    await stage.service.pipeline(("SET", "session:1", "a"), ("GET", "session:1"), ("DEL", "session:1"))


async def _unregistered(stage: Stage) -> None:
    await stage.service.command("GET", f"profile:{EMAIL}")


async def _failing(stage: Stage) -> None:
    stage.plain.set("session:1", "{}")
    with suppress(RedisError):
        await stage.service.command("HGET", "session:1", EMAIL)


async def _down(stage: Stage) -> None:
    with closed_port() as port, suppress(RedisError):
        await stage.service.reconnect(f"redis://127.0.0.1:{port}/0")
        await stage.service.command("GET", "session:1")


async def _hit(stage: Stage) -> None:
    token = await stage.session()
    assert await stage.service.validate(token)


async def _miss(stage: Stage) -> None:
    token = await stage.session()
    stage.plain.flushdb()
    assert await stage.service.validate(token)


async def _expired(stage: Stage) -> None:
    token = await stage.session()
    stage.plain.flushdb()
    stage.service.skip(2 * HOUR_NS / 1e9)
    assert not await stage.service.validate(token)


async def _unknown(stage: Stage) -> None:
    assert not await stage.service.validate(stage.service.issue("f" * 32))


async def _tampered(stage: Stage) -> None:
    token = await stage.session()
    assert not await stage.service.validate(token[:-4] + "AAAA")


async def _hit_redis_down(stage: Stage) -> None:
    token = await stage.session()
    with closed_port() as port:
        await stage.service.reconnect(f"redis://127.0.0.1:{port}/0")
        await stage.service.validate(token)


async def _invalidate(stage: Stage) -> None:
    token = await stage.session()
    assert await stage.request("DELETE", "/session", token) == 204


async def _invalidate_redis_down(stage: Stage) -> None:
    token = await stage.session()
    with closed_port() as port:
        await stage.service.reconnect(f"redis://127.0.0.1:{port}/0")
        await stage.request("DELETE", "/session", token)


async def _invalidate_tampered(stage: Stage) -> None:
    assert await stage.request("DELETE", "/session", "no.token") == 401


async def _invalidate_all(stage: Stage) -> None:
    for device in ("web", "phone"):
        await stage.service.create(EMAIL, device)
    stage.begin()
    assert await stage.service.invalidate_all(1) == 2


async def _warm(stage: Stage) -> None:
    for _ in range(20):
        await stage.service.create(EMAIL)
    stage.begin()
    assert await stage.service.warm_cache() == 20


async def _create(stage: Stage) -> None:
    await stage.service.create(EMAIL)


async def _two_services(stage: Stage) -> None:
    assert await stage.request("POST", "/sessions", email=EMAIL) == 201


async def _purge(stage: Stage) -> None:
    await stage.session()
    stage.service.skip(2 * HOUR_NS / 1e9)
    assert await stage.request("POST", "/admin/purge") == 202
    await stage.service.job


async def _call_fails(stage: Stage) -> None:
    other = stage.lock()
    with suppress(StoreUnavailable):
        await stage.service.keep("1", EMAIL, "web", 0)
    other.close()


async def _call(stage: Stage) -> None:
    await stage.service.keep("1", EMAIL, "web", 0)


async def _lifecycle(stage: Stage) -> None:
    token = await stage.session()
    other = stage.lock()
    for _ in range(4):
        assert await stage.request("DELETE", "/session", token, caller=TRACE) in (204, 503)
    other.close()
    stage.service.skip(RESET_S)
    assert await stage.request("DELETE", "/session", token, caller=TRACE) == 204


async def _database_down(stage: Stage) -> None:
    token = await stage.session()
    stage.plain.flushdb()
    other = stage.lock()
    for _ in range(3):
        with suppress(StoreUnavailable):
            await stage.service.keep("1", EMAIL, "web", 0)
    other.close()
    stage.begin()
    with suppress(CircuitOpen):
        await stage.service.validate(token)


ACTIONS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    "redis-get-hit": _get,
    "redis-get-miss": _get_miss,
    "redis-set": _set,
    "redis-expire": _expire,
    "redis-pipeline": _pipeline,
    "redis-unregistered-key": _unregistered,
    "redis-failing-command": _failing,
    "redis-down": _down,
    "session-hit": _hit,
    "session-miss": _miss,
    "session-expired": _expired,
    "session-unknown": _unknown,
    "session-tampered": _tampered,
    "session-redis-down": _hit_redis_down,
    "session-invalidate": _invalidate,
    "session-invalidate-redis-down": _invalidate_redis_down,
    "session-invalidate-tampered": _invalidate_tampered,
    "session-invalidate-all": _invalidate_all,
    "cache-warm": _warm,
    "session-create": _create,
    "two-services": _two_services,
    "purge": _purge,
    "database-call": _call,
    "database-call-fails": _call_fails,
    "breaker-lifecycle": _lifecycle,
    "session-database-down": _database_down,
}
"""By scenario of `spanpact.conformance`."""


class Subject:
    """A service, whole or broken, as an implementation of the contracts."""

    scenarios: Collection[str] = ACTIONS.keys()

    def __init__(self, redis_url: str, service: type[Service] = Service) -> None:
        self._redis_url = redis_url
        self._service = service
        self.name = service.__name__

    def perform(self, scenario: str) -> Reading:
        """Perform a scenario on an empty Redis and a new database, within one correlation id."""
        return asyncio.run(self._performed(scenario))

    async def _performed(self, scenario: str) -> Reading:
        with tempfile.TemporaryDirectory(prefix="broken-") as folder:
            outputs = Outputs()
            service = self._service(outputs, self._redis_url, Path(folder))
            service.correlation.set(uuid.uuid4().hex)
            stage = Stage(service, self._redis_url)
            try:
                await ACTIONS[scenario](stage)
            finally:
                await service.close()
                service.shutdown()
                stage.plain.close()
        labels = dict.fromkeys((f"{s.context.trace_id:032x}" for s in outputs.spans.get_finished_spans()), scenario)
        return MemorySource(outputs.spans, logs=outputs.logs, scenarios=labels).read()
