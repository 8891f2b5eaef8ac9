"""A Redis that stops, and replies that are cut, damaged or late: no call hangs or gets the reply of another."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from integration.support.tcp_proxy import Cut, Reset, TcpProxy, tcp_proxy
from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from reference_impl.database.breaker_events import log_change, record_on_span
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.redis_tracing.client import DeadlineExceeded, make_client, make_sync_client
from tests.reference_impl.redis_tracing.redis_support import RedisServer, run, running_redis

pytest_plugins = ["tests.reference_impl.memory_spans"]
BREAKER = BreakerSettings(minimum_calls=3, window_calls=3, reset_after_s=0.3, half_open_permits=1)
CALLS = 1000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as running:
        with redis.Redis(port=running.port) as client:
            client.mset({f"session:{number}": f"value of {number}" for number in range(CALLS)})
        yield running


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[TcpProxy]:
    with tcp_proxy(server.port) as running:
        yield running


def url_of(proxy: TcpProxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}/0"


@pytest.mark.fault("R3")
def test_a_stopped_server_opens_the_breaker_with_an_event_and_its_return_closes_it(
    server: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    tracer = provider.get_tracer("test")
    breaker = CircuitBreaker("redis", BREAKER, listeners=[record_on_span, log_change])

    def get(client: Any) -> Any:
        with operation_span(tracer, "request"), breaker.guard():
            return client.get("session:1")

    with make_sync_client(server.url, deadline_s=0.2, tracer=tracer) as client:
        assert get(client) == b"value of 1"
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            for _ in range(2):
                with pytest.raises(DeadlineExceeded):
                    get(client)
            assert str(breaker.state) == "open"
            with pytest.raises(CircuitOpen) as refused:
                get(client)
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        time.sleep(refused.value.retry_after_s)
        assert get(client) == b"value of 1"
        assert str(breaker.state) == "closed"
    requests = [span for span in exporter.get_finished_spans() if span.name == "request"]
    names = [[event.name for event in span.events if "breaker" in event.name] for span in requests]
    failure, opened = "circuit_breaker.failure", "circuit_breaker.open"
    assert names == [[], [failure], [failure, opened], [], ["circuit_breaker.half_open", "circuit_breaker.close"]]


def cut(way: socket.socket, data: bytes) -> None:
    way.sendall(data[:-3])
    raise Cut


def reset(way: socket.socket, data: bytes) -> None:
    way.sendall(data[:-3])
    raise Reset


def changed(change: Callable[[bytes], bytes]) -> Callable[[socket.socket, bytes], None]:
    return lambda way, data: way.sendall(change(data))


DAMAGES: dict[str, Callable[[socket.socket, bytes], None]] = {
    "cut": cut,
    "reset": reset,
    "no reply": lambda _, __: (_ for _ in ()).throw(Cut()),
    "garbage": changed(lambda _: b"!\x00\xff garbage\r\n"),
    "binary": changed(lambda data: bytes(byte ^ 0x55 for byte in data)),
    "a web page": changed(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n<html>"),
    "a length without sense": changed(lambda data: b"$-7" + data[2:]),
    "a length that is too long": changed(lambda data: b"$999" + data[2:]),
    "deep arrays": changed(lambda _: b"*1\r\n" * 100_000),
}


@pytest.mark.fault("R4")
@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_reply_fails_its_call_and_ends_its_connection(proxy: TcpProxy, damage: str, sync: bool) -> None:
    options: dict[str, Any] = {"retries": 0, "deadline_s": 1, "max_connections": 1}

    def damage_next() -> None:
        def once(way: socket.socket, data: bytes) -> None:
            proxy.to_client = socket.socket.sendall
            DAMAGES[damage](way, data)

        proxy.to_client = once

    async def steps() -> list[Any]:
        async with make_client(url_of(proxy), **options) as client:
            outcomes: list[Any] = [await client.get("session:1")]
            damage_next()
            outcomes += await asyncio.gather(client.get("session:2"), return_exceptions=True)
            return [*outcomes, *[await client.get(f"session:{number}") for number in (3, 4)]]

    def sync_steps() -> list[Any]:
        with make_sync_client(url_of(proxy), **options) as client:
            outcomes: list[Any] = [client.get("session:1")]
            damage_next()
            try:
                outcomes.append(client.get("session:2"))
            except redis.RedisError as error:
                outcomes.append(error)
            return [*outcomes, client.get("session:3"), client.get("session:4")]

    before, failed, *after = sync_steps() if sync else run(steps)
    assert isinstance(failed, redis.RedisError), failed
    assert [before, *after] == [b"value of 1", b"value of 3", b"value of 4"]
    assert proxy.accepted == 2


@pytest.mark.fault("R4")
@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
def test_a_reply_that_comes_twice_is_not_that_of_the_next_call(proxy: TcpProxy, sync: bool) -> None:
    proxy.to_client = lambda way, data: way.sendall(data * 2 if b"value of 2" in data else data)
    options: dict[str, Any] = {"retries": 0, "deadline_s": 5, "max_connections": 1}

    async def steps() -> list[Any]:
        async with make_client(url_of(proxy), **options) as client:
            return [await client.get(f"session:{number}") for number in range(1, 5)]

    if sync:
        with make_sync_client(url_of(proxy), **options) as client:
            values = [client.get(f"session:{number}") for number in range(1, 5)]
    else:
        values = run(steps)
    assert values == [b"value of %d" % number for number in range(1, 5)]


@pytest.mark.fault("R7")
@pytest.mark.timeout(120)
def test_a_thousand_calls_that_are_cancelled_in_their_reply_leave_none_to_others(proxy: TcpProxy) -> None:
    chance = random.Random(7)  # moments between the halves of a reply, or before, or after them

    def halved(way: socket.socket, data: bytes) -> None:
        way.sendall(data[: len(data) // 2])
        proxy.stopped.wait(0.001)
        way.sendall(data[len(data) // 2 :])

    proxy.to_client = halved
    seen: list[tuple[int, Any]] = []

    async def steps() -> int:
        async with make_client(url_of(proxy), deadline_s=20, max_connections=4) as client:
            cancelled = 0

            async def read(key: str) -> Any:
                return await client.get(key)

            async def caller() -> None:
                nonlocal cancelled
                while cancelled < CALLS:
                    number = chance.randrange(CALLS)
                    call = asyncio.create_task(read(f"session:{number}"))
                    with suppress(asyncio.CancelledError):
                        async with asyncio.timeout(20):
                            await asyncio.wait([call], timeout=chance.uniform(0, 0.002))
                            call.cancel()
                            seen.append((number, await call))
                    cancelled += call.cancelled()
                    whole = chance.randrange(CALLS)
                    seen.append((whole, await read(f"session:{whole}")))

            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(caller())
            return cancelled

    cancelled = run(steps, deadline_s=110)
    assert cancelled >= CALLS
    assert [(number, value) for number, value in seen if value != b"value of %d" % number] == []
