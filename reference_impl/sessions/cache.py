"""Sessions, cached in Redis in front of the database that stores them (S3).

Tracing takes one line above an operation. While Redis is down, validation uses the database and succeeds, and the trace
shows the failed commands. Removing sessions must not fail silently: there it raises CacheUnavailable.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from opentelemetry.trace import Tracer, get_current_span, get_tracer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from reference_impl import vocabulary as v
from reference_impl.instrumentation.operation_spans import traced
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.sessions.store import Session, SqlSessionStore
from reference_impl.sessions.tokens import issue_token, read_token

SESSION_KEY = "session:{id}"
INDEX_KEY = "user_sessions:{user_id}:{device}"
KEYS = KeyTemplates(SESSION_KEY, INDEX_KEY)
"""The templates of this module's keys, for sanitizing."""
WARMERS = 8
"""The maximum of concurrent cache writes while warming."""
BATCH = 100
"""The maximum of commands in one pipeline."""

T = TypeVar("T")


class CacheUnavailable(Exception):
    """Redis could not store or delete; the cause is the client's error. A retry is safe."""


class Validation(msgspec.Struct, frozen=True):
    """The result for a token: its session, or the reason why there is none (`expired`, `unknown`, `tampered`)."""

    session: Session | None = None
    reason: str = ""
    source: str = ""
    """Where the session was found: `cache`, `database`, or ""."""

    @property
    def valid(self) -> bool:
        """Return whether the token belongs to a valid session."""
        return self.session is not None


def _describe_validation(result: Validation) -> dict[str, Any]:
    optional = {v.SESSION_REASON: result.reason, v.SESSION_SOURCE: result.source}
    return {v.SESSION_VALID: result.valid} | {name: text for name, text in optional.items() if text}


class SessionCache:
    """Creates, validates, invalidates and warms sessions; `clock` returns seconds since the epoch."""

    def __init__(
        self,
        redis: Redis,
        store: SqlSessionStore,
        *,
        secret: str,
        lifetime_s: int = 3600,
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.tracer = tracer or get_tracer(__name__)
        self._redis = redis
        self._store = store
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._new_id = new_id

    @traced(v.SESSION_CREATE)
    async def create(self, email: str, device: str) -> tuple[str, Session]:
        """Create a session of this user on this device. Return its token and the session. Raise StoreUnavailable."""
        expires_at = self._clock() + self._lifetime_s
        session = await self._store.create(self._new_id(), email, device, expires_at)
        if await _ignore_outage(self._cache(session)):
            await _ignore_outage(self._index(session))
        return issue_token(session.id, self._secret), session

    @traced(v.SESSION_VALIDATE, _describe_validation)
    async def validate(self, token: str) -> Validation:
        """Return the token's session, or why there is none. Raise StoreUnavailable, never for a bad token."""
        session_id = read_token(token, self._secret)
        if session_id is None:
            return Validation(reason="tampered")
        session, source = await self._cached(session_id), "cache"
        if session is None:
            session, source = await self._store.find(session_id), "database"
        if session is None:
            return Validation(reason="unknown")
        if session.expires_at <= self._clock():
            await _ignore_outage(self._redis.delete(_session_key(session_id)))
            return Validation(reason="expired", source=source)
        if source == "database":
            await _ignore_outage(self._cache(session))
        return Validation(session, source=source)

    async def invalidate(self, token: str) -> bool:
        """End one session. Return False for a tampered token. Raise StoreUnavailable, CacheUnavailable.

        This makes no span: `redis.delete` is a child of the caller's span, or a root (S3).
        """
        session_id = read_token(token, self._secret)
        if session_id is None:
            return False
        # The database first: a concurrent validation must not find the session there and cache it again.
        session = await self._store.delete(session_id)
        await _require(self._redis.delete(_session_key(session_id)))
        if session is not None:
            await _require(self._redis.hdel(_index_key(session), session_id))
        return True

    @traced(v.SESSION_INVALIDATE_ALL, lambda deleted: {v.SESSIONS_DELETED: deleted})
    async def invalidate_all(self, user_id: int) -> int:
        """End all sessions of a user. Return how many. Raise StoreUnavailable, CacheUnavailable.

        Both the index in Redis and the rows of the database are used, because each may lack some sessions.
        """
        rows = await self._store.delete_all(user_id)
        indexes, indexed = await _require(self._indexed(user_id))
        session_ids = {session.id for session in rows} | indexed
        if session_ids:
            await _require(self._delete_keys([*map(_session_key, sorted(session_ids)), *indexes]))
        return len(session_ids)

    @traced(v.SESSION_WARM_CACHE, lambda warmed: {v.SESSIONS_WARMED: warmed})
    async def warm_cache(self, limit: int = 1000) -> int:
        """Cache at most `limit` active sessions of the database. Return how many. Raise as invalidate_all does."""
        sessions = await self._store.active(self._clock(), limit)
        # Small enough to share a few sessions among several writers, large enough to save round trips.
        size = max(1, min(BATCH, math.ceil(len(sessions) / WARMERS)))
        free = asyncio.Semaphore(WARMERS)

        async def write(batch: Sequence[Session]) -> None:
            async with free:
                await (self._cache(batch[0]) if len(batch) == 1 else self._cache_many(batch))

        await _require(_gather(write(batch) for batch in _batches(sessions, size)))
        return len(sessions)

    async def purge_expired(self) -> int:
        """Delete the expired sessions, BATCH at a time. Return how many. Raise as invalidate_all does.

        This makes no span: the job that calls it has one. Cached sessions expire by themselves, but not their entries
        in the index.
        """
        purged = 0
        while rows := await self._store.delete_expired(self._clock(), BATCH):
            await _require(self._unindex(rows))
            purged += len(rows)
        return purged

    async def _cached(self, session_id: str) -> Session | None:
        cached = await _ignore_outage(self._redis.get(_session_key(session_id)))
        session = _decode(cached)
        if session is None and cached is not None:
            get_current_span().set_attribute(v.SESSION_CACHED, "unreadable")
        return session

    async def _cache(self, session: Session) -> bool:
        await self._redis.set(_session_key(session.id), msgspec.json.encode(session), px=self._remaining_ms(session))
        return True

    async def _cache_many(self, sessions: Sequence[Session]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for session in sessions:
                pipeline.set(_session_key(session.id), msgspec.json.encode(session), px=self._remaining_ms(session))
            await pipeline.execute()

    async def _index(self, session: Session) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(_index_key(session), session.id, str(session.expires_at))
            pipeline.expire(_index_key(session), self._lifetime_s)
            await pipeline.execute()

    async def _unindex(self, sessions: Sequence[Session]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for session in sessions:
                pipeline.delete(_session_key(session.id))
                pipeline.hdel(_index_key(session), session.id)
            await pipeline.execute()

    async def _indexed(self, user_id: int) -> tuple[list[str], set[str]]:
        """Return the keys of a user's index, and the ids of the sessions in it that have not expired."""
        pattern = INDEX_KEY.format(user_id=user_id, device="*")
        keys = [_text(key) async for key in self._redis.scan_iter(match=pattern, count=500)]
        found: set[str] = set()
        for key in keys:
            entries = await self._redis.hgetall(key)
            found |= {_text(name) for name, expiry in entries.items() if float(expiry) > self._clock()}
        return keys, found

    async def _delete_keys(self, keys: Sequence[str]) -> None:
        for batch in _batches(keys, BATCH):
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key in batch:
                    pipeline.delete(key)
                await pipeline.execute()

    def _remaining_ms(self, session: Session) -> int:
        return max(1, int((session.expires_at - self._clock()) * 1000))


async def _ignore_outage(call: Awaitable[T]) -> T | None:
    """Return the call's result; None if Redis is down, because it is only a cache. The span shows the error."""
    try:
        return await call
    except (RedisError, OSError):
        return None


async def _require(call: Awaitable[T]) -> T:
    """Return the call's result. Raise CacheUnavailable if Redis is down."""
    try:
        return await call
    except (RedisError, OSError) as error:
        raise CacheUnavailable(type(error).__name__) from error


async def _gather(calls: Iterable[Awaitable[None]]) -> None:
    """Wait for all calls, then raise the first failure. No call is cancelled half way, so every span is complete."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for failure in (result for result in results if isinstance(result, BaseException)):
        raise failure


def _batches(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _session_key(session_id: str) -> str:
    return SESSION_KEY.format(id=session_id)


def _index_key(session: Session) -> str:
    return INDEX_KEY.format(user_id=session.user_id, device=session.device)


def _decode(cached: Any) -> Session | None:
    """Return the cached session; None for none, and for one that another version of this code wrote."""
    try:
        fields = {} if cached is None else msgspec.json.decode(cached)
        return Session(**fields) if isinstance(fields["expires_at"], float) else None
    except (KeyError, TypeError, msgspec.DecodeError):
        return None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
