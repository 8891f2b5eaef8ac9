"""Redis clients that keep a deadline: made by a factory, traced, and never left waiting (docs/specification.md S2, S3).

redis-py by itself retries ten times with five seconds each, and may apply a command twice whose reply was lost. The
clients made here
- end every command and pipeline within `deadline_s`, all its attempts together, with `DeadlineExceeded`;
- repeat only commands that read, and only after a connection failed; each attempt is a span of its own;
- say `PoolExhausted` when every connection is in use: our own shortage, not an outage of Redis.

Blocking commands (BLPOP, XREAD BLOCK) are bound by the deadline too: make them a client with a longer one. In the
sync client the look-up of a host name is not bounded, as the operating system does it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
import redis.asyncio
from opentelemetry.trace import Tracer
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.client import Pipeline as SyncPipeline
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry as SyncRetry

from reference_impl.redis_tracing.command_table import look_up
from reference_impl.redis_tracing.commands import instrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.redis_tracing.thread_deadline import bound_by, with_deadline
from reference_impl.vocabulary import DEFAULT_MODE, Mode


class DeadlineExceeded(RedisTimeoutError):
    """The command did not end within the client's deadline; whether Redis has carried it out is unknown."""


class PoolExhausted(RedisError):
    """No connection of the pool came free in time; no ConnectionError, as Redis itself may be well."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long one call may take, and how often a reading command is repeated after a failed connection.

    `deadline_s` bounds all attempts together; `backoff_s` is the longest pause before an attempt (seconds).
    """

    deadline_s: float = 1.0
    retries: int = 1
    backoff_s: float = 0.02

    def __post_init__(self) -> None:
        if not self.deadline_s > 0 or self.retries < 0 or not self.backoff_s >= 0:
            raise ValueError(f"{self}: a deadline above 0 s, retries and backoff of 0 or more are accepted")

    def pause_s(self, error: Exception, args: tuple[Any, ...], attempt: int, until: float) -> float | None:
        """How long to wait before the command is sent again; None where it must not be."""
        if isinstance(error, (DeadlineExceeded, AuthenticationError, AuthorizationError)) or attempt >= self.retries:
            return None
        pause = random.uniform(0, self.backoff_s)
        return pause if look_up(args).reads and time.monotonic() + pause < until else None


def make_client(
    url: str,
    *,
    deadline_s: float = 1.0,
    pool_name: str = "default",
    keys: KeyTemplates | None = None,
    tracer: Tracer | None = None,
    mode: Mode = DEFAULT_MODE,
    max_connections: int = 50,
    pool_wait_s: float | None = None,
    retries: int = 1,
    **connection: Any,
) -> redis.asyncio.Redis:
    """A traced asyncio client of the server at `url` (`redis://`, `rediss://`, `unix://`) with a pool of its own.

    `pool_wait_s` is how long a call waits for a connection to come free (default: half the deadline). `connection`
    goes to redis-py's connections (`decode_responses=True`). Raises ValueError for a bad URL or a deadline of 0.
    """
    policy = Policy(deadline_s=deadline_s, retries=retries)
    options = _pool_options(policy, max_connections, pool_wait_s) | {"retry": AsyncRetry(NoBackoff(), 0)} | connection
    client = _AsyncClient(connection_pool=_AsyncPool.from_url(url, **options))
    client.auto_close_connection_pool = True  # as from_pool does
    client.policy = policy
    return instrument(client, pool_name=pool_name, keys=keys, tracer=tracer, mode=mode)


def make_sync_client(
    url: str,
    *,
    deadline_s: float = 1.0,
    pool_name: str = "default",
    keys: KeyTemplates | None = None,
    tracer: Tracer | None = None,
    mode: Mode = DEFAULT_MODE,
    max_connections: int = 50,
    pool_wait_s: float | None = None,
    retries: int = 1,
    **connection: Any,
) -> redis.Redis:
    """The same for threads: a traced client of redis-py's synchronous kind."""
    policy = Policy(deadline_s=deadline_s, retries=retries)
    options = _pool_options(policy, max_connections, pool_wait_s) | {"retry": SyncRetry(NoBackoff(), 0)} | connection
    pool = _SyncPool.from_url(url, **options)
    pool.connection_class = with_deadline(pool.connection_class)
    client = _SyncClient(connection_pool=pool)
    client.auto_close_connection_pool = True
    client.policy = policy
    return instrument(client, pool_name=pool_name, keys=keys, tracer=tracer, mode=mode)


def _pool_options(policy: Policy, max_connections: int, pool_wait_s: float | None) -> dict[str, Any]:
    return {
        "max_connections": max_connections,
        "timeout": policy.deadline_s / 2 if pool_wait_s is None else min(pool_wait_s, policy.deadline_s),
        "socket_timeout": policy.deadline_s,
        "socket_connect_timeout": policy.deadline_s,
        # With protocol 3 redis-py turns maintenance notifications on, and then takes connections from the pool without
        # a look whether they are closed or hold an old reply.
        "protocol": 2,
    }


def _exhausted(error: RedisConnectionError) -> bool:
    """Whether redis-py's pool says that it is empty, which only its text tells from other failures."""
    return error.args[:1] == ("No connection available.",)


@dataclass(frozen=True, slots=True)
class RedisPoolUse:
    """A pool at one moment: connections in use, calls that wait for one, and how many there may be."""

    in_use: int
    waiting: int
    size: int


def pool_use(client: redis.asyncio.Redis) -> RedisPoolUse:
    """The use of an asyncio client's pool; `waiting` is known of clients of `make_client` only, else 0."""
    pool = client.connection_pool
    in_use = len(getattr(pool, "_in_use_connections", ()))
    return RedisPoolUse(in_use, getattr(pool, "waiting", 0), pool.max_connections)


# --- asyncio ---------------------------------------------------------------------------------------------------


class _AsyncPool(redis.asyncio.BlockingConnectionPool):
    waiting = 0

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        must_wait = not self.can_get_connection()
        self.waiting += must_wait
        try:
            return await below.get_connection(*args, **options)
        except RedisConnectionError as error:
            if _exhausted(error):
                raise PoolExhausted(f"all {self.max_connections} connections are in use") from error
            raise
        finally:
            self.waiting -= must_wait


async def _within(until: float, sent: Any) -> Any:
    """The result of a coroutine, or DeadlineExceeded; what was half read is thrown away by redis-py."""
    scope = asyncio.timeout(until - time.monotonic())
    try:
        async with scope:
            return await sent
    except TimeoutError as error:
        if scope.expired():
            raise DeadlineExceeded("no answer within the deadline") from error
        raise


class _AsyncClient(redis.asyncio.Redis):
    policy = Policy()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        until, attempt = time.monotonic() + self.policy.deadline_s, 0
        while True:
            try:
                return await self.execute_once(*args, _until=until, **options)
            except (RedisConnectionError, RedisTimeoutError) as error:
                pause = self.policy.pause_s(error, args, attempt, until)
                if pause is None:
                    raise
            attempt += 1
            await asyncio.sleep(pause)

    async def execute_once(self, *args: Any, _until: float, **options: Any) -> Any:
        below: Any = super()
        return await _within(_until, below.execute_command(*args, **options))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncPipeline:
        pipe = _AsyncPipe(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.policy = self.policy
        return pipe


class _AsyncPipe(AsyncPipeline):
    policy = Policy()

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        until = time.monotonic() + self.policy.deadline_s
        results: list[Any] = await _within(until, super().execute(raise_on_error))
        return results

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        until = time.monotonic() + self.policy.deadline_s
        return await _within(until, below.immediate_execute_command(*args, **options))


# --- Threads ---------------------------------------------------------------------------------------------------


class _SyncPool(redis.BlockingConnectionPool):
    def get_connection(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        try:
            return below.get_connection(*args, **options)
        except RedisConnectionError as error:
            if _exhausted(error):
                raise PoolExhausted(f"all {self.max_connections} connections are in use") from error
            raise


@contextmanager
def _no_longer_than(until: float) -> Iterator[None]:
    """Bind what this thread does on sockets to a deadline, and say DeadlineExceeded when it has passed."""
    try:
        with bound_by(until):
            yield
    except RedisTimeoutError as error:
        if time.monotonic() >= until:
            raise DeadlineExceeded("no answer within the deadline") from error
        raise


class _SyncClient(redis.Redis):
    policy = Policy()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        until, attempt = time.monotonic() + self.policy.deadline_s, 0
        while True:
            try:
                return self.execute_once(*args, _until=until, **options)
            except (RedisConnectionError, RedisTimeoutError) as error:
                pause = self.policy.pause_s(error, args, attempt, until)
                if pause is None:
                    raise
            attempt += 1
            time.sleep(pause)

    def execute_once(self, *args: Any, _until: float, **options: Any) -> Any:
        below: Any = super()
        with _no_longer_than(_until):
            return below.execute_command(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> SyncPipeline:
        pipe = _SyncPipe(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.policy = self.policy
        return pipe


class _SyncPipe(SyncPipeline):
    policy = Policy()

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        with _no_longer_than(time.monotonic() + self.policy.deadline_s):
            return super().execute(raise_on_error)

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        with _no_longer_than(time.monotonic() + self.policy.deadline_s):
            return below.immediate_execute_command(*args, **options)
