"""Sessions: cache first, then the database (docs/specification.md S3)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from opentelemetry.sdk.trace import Span
from redis.exceptions import RedisError

from tests.broken_implementations.database_steps import DatabaseSteps, Statement, row_or_none

SECRET = b"only for tests"
EMAIL = "ada@example.com"
HOUR_NS = 3_600 * 10**9
WRITERS = 8


class SessionSteps(DatabaseSteps):
    """Validate, create, end and warm sessions."""

    def issue(self, id: str) -> str:
        """Return the token of a session: its id and a signature."""
        return f"{id}.{hmac.new(SECRET, id.encode(), hashlib.sha256).hexdigest()}"

    def session_of(self, token: str) -> str | None:
        """Return the id in a token, None if the signature is wrong."""
        id = token.partition(".")[0]
        return id if hmac.compare_digest(self.issue(id), token) else None

    # --- validate --------------------------------------------------------------------------------------------

    async def validate(self, token: str) -> bool:
        """Return whether the token's session is valid. Raise StoreUnavailable if no store can be reached."""
        with self.span("session.validate") as span:
            reason = await self.reason(span, token)
            span.set_attributes(self.verdict(reason))
            return reason is None

    def verdict(self, reason: str | None) -> Mapping[str, Any]:
        """Return the attributes of a validation's result."""
        return {"session.valid": True} if reason is None else {"session.valid": False, "session.reason": reason}

    async def reason(self, span: Span, token: str) -> str | None:
        """Return why the session is not valid, None if it is."""
        id = self.session_of(token)
        if id is None:
            return "tampered"
        cached = await self.look_up(id)
        if cached is not None:
            return None if cached > self.now() else await self.expired(id)
        expires = await self.load(id)
        if expires is None:
            return "unknown"
        if expires <= self.now():
            return await self.expired(id)
        await self.store(id, expires)
        return None

    async def look_up(self, id: str) -> int | None:
        """Return when the session expires by the cache; None if it is not there, or the cache cannot be reached."""
        try:
            found = await self.command("GET", f"session:{id}")
        except RedisError:
            return None
        return None if found is None else int(json.loads(found)["expires"])

    async def load(self, id: str) -> int | None:
        """Return when the session expires by the database."""
        row = row_or_none(
            await self.execute_with_circuit_breaker("SELECT", ("select expires from sessions where id = ?", (id,)))
        )
        return None if row is None else int(row[0])

    async def store(self, id: str, expires: int) -> bool:
        """Write a session to the cache; False if the cache cannot be written to."""
        try:
            await self.command("SET", f"session:{id}", json.dumps({"expires": expires}), "EX", 60)
        except RedisError:
            return False
        return True

    async def expired(self, id: str) -> str:
        """Discard an expired session."""
        with suppress(RedisError):
            await self.command("DEL", f"session:{id}")
        return "expired"

    # --- create and end --------------------------------------------------------------------------------------

    async def create(self, email: str, device: str = "web") -> str:
        """Create a session in the database, cache and index it, and return its token."""
        id = uuid.uuid4().hex
        with self.span("session.create"):
            await self.fill_in(id, email, device, self.now() + HOUR_NS)
        return self.issue(id)

    async def fill_in(self, id: str, email: str, device: str, expires: int) -> None:
        """Write to the database first: the cache must not have what the database lacks."""
        await self.keep(id, email, device, expires)
        if await self.store(id, expires):
            await self.index(id, device)

    async def keep(self, id: str, email: str, device: str, expires: int) -> None:
        """Write a session to the database."""
        await self.execute_with_circuit_breaker("INSERT", *self.insertion(id, email, device, expires))

    def insertion(self, id: str, email: str, device: str, expires: int) -> Sequence[Statement]:
        """Insert the user and the session."""
        return (
            ("insert or ignore into users (email) values (?)", (email,)),
            (
                "insert into sessions select ?, id, ?, ? from users where email = ?",
                (id, device, expires, email),
            ),
        )

    async def index(self, id: str, device: str) -> None:
        """Put a session into its user's index."""
        index = f"user_sessions:1:{device}"
        with suppress(RedisError):
            await self.pipeline(("HSET", index, id, "1"), ("EXPIRE", index, 60))

    async def end_session(self, id: str) -> None:
        """Remove a session from the database, then from the cache. Raise if one of them fails."""
        deletion = ("delete from sessions where id = ? returning device", (id,))
        row = row_or_none(await self.execute_with_circuit_breaker("DELETE", deletion))
        await self.command("DEL", f"session:{id}")
        if row is not None:
            await self.command("HDEL", f"user_sessions:1:{row[0]}", id)

    async def invalidate_all(self, user: int) -> int:
        """End all sessions of a user and return how many there were."""
        with self.span("session.invalidate_all") as span:
            deletion = ("delete from sessions where user = ? returning id", (user,))
            (ended,) = await self.execute_with_circuit_breaker("DELETE", deletion)
            await self.forget(user, [row[0] for row in ended])
            span.set_attribute("sessions.deleted", len(ended))
            return len(ended)

    async def forget(self, user: int, ids: Sequence[str]) -> None:
        """Remove a user's sessions from the cache, by the index."""
        indexes = await self.scan(f"user_sessions:{user}:*")
        for index in indexes:
            await self.command("HGETALL", index)
        if ids:
            await self.remove_from_cache([f"session:{id}" for id in ids] + indexes)

    async def scan(self, pattern: str) -> list[str]:
        """Return every key that matches a pattern."""
        found, cursor = [], "0"
        while True:
            cursor, keys = await self.command("SCAN", cursor, "MATCH", pattern, "COUNT", 100)
            found += keys
            if int(cursor) == 0:
                return found

    async def remove_from_cache(self, keys: Sequence[str]) -> None:
        """Delete keys at once."""
        await self.pipeline(*(("DEL", key) for key in keys))

    # --- warm ------------------------------------------------------------------------------------------------

    async def warm_cache(self) -> int:
        """Write what the database has into the cache, by at most eight writers at once."""
        with self.span("session.warm_cache") as span:
            (rows,) = await self.execute_with_circuit_breaker("SELECT", ("select id, expires from sessions", ()))
            await self.warm(span, rows)
            span.set_attribute("sessions.warmed", len(rows))
            return len(rows)

    async def warm(self, span: Span, rows: Sequence[tuple[str, int]]) -> None:
        """Write rows into the cache."""
        free = asyncio.Semaphore(WRITERS)

        async def write(id: str, expires: int) -> None:
            async with free:
                await self.store(id, expires)

        await asyncio.gather(*(write(id, expires) for id, expires in rows))
