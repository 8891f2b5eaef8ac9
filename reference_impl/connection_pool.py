"""The connections to one database: so many at once, whoever comes after waits for so long, and no longer (S4.1, R6).

A call's turn is counted here and not by the driver's pool, so that waiting for it is told from a slow database, and
is over before the breaker is asked: a pool that is exhausted says nothing of the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker_settings import BreakerSettings
from reference_impl.database_engine import in_memory, make_engine, server_attributes

Prepare: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]


class PoolExhausted(Exception):
    """Every connection of the pool was in use for as long as a call may wait: `waited_s`, of `size` connections."""

    def __init__(self, pool: str, size: int, waited_s: float) -> None:
        super().__init__(pool, size, waited_s)
        self.pool = pool
        self.size = size
        self.waited_s = waited_s

    def __str__(self) -> str:
        return f"pool {self.pool!r}: all {self.size} connections were in use for {self.waited_s:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """One pool: its database, how many connections, how long a call waits for one, how long it may then take.

    Times are seconds. `deadline_s` runs from having a turn to having committed. A database in memory has one
    connection, whatever `size` says.
    """

    url: str = field(repr=False)
    size: int = 5
    checkout_timeout_s: float = 2.0
    deadline_s: float = 5.0
    breaker: BreakerSettings = field(default_factory=BreakerSettings)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool at one moment: connections in use, calls that wait for one, and how many there may be."""

    in_use: int
    waiting: int
    size: int

    def __str__(self) -> str:
        return f"{self.in_use} of {self.size} in use, {self.waiting} waiting"


class Pool:
    """The pool of one key; for one event loop. `facts` are what spans say of it: its key and its server."""

    def __init__(self, key: str, settings: PoolSettings) -> None:
        self.key = key
        self.settings = settings
        self.size = 1 if in_memory(make_url(settings.url)) else settings.size
        server = server_attributes(settings.url)
        self.facts = {v.CONNECTION_POOL: key, v.DB_TYPE: server[v.DB_SYSTEM_NAME], **server}
        self.prepare: Prepare | None = None
        self._engine = make_engine(settings.url, size=self.size, deadline_s=settings.deadline_s)
        self._free = asyncio.Semaphore(self.size)
        self._preparing = asyncio.Lock()
        self._in_use = self._waiting = 0

    @property
    def use(self) -> PoolUse:
        """What the pool is at this moment."""
        return PoolUse(self._in_use, self._waiting, self.size)

    @property
    def must_wait(self) -> bool:
        """Whether a call that came now would have to wait for its turn."""
        return self._free.locked()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The right to one connection for as long as the block lasts; raises PoolExhausted."""
        await self._take_turn()
        self._in_use += 1
        try:
            yield
        finally:
            self._in_use -= 1
            self._free.release()

    async def _take_turn(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self.settings.checkout_timeout_s):
                await self._free.acquire()
        except TimeoutError:
            raise self._exhausted() from None
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection for a turn, prepared; raises what the driver raises."""
        async with AsyncExitStack() as opened:
            try:
                connection = await opened.enter_async_context(self._engine.connect())
            except PoolTimeout:
                # The connection of a call that was cancelled is still on its way back.
                raise self._exhausted() from None
            await self._prepared(connection)
            yield connection

    async def _prepared(self, connection: AsyncConnection) -> None:
        if self.prepare is None:
            return
        async with self._preparing:
            if self.prepare is not None:
                async with connection.begin():
                    await self.prepare(connection)
                self.prepare = None

    def _exhausted(self) -> PoolExhausted:
        return PoolExhausted(self.key, self.size, self.settings.checkout_timeout_s)
