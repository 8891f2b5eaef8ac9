"""Broken flows: steps that are forgotten, repeated, swapped or unbounded, and answers that hide it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx2
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import SpanKind
from redis.exceptions import RedisError

from contracts.scenarios.closed_port import closed_port
from tests.broken_implementations.faults import do_nothing
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Headers, Service


@broken("session-redis-down", "load/span-missing")
class NoFallback(Service):
    """While Redis is down, every session is unknown: nobody asks the database."""

    async def look_up(self, id: str) -> int | None:
        return int(await self.command("GET", f"session:{id}"))

    async def reason(self, span: Span, token: str) -> str | None:
        try:
            return await super().reason(span, token)
        except RedisError:
            return "unknown"


@broken("session-hit", "load/span-surplus", "store/span-surplus")
class CacheNotTrusted(Service):
    """The database is asked although the cache has answered, and its answer is cached again."""

    async def look_up(self, id: str) -> int | None:
        await super().look_up(id)
        return None


@broken("session-miss", "load/span-surplus")
class LoadedTwice(Service):
    """The session is loaded to see whether it is there, and once more to read it."""

    async def load(self, id: str) -> int | None:
        await super().load(id)
        return await super().load(id)


@broken("session-miss", "store/span-missing")
class NeverCachedAgain(Service):
    """What was loaded from the database is not written to the cache: every request is a miss."""

    async def store(self, id: str, expires: int) -> bool:
        return True

    async def fill_in(self, id: str, email: str, device: str, expires: int) -> None:
        await self.keep(id, email, device, expires)


@broken("session-expired", "discard/span-missing")
class ExpiredStaysCached(Service):
    """An expired session is left in the cache."""

    async def expired(self, id: str) -> str:
        return "expired"


@broken("session-hit", "top/span-extra")
class AskedForTheTimeLeft(Service):
    """Each hit is followed by a command that nobody agreed on."""

    async def look_up(self, id: str) -> int | None:
        cached = await super().look_up(id)
        await self.command("TTL", f"session:{id}")
        return cached


@broken("session-create", "top/order")
class CachedBeforeTheCommit(Service):
    """A new session is in the cache before the database has it."""

    async def fill_in(self, id: str, email: str, device: str, expires: int) -> None:
        await self.store(id, expires)
        await self.keep(id, email, device, expires)
        await self.index(id, device)


@broken("session-create", "query/span-missing")
class UserNotKept(Service):
    """A session is written without its user."""

    def insertion(self, id: str, email: str, device: str, expires: int) -> Any:
        return super().insertion(id, email, device, expires)[1:]


@broken("session-create", "index/span-missing")
class NotIndexed(Service):
    """A new session is not in its user's index, so that it survives the end of all of them."""

    async def index(self, id: str, device: str) -> None:
        return


@broken("cache-warm", "fill/concurrency")
class WritersWithoutBound(Service):
    """The cache is warmed by as many writers at once as there are rows."""

    async def warm(self, span: Span, rows: Sequence[tuple[str, int]]) -> None:
        await asyncio.gather(*(self.store(id, expires) for id, expires in rows))


@broken("cache-warm", "fill/span-missing")
class WarmedNothing(Service):
    """The number of rows is reported as warmed, but none is written."""

    async def warm(self, span: Span, rows: Sequence[tuple[str, int]]) -> None:
        return


@broken("session-invalidate-all", "remove/span-missing", "top/span-extra")
class DeletedOneByOne(Service):
    """A user's sessions are deleted one by one: as many round trips as sessions."""

    async def remove_from_cache(self, keys: Sequence[str]) -> None:
        for key in keys:
            await self.command("DEL", key)


@broken("session-invalidate-all", "scan/span-missing", "top/span-extra")
class KeysInsteadOfScan(Service):
    """The index is read by KEYS, which stops the server."""

    async def scan(self, pattern: str) -> list[str]:
        found: list[str] = await self.command("KEYS", pattern)
        return found


@broken("session-invalidate-redis-down", "remove/status", "top/attribute-value", "top/status")
class HalfDoneLooksDone(Service):
    """A session that stays in the cache is answered as ended."""

    def unavailable(self) -> int:
        return 204


@broken("session-invalidate-redis-down", "top/status")
class FailedRequestLooksFine(Service):
    """A request that got a 503 leaves a server span without an error."""

    server_error = do_nothing


@broken("two-services", "call/duration")
class WaitsForTheOther(Service):
    """The call to the other service has no deadline, and the other service is slow."""

    async def call(self, url: str, headers: Headers, body: Mapping[str, Any]) -> int:
        status = await super().call(url, headers, body)
        self.skip(2.5)
        return status


@broken("two-services", "call/attribute-missing", "served/span-missing")
class DeadCallLooksFine(Service):
    """The other service is down; the call's failure is caught within its span."""

    async def report_to_audit(self, session: str) -> None:
        with self.span("POST", kind=SpanKind.CLIENT, **self.client_attributes()), suppress(httpx2.HTTPError):
            async with httpx2.AsyncClient() as client:
                with closed_port() as port:
                    await client.post(f"http://127.0.0.1:{port}/audit/records")


@broken("two-services", "keep/span-missing")
class AcceptedNotKept(Service):
    """The other service says 201, and keeps nothing."""

    async def post_record(self, span: Span, headers: Headers, body: Mapping[str, Any]) -> int:
        return 201


@broken("purge", "unindex/span-missing")
class PurgedFromTheDatabaseOnly(Service):
    """The job deletes rows, and leaves their copies in the cache."""

    async def pipeline(self, *commands: Sequence[Any]) -> Sequence[Any]:
        return [] if commands[0][0] == "DEL" else await super().pipeline(*commands)
