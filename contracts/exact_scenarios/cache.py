"""The session cache with a clock set by hand and with every content of Redis and the database (S3)."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.harness import DEADLINE_S, EMAIL, Action, Harness
from reference_impl.redis_tracing.client import make_client
from reference_impl.sessions.cache import KEYS, SESSION_KEY, CacheUnavailable, SessionCache, Validation
from reference_impl.sessions.store import Session
from reference_impl.sessions.tokens import issue_token, read_token


class _Clock:
    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def __call__(self) -> float:
        return self.now


def _cache(harness: Harness, redis: Any = None, **options: Any) -> tuple[SessionCache, _Clock]:
    clock, numbers = _Clock(), iter(range(1000))
    tracer = harness.telemetry.tracer("reference_impl.sessions.cache")
    chosen: dict[str, Any] = {"secret": "secret", "clock": clock, "tracer": tracer} | options
    made = SessionCache(redis or harness.redis, harness.store, new_id=lambda: f"{next(numbers):032x}", **chosen)
    return made, clock


async def _lifetimes(harness: Harness) -> None:
    """A session expires by the clock, in Redis as in the answer; Redis holds what was created."""
    cache, clock = _cache(harness, lifetime_s=600)
    token, session = await cache.create(EMAIL, "web")
    assert (token, session) == (issue_token("0" * 32, "secret"), Session("0" * 32, 1, "web", clock.now + 600))
    key, index = f"session:{'0' * 32}", "user_sessions:1:web"
    assert json.loads(harness.untraced_redis.get(key)) == {
        "id": "0" * 32, "user_id": 1, "device": "web", "expires_at": session.expires_at
    }  # fmt: skip
    assert 590_000 < harness.untraced_redis.pttl(key) <= 600_000
    assert 590 < harness.untraced_redis.ttl(index) <= 600
    assert harness.untraced_redis.hgetall(index) == {b"0" * 32: str(session.expires_at).encode()}
    found = await cache.validate(token)
    assert (found, found.valid) == (Validation(session, source="cache"), True)
    harness.untraced_redis.flushdb()
    clock.now += 540
    assert await cache.validate(token) == Validation(session, source="database")
    assert 50_000 < harness.untraced_redis.pttl(key) <= 60_000
    clock.now += 60
    assert await cache.validate(token) == Validation(reason="expired", source="cache")
    assert not harness.untraced_redis.exists(key)
    expired = await cache.validate(token)
    assert (expired, expired.valid) == (Validation(reason="expired", source="database"), False)
    assert await cache.validate(issue_token("f" * 32, "secret")) == Validation(reason="unknown")
    assert await cache.validate(issue_token("0" * 32, "other")) == Validation(reason="tampered")
    assert await cache.warm_cache() == 0
    default = SessionCache(harness.redis, harness.store, secret="secret")
    began = time.time()
    token, session = await default.create(EMAIL, "phone")
    assert began + 3600 <= session.expires_at <= time.time() + 3600
    assert read_token(token, "secret") == session.id
    assert len(session.id) == 32
    assert (await default.validate(token)).session == session


async def _cached_values(harness: Harness) -> None:
    """An entry of Redis may be of another version or invalid; then the session comes from the database."""
    cache, _ = _cache(harness)
    token, session = await cache.create(EMAIL, "web")
    key = SESSION_KEY.format(id=session.id)
    whole = json.loads(harness.untraced_redis.get(key))
    for value in (
        "{", "[]", "7", "null", '"text"', json.dumps(whole | {"expires_at": "1"}),
        json.dumps(whole | {"expires_at": 1}),
        json.dumps(whole | {"more": 1}), json.dumps({"expires_at": 1.0}), "{}", b"\xff", json.dumps(whole),
    ):  # fmt: skip
        harness.untraced_redis.set(key, value)
        found = await cache.validate(token)
        assert found == Validation(session, source="cache" if value == json.dumps(whole) else "database")
    text = make_client(
        harness.settings.redis_url,
        keys=KEYS,
        tracer=harness.telemetry.tracer("text"),
        deadline_s=DEADLINE_S,
        decode_responses=True,
    )
    harness.extra_clients.append(text)
    decoded, _ = _cache(harness, text)
    assert (await decoded.validate(token)).source == "cache"
    assert await decoded.invalidate_all(1) == 1


async def _ending(harness: Harness) -> None:
    """Sessions are invalidated by the index, by the database and by both, in batches; those of other users stay."""
    cache, clock = _cache(harness)
    tokens = [(await cache.create(EMAIL, device))[0] for device in ("web", "web", "phone")]
    other, _ = await cache.create(f"other-{EMAIL}", "web")
    harness.untraced_redis.hset(
        "user_sessions:1:tablet", mapping={"x" * 32: str(clock.now + 1), "y" * 32: str(clock.now), "z" * 32: "0"}
    )
    assert await cache.invalidate(tokens[0])
    assert await cache.invalidate(tokens[0])
    assert not await cache.invalidate("no.token")
    assert set(harness.untraced_redis.hkeys("user_sessions:1:web")) == {f"{1:032x}".encode()}
    assert await cache.invalidate_all(1) == 3
    assert await cache.invalidate_all(1) == 0
    assert {key.decode() for key in harness.untraced_redis.keys("*")} == {f"session:{3:032x}", "user_sessions:2:web"}
    assert (await cache.validate(other)).valid
    harness.untraced_redis.hset("user_sessions:3:web", mapping={f"{n:032x}": str(clock.now + 60) for n in range(150)})
    assert await cache.invalidate_all(3) == 150
    for _ in range(101):
        await harness.store.create(f"{1000 + _:032x}", EMAIL, "old", clock.now - 60)
    harness.untraced_redis.hset("user_sessions:1:old", mapping={f"{1000 + n:032x}": "0" for n in range(102)})
    harness.untraced_redis.set(f"session:{1000:032x}", "old")
    harness.discard_spans()
    assert await cache.purge_expired() == 101
    assert harness.untraced_redis.hkeys("user_sessions:1:old") == [f"{1101:032x}".encode()]
    assert not harness.untraced_redis.exists(f"session:{1000:032x}")


async def _warming(harness: Harness) -> None:
    """Warm full batches and single sessions, not more than the limit, and without Redis."""
    cache, clock = _cache(harness)
    await cache.create(EMAIL, "web")
    file = make_url(harness.settings.database_url).database or ""
    rows = [(f"{n + 5000:032x}", 1, "web", clock.now + 1000 + n) for n in range(850)]
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany("INSERT INTO sessions (id, user_id, device, expires_at) VALUES (?, ?, ?, ?)", rows)
    for limit, found in ((850, 850), (5, 5), (9, 9), (0, 0)):
        harness.untraced_redis.flushdb()
        harness.discard_spans() if limit == 850 else None
        assert await cache.warm_cache(limit) == found
        assert harness.untraced_redis.dbsize() == found
    assert await cache.warm_cache() == 851
    first = f"session:{5849:032x}"
    assert json.loads(harness.untraced_redis.get(first))["expires_at"] == clock.now + 1849
    assert 1_840_000 < harness.untraced_redis.pttl(first) <= 1_849_000
    assert 990_000 < harness.untraced_redis.pttl(f"session:{5000:032x}") <= 1_000_000


async def _without_redis(harness: Harness) -> None:
    """A failed removal must be reported; creation and validation need no Redis."""
    cache, _ = _cache(harness)
    tokens = [(await cache.create(EMAIL, "web"))[0] for _ in range(9)]
    with closed_port() as port:
        url = f"redis://127.0.0.1:{port}/0"
        nobody = make_client(url, keys=KEYS, tracer=harness.telemetry.tracer("nobody"), retries=0)
        harness.extra_clients.append(nobody)
        lost, _ = _cache(harness, nobody)
        harness.discard_spans()
        assert (await lost.validate(tokens[0])).source == "database"
        calls: tuple[Callable[[], Awaitable[object]], ...] = (
            lambda: lost.invalidate(tokens[1]), lambda: lost.invalidate_all(1), lambda: lost.warm_cache(),
        )  # fmt: skip
        token, session = await SessionCache(nobody, harness.store, secret="secret", tracer=lost.tracer).create(
            EMAIL, "tv"
        )
        for call in calls[:2]:
            await _unavailable(call)
        await harness.store.create("e" * 32, EMAIL, "web", time.time() + 60)
        await _unavailable(calls[2])
        assert (await lost.validate(token)).session is None  # what invalidate_all ended stays ended
        assert session.device == "tv"
    harness.untraced_redis.flushdb()
    for number in range(5):
        await harness.store.create(f"{7000 + number:032x}", EMAIL, "web", time.time() + 60)
    partly, _ = _cache(harness, _Partly(harness.redis))
    try:
        await partly.warm_cache()
    except CacheUnavailable as error:
        assert str(error) == "OSError"  # noqa: PT017
    assert harness.untraced_redis.dbsize() == 5  # all but the one that failed: none was left half way
    half, _ = _cache(harness, _Half(harness.redis))
    await half.create(EMAIL, "web")
    assert harness.untraced_redis.keys("user_sessions:1:half") == []


class _Half:
    """A Redis that goes down between two commands."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def set(self, *_: Any, **__: Any) -> None:
        raise OSError(EMAIL)

    def pipeline(self, **options: Any) -> Any:
        raise AssertionError("what is not cached is not indexed")


class _Partly:
    """A Redis that fails once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sent = 0

    async def set(self, *arguments: Any, **options: Any) -> Any:
        self._sent += 1
        if self._sent == 1:
            raise OSError(EMAIL)
        return await self._redis.set(*arguments, **options)


async def _unavailable(call: Callable[[], Awaitable[object]]) -> None:
    try:
        await call()
    except CacheUnavailable as error:
        assert str(error) == "ConnectionError"  # noqa: PT017
        assert isinstance(error.__cause__, RedisError)  # noqa: PT017
        return
    raise AssertionError("it was not done")


ACTIONS: dict[str, Action] = {
    "cache-lifetimes": _lifetimes,
    "cache-values": _cached_values,
    "cache-ending": _ending,
    "cache-warming": _warming,
    "cache-without-redis": _without_redis,
}
"""By scenario."""
