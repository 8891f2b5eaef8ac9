"""Redis clients with a deadline for each call, traced (docs/specification.md S2, S3).

redis-py itself retries ten times with five seconds each, and may apply a command twice if the reply was lost. The
clients made here
- end every command and pipeline within `deadline_s`, all attempts together, or raise `DeadlineExceeded`;
- repeat only commands that read, and only after a connection failed; each attempt is its own span;
- raise `PoolExhausted` if every connection is in use, which is our own limit and not an outage of Redis.

Blocking commands (BLPOP, XREAD BLOCK) have the same deadline: use a client with a longer one for them. In an asyncio
client `pubsub()` and `monitor()` have no deadline unless it is made with `socket_timeout`. In the sync client the
look-up of a host name has no deadline, because the operating system does it.
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
from redis.exceptions import AuthenticationError, AuthorizationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry as SyncRetry

from reference_impl.redis_tracing.command_table import look_up
from reference_impl.redis_tracing.commands import instrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.redis_tracing.pools import AsyncPool, SyncPool
from reference_impl.redis_tracing.thread_deadline import thread_deadline, with_deadline
from reference_impl.vocabulary import DEFAULT_MODE, Mode


class DeadlineExceeded(RedisTimeoutError):
    """The command did not end within the client's deadline; Redis may or may not have executed it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The deadline of one call, and how often a reading command is repeated after a failed connection.

    `deadline_s` is for all attempts together; `backoff_s` is the longest pause before an attempt (seconds).
    """

    deadline_s: float = 1.0
    retries: int = 1
    backoff_s: float = 0.02

    def __post_init__(self) -> None:
        if not self.deadline_s > 0 or self.retries < 0 or not self.backoff_s >= 0:
            raise ValueError(f"{self}: a deadline above 0 s, retries and backoff of 0 or more are accepted")

    def pause_s(self, error: Exception, args: tuple[Any, ...], attempt: int, until: float) -> float | None:
        """Return how many seconds to wait before the command is sent again; None if it must not be."""
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
    """Return a traced asyncio client of the server at `url` (`redis://`, `rediss://`, `unix://`) with its own pool.

    `pool_wait_s` is how long a call waits for a free connection (default: half the deadline). `connection` are options
    of redis-py's connections (`decode_responses=True`). Raise ValueError for a bad URL or a deadline of 0.
    """
    policy = Policy(deadline_s=deadline_s, retries=retries)
    # The call's deadline holds for each read and write too: redis-py's own timeout would be a second timer for each.
    own = {"retry": AsyncRetry(NoBackoff(), 0), "socket_timeout": None}
    options = _pool_options(policy, max_connections, pool_wait_s) | own | connection
    client = _AsyncClient(connection_pool=AsyncPool.from_url(url, **options))
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
    """Return a traced synchronous client; the arguments are those of `make_client`."""
    policy = Policy(deadline_s=deadline_s, retries=retries)
    options = _pool_options(policy, max_connections, pool_wait_s) | {"retry": SyncRetry(NoBackoff(), 0)} | connection
    pool = SyncPool.from_url(url, **options)
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
        # With protocol 3 redis-py turns on maintenance notifications, and then takes connections from the pool without
        # checking whether they are closed or hold an old reply.
        "protocol": 2,
    }


# --- asyncio ---------------------------------------------------------------------------------------------------


async def _within(until: float, sent: Any) -> Any:
    """Return a coroutine's result. Raise DeadlineExceeded after the deadline; redis-py then drops the connection.

    As asyncio.timeout does it, at half of its cost. Another cancellation of the task is passed on.
    """
    task = asyncio.current_task()
    assert task is not None
    others, expired = task.cancelling(), False

    def expire() -> None:
        nonlocal expired
        expired = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(until - time.monotonic(), expire)
    try:
        return await sent
    except asyncio.CancelledError as error:
        if expired and task.cancelling() - 1 <= others:
            raise DeadlineExceeded("no answer within the deadline") from error
        raise
    finally:
        timer.cancel()
        if expired:
            task.uncancel()


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

    async def reset(self) -> None:  # type: ignore[override]  # of a pipeline, not the command RESET
        below: Any = super()
        await _within(time.monotonic() + self.policy.deadline_s, below.reset())  # it may send UNWATCH


# --- Threads ---------------------------------------------------------------------------------------------------


@contextmanager
def _deadline(until: float) -> Iterator[None]:
    """Apply a deadline to this thread's socket calls. Raise DeadlineExceeded when it has passed."""
    try:
        with thread_deadline(until):
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
        with _deadline(_until):
            return below.execute_command(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> SyncPipeline:
        pipe = _SyncPipe(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.policy = self.policy
        return pipe


class _SyncPipe(SyncPipeline):
    policy = Policy()

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        with _deadline(time.monotonic() + self.policy.deadline_s):
            return super().execute(raise_on_error)

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        below: Any = super()
        with _deadline(time.monotonic() + self.policy.deadline_s):
            return below.immediate_execute_command(*args, **options)
