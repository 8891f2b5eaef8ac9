"""The deadline of an asyncio call and other cancellations of its task do not mistake each other (S3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio

from reference_impl.redis_tracing.client import DeadlineExceeded, make_client
from tests.reference_impl.redis_tracing.redis_support import run


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Serve connections that never answer; give the Redis URL."""
    stopped = asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1")
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        stopped.set()


def with_client(deadline_s: float, steps: Callable[[redis.asyncio.Redis], Coroutine[Any, Any, None]]) -> None:
    async def go() -> None:
        async with silent_server() as url, make_client(url, deadline_s=deadline_s, retries=0) as client:
            await steps(client)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0

    run(go)


def test_after_a_deadline_the_task_goes_on_as_if_it_had_not_been_cancelled() -> None:
    async def steps(client: redis.asyncio.Redis) -> None:
        for _ in range(2):
            with pytest.raises(DeadlineExceeded):
                await client.get("session:1")
        async with asyncio.timeout(5):
            await asyncio.sleep(0.01)

    with_client(0.05, steps)


def test_the_deadline_of_a_caller_is_the_caller_s() -> None:
    async def steps(client: redis.asyncio.Redis) -> None:
        with pytest.raises(TimeoutError) as failed:
            async with asyncio.timeout(0.05):
                await client.get("session:1")
        assert type(failed.value) is TimeoutError

    with_client(5, steps)


def test_a_call_s_deadline_inside_that_of_a_caller_ends_the_call_only() -> None:
    async def steps(client: redis.asyncio.Redis) -> None:
        async with asyncio.timeout(5) as outer:
            with pytest.raises(DeadlineExceeded):
                await client.get("session:1")
            await asyncio.sleep(0.01)
        assert not outer.expired()

    with_client(0.05, steps)


def test_a_call_that_is_cancelled_before_its_deadline_is_cancelled() -> None:
    async def steps(client: redis.asyncio.Redis) -> None:
        call = asyncio.ensure_future(client.get("session:1"))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    with_client(5, steps)


def test_a_call_that_is_cancelled_and_late_in_one_turn_of_the_loop_is_cancelled() -> None:
    async def steps(client: redis.asyncio.Redis) -> None:
        call = asyncio.ensure_future(client.get("session:1"))

        def cancel_late() -> None:
            time.sleep(0.2)  # the deadline passes meanwhile, and its timer is due in this turn too
            call.cancel()

        asyncio.get_running_loop().call_later(0.05, cancel_late)
        with pytest.raises(asyncio.CancelledError):
            await call

    with_client(0.1, steps)
