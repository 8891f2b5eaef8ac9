"""Pools of Redis connections: who finds none free waits in turn, and at last gets PoolExhausted (S2, S3)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import redis
import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MaxConnectionsError, RedisError

from reference_impl.instrumentation.measures import PoolUse


class PoolExhausted(RedisError):
    """No connection of the pool became free in time. Not a ConnectionError, because Redis itself may work."""


def pool_use(client: redis.asyncio.Redis) -> PoolUse:
    """Return the use of an asyncio client's pool; `waiting` is counted for clients of `make_client` only, else 0."""
    pool = client.connection_pool
    in_use = len(getattr(pool, "_in_use_connections", ()))
    return PoolUse(in_use, getattr(pool, "waiting", 0), pool.max_connections)


class AsyncPool(redis.asyncio.BlockingConnectionPool):
    """Lets only those wait, in turn, who find no free connection; in redis-py's pool all pay for waiting.

    Nor does a call pay for redis-py's own metrics and locks: `pool_use` has these numbers, and no step here waits that
    a lock would keep from others, except to close a connection.
    """

    waiting = 0
    """Callers that found no free connection."""

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        """See redis.asyncio.ConnectionPool. Raise PoolExhausted if no connection becomes free in time."""
        waits: Any = super()
        if not self.waiting:
            with suppress(MaxConnectionsError):
                return await self._opened(waits.get_available_connection())
        self.waiting += 1
        try:
            return await waits.get_connection()
        except RedisConnectionError as error:
            if _exhausted(error):
                raise PoolExhausted(f"all {self.max_connections} connections are in use") from error
            raise
        finally:
            self.waiting -= 1

    async def _opened(self, connection: Any) -> Any:
        try:
            if not connection.is_connected or await connection.can_read():
                await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def release(self, connection: Any) -> None:
        """See redis.asyncio.ConnectionPool."""
        self._in_use_connections.remove(connection)
        if connection.should_reconnect():
            await connection.disconnect()
        self._available_connections.append(connection)
        await connection.re_auth()  # redis-py's event for it has a lock; nothing is sent but for new credentials
        if self.waiting:  # looked up after the release, so that nobody begins to wait unseen
            async with self._condition:
                self._condition.notify()


class SyncPool(redis.BlockingConnectionPool):
    """Reports by PoolExhausted that no connection became free in time."""

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """See redis.ConnectionPool."""
        below: Any = super()
        try:
            return below.get_connection(*args, **options)
        except RedisConnectionError as error:
            if _exhausted(error):
                raise PoolExhausted(f"all {self.max_connections} connections are in use") from error
            raise


def _exhausted(error: RedisConnectionError) -> bool:
    """Return whether redis-py's pool reports that it is empty, which only the message distinguishes."""
    return error.args[:1] == ("No connection available.",)
