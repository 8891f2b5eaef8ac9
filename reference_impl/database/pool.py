"""The connections to one database: so many at once, whoever comes after waits for so long, and no longer (S4.1, R6).

A call's turn is counted here and not by the driver's pool, so that waiting for it is told from a slow database, and
is over before the breaker is asked: a pool that is exhausted says nothing of the database.
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

R = TypeVar("R")

GRACE_S: Final = 0.25
"""How long a call that was cancelled is waited for, in seconds; then it is cancelled once more."""

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


class Turn:
    """The right to one connection, and what is done with it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None

    async def run(self, call: Coroutine[Any, Any, R], deadline_s: float) -> R:
        """What the call gives within so many seconds, else TimeoutError.

        A call that is over its deadline, or whose caller is cancelled, is cancelled. A driver may take long to heed
        that where its server is silent: after twice GRACE_S it is left behind, and keeps the turn until it ends.
        """
        self._task = task = asyncio.create_task(call)
        try:
            await asyncio.wait({task}, timeout=deadline_s)
        except asyncio.CancelledError:
            await _cancelled(task)
            raise
        if task.done():
            return await task
        await _cancelled(task)
        raise TimeoutError

    def when_over(self, give_back: Callable[[], None]) -> None:
        """Call `give_back` as soon as nothing of the turn is under way."""
        if self._task is None or self._task.done():
            give_back()
        else:
            self._task.add_done_callback(lambda _: give_back())


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.add_done_callback(_passed_over)
    # Once to end its query in order; again, as a driver may ask the silent server itself to end it.
    for _ in range(2):
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_S)
        if task.done():
            return


def _passed_over(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # looked at, or asyncio would complain that nobody did


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
    async def turn(self) -> AsyncIterator[Turn]:
        """The right to one connection for as long as the block, and what it leaves behind; raises PoolExhausted."""
        await self._take_turn()
        self._in_use += 1
        turn = Turn()
        try:
            yield turn
        finally:
            turn.when_over(self._give_back)

    def _give_back(self) -> None:
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
