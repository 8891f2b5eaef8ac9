"""The connections to one database: a limited number, with a limited wait for a free one (S4.1, R6).

Calls in use are counted here and not by the driver's pool, so that waiting for a connection is distinguished from a
slow database, and ends before the breaker is asked: an exhausted pool says nothing about the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker.settings import BreakerSettings
from reference_impl.database.engine import in_memory, make_engine, server_attributes
from reference_impl.instrumentation.measures import PoolUse

R = TypeVar("R")

GRACE_S: Final = 0.25
"""Seconds to wait for the end of a cancelled call, before it is cancelled once more."""

Prepare: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]


class PoolExhausted(Exception):
    """All `size` connections of the pool were in use for `waited_s` seconds, as long as a call may wait."""

    def __init__(self, pool: str, size: int, waited_s: float) -> None:
        super().__init__(pool, size, waited_s)
        self.pool = pool
        self.size = size
        self.waited_s = waited_s

    def __str__(self) -> str:
        return f"pool {self.pool!r}: all {self.size} connections were in use for {self.waited_s:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """The settings of one pool; times are in seconds.

    `size` is the maximum of connections (1 for a database in memory), `checkout_timeout_s` the longest wait for one,
    `deadline_s` the longest time from there to the commit.
    """

    url: str = field(repr=False)
    size: int = 5
    checkout_timeout_s: float = 2.0
    deadline_s: float = 5.0
    breaker: BreakerSettings = field(default_factory=BreakerSettings)


class Turn:
    """The right to use one connection, and the call that uses it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None

    async def run(self, call: Coroutine[Any, Any, R], deadline_s: float) -> R:
        """Return the call's result; raise TimeoutError after `deadline_s` seconds.

        A call that exceeds its deadline, or whose caller is cancelled, is cancelled. A driver may react slowly if its
        server is silent: after twice GRACE_S the call is left to itself, and keeps the turn until it ends.
        """
        self._task = task = asyncio.create_task(call)
        try:
            await asyncio.wait({task}, timeout=deadline_s)
        except asyncio.CancelledError:
            await _cancel(task)
            raise
        if task.done():
            return await task
        await _cancel(task)
        raise TimeoutError

    def when_over(self, release: Callable[[], None]) -> None:
        """Call `release` as soon as the turn's call has ended."""
        if self._task is None or self._task.done():
            release()
        else:
            self._task.add_done_callback(lambda _: release())


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.add_done_callback(_retrieve_exception)
    # The first time ends the query properly. The second is for a driver that waits for the silent server to do so.
    for _ in range(2):
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_S)
        if task.done():
            return


def _retrieve_exception(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # otherwise asyncio logs an exception that was never retrieved


class Pool:
    """The pool of one key; for one event loop. `attributes` are those of its spans: its key and its server."""

    def __init__(self, key: str, settings: PoolSettings) -> None:
        self.key = key
        self.settings = settings
        self.size = 1 if in_memory(make_url(settings.url)) else settings.size
        server = server_attributes(settings.url)
        self.attributes = {v.CONNECTION_POOL: key, v.DB_TYPE: server[v.DB_SYSTEM_NAME], **server}
        self.prepare: Prepare | None = None
        self._engine = make_engine(settings.url, size=self.size, deadline_s=settings.deadline_s)
        self._free = asyncio.Semaphore(self.size)
        self._preparing = asyncio.Lock()
        self._in_use = self._waiting = 0

    @property
    def use(self) -> PoolUse:
        """Return the pool's use at this moment."""
        return PoolUse(self._in_use, self._waiting, self.size)

    @property
    def must_wait(self) -> bool:
        """Return whether a call would have to wait for its turn now."""
        return self._free.locked()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Give the block the right to one connection, until the call in it has ended. Raise PoolExhausted."""
        await self._take_turn()
        self._in_use += 1
        turn = Turn()
        try:
            yield turn
        finally:
            turn.when_over(self._release)

    def _release(self) -> None:
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
        """Give the block a prepared connection, for a turn. Raise the driver's exceptions."""
        async with AsyncExitStack() as opened:
            try:
                connection = await opened.enter_async_context(self._engine.connect())
            except PoolTimeout:
                # The connection of a cancelled call has not been returned yet.
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
