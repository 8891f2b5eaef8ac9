"""Clients keep a deadline, repeat only safe commands, and report an exhausted pool (docs/specification.md S2)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from reference_impl.instrumentation.measures import PoolUse
from reference_impl.redis_tracing.client import (
    DeadlineExceeded,
    Policy,
    make_client,
    make_sync_client,
)
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.redis_tracing.pools import PoolExhausted, pool_use
from reference_impl.redis_tracing.thread_deadline import DeadlineSocket, thread_deadline
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port, run, running_redis, wait_until

Call = Callable[[Any], Any]


@pytest.fixture(params=["async", "sync"])
def call(request: pytest.FixtureRequest, provider: TracerProvider) -> Callable[..., Any]:
    """Makes a client of either kind for a URL, does the steps with it, and returns their results or exceptions."""
    sync = request.param == "sync"

    def go(url: str, *steps: Call, **options: Any) -> Any:
        usual: dict[str, Any] = {
            "tracer": provider.get_tracer("test"),
            "keys": KeyTemplates("session:{id}"),
            "deadline_s": 10,
        }
        options = usual | options
        if sync:
            with make_sync_client(url, **options) as client:
                return [_outcome(client, step) for step in steps]

        async def in_loop() -> list[Any]:
            async with make_client(url, **options) as client:
                return [await _async_outcome(client, step) for step in steps]

        return run(in_loop)

    return go


def _outcome(client: Any, step: Call) -> Any:
    try:
        return step(client)
    except Exception as error:
        return error


async def _async_outcome(client: Any, step: Call) -> Any:
    try:
        return await step(client)
    except Exception as error:
        return error


def increment(client: Any) -> Any:
    """INCR itself, which redis-py's own method sends as INCRBY."""
    return client.execute_command("INCR", "session:1")


def names(exporter: InMemorySpanExporter) -> list[tuple[str, object]]:
    return [(span.name, (span.attributes or {}).get("error")) for span in exporter.get_finished_spans()]


@contextmanager
def server_that(answers: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """Run a TCP server whose n-th connection (from 0) is handled by `answers`, then closed. Yield its Redis URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def serve() -> None:
            count = 0
            while not stopped.is_set():
                connection, _ = listener.accept()
                with connection:
                    if not stopped.is_set():
                        answers(connection, count)
                count += 1

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield f"redis://127.0.0.1:{port}/0?protocol=2"
        finally:
            stopped.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join(10)


def commands_of(connection: socket.socket) -> Iterator[list[bytes]]:
    """Yield the commands that arrive, one by one, until the connection ends."""
    with connection.makefile("rb") as stream:
        while head := stream.readline():
            words = []
            for _ in range(int(head[1:])):
                length = int(stream.readline()[1:])
                words.append(stream.read(length + 2)[:-2])
            yield words


@pytest.mark.parametrize("decode", [False, True])
def test_a_client_answers_and_is_traced(
    call: Any, empty_redis: RedisServer, exporter: InMemorySpanExporter, decode: bool
) -> None:
    results = call(
        empty_redis.url,
        lambda c: c.set("session:1", "v"),
        lambda c: c.get("session:1"),
        lambda c: c.pipeline().set("session:1", "w").get("session:1").execute(),
        lambda c: c.transaction(_double),
        pool_name="sessions",
        decode_responses=decode,
    )
    text = (lambda word: word) if decode else str.encode
    assert results == [True, text("v"), [True, text("w")], [text("w")]]
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["redis.set", "redis.get", "redis.pipeline", "redis.pipeline"]
    assert {(span.attributes or {})["connection_pool"] for span in spans} == {"sessions"}


def _double(pipe: Any) -> None:
    pipe.get("session:1")


def test_a_client_speaks_over_a_unix_socket(call: Any, empty_redis: RedisServer) -> None:
    assert call(f"unix://{empty_redis.path}", lambda c: c.ping(), lambda c: c.get("x")) == [True, None]


def test_a_refused_connection_is_tried_again_for_a_read_only(call: Any, exporter: InMemorySpanExporter) -> None:
    results = call(f"redis://127.0.0.1:{free_port()}", lambda c: c.get("session:1"), increment)
    assert [type(error) for error in results] == [redis.ConnectionError] * 2
    assert names(exporter) == [("redis.get", "ConnectionError")] * 2 + [("redis.incr", "ConnectionError")]


def _stop(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


def _go_on(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGCONT)


@pytest.fixture
def stalled(tmp_path: Path) -> Iterator[RedisServer]:
    """Stop a server from answering while its socket still accepts connections."""
    with running_redis(tmp_path) as server:
        _stop(server)
        try:
            yield server
        finally:
            _go_on(server)


@pytest.mark.fault("R1")
def test_r1_a_stalled_server_ends_each_call_at_the_deadline(
    call: Any, stalled: RedisServer, exporter: InMemorySpanExporter
) -> None:
    results = call(
        stalled.url,
        lambda c: c.get("session:1"),
        lambda c: c.pipeline().get("session:1").execute(),
        lambda c: c.pipeline().watch("session:1"),
        deadline_s=0.2,
    )
    assert [type(error) for error in results] == [DeadlineExceeded] * 3
    assert names(exporter) == [(f"redis.{name}", "DeadlineExceeded") for name in ("get", "pipeline", "watch")]


def test_a_reply_that_drips_does_not_stretch_the_deadline(call: Any) -> None:
    over = threading.Event()

    def drip(connection: socket.socket, _: int) -> None:
        for words in commands_of(connection):
            if words[0] != b"GET":
                connection.sendall(b"+OK\r\n")
                continue
            connection.sendall(b"$1000000\r\n")
            with suppress(OSError):  # the client hangs up
                while not over.wait(0.05):
                    connection.sendall(b"x")
            return

    with server_that(drip) as url:
        (error,) = call(url, lambda c: c.get("session:1"), deadline_s=0.5)
        over.set()
    assert isinstance(error, DeadlineExceeded)


@pytest.mark.fault("R5")
def test_r5_a_command_whose_reply_was_lost_is_never_sent_twice(call: Any, exporter: InMemorySpanExporter) -> None:
    seen: list[bytes] = []

    def lose_the_reply(connection: socket.socket, _: int) -> None:
        for words in commands_of(connection):
            if words[0] in (b"INCR", b"GET"):
                seen.append(words[0])
                return
            connection.sendall(b"+OK\r\n")

    with server_that(lose_the_reply) as url:
        results = call(url, increment, lambda c: c.get("session:1"))
    assert [type(error) for error in results] == [redis.ConnectionError] * 2
    assert seen == [b"INCR", b"GET", b"GET"]
    assert [name for name, _ in names(exporter)] == ["redis.incr", "redis.get", "redis.get"]


def test_a_read_that_failed_once_is_answered_by_the_second_attempt(call: Any, exporter: InMemorySpanExporter) -> None:
    lost = threading.Event()

    def lose_the_first(connection: socket.socket, _: int) -> None:
        for words in commands_of(connection):
            if words[0] == b"GET" and not lost.is_set():
                lost.set()
                return
            connection.sendall(b"$1\r\nv\r\n" if words[0] == b"GET" else b"+OK\r\n")

    with server_that(lose_the_first) as url:
        assert call(url, lambda c: c.get("session:1")) == [b"v"]
    assert names(exporter) == [("redis.get", "ConnectionError"), ("redis.get", None)]


@pytest.mark.fault("R6")
def test_r6_an_exhausted_pool_is_not_an_outage(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    options: dict[str, Any] = {"max_connections": 1, "pool_wait_s": 0.05, "tracer": provider.get_tracer("test")}

    async def steps() -> None:
        async with make_client(empty_redis.url, **options) as client, client.pipeline() as holder:
            await holder.watch("session:1")
            with pytest.raises(PoolExhausted, match="all 1 connections"):
                await client.get("session:1")

    run(steps)
    with make_sync_client(empty_redis.url, **options) as client, client.pipeline() as holder:
        holder.watch("session:1")
        with pytest.raises(PoolExhausted, match="all 1 connections"):
            client.get("session:1")
    assert not issubclass(PoolExhausted, (redis.ConnectionError, OSError))
    assert names(exporter) == [("redis.watch", None), ("redis.get", "PoolExhausted")] * 2


def test_callers_wait_their_turn_for_few_connections(empty_redis: RedisServer, provider: TracerProvider) -> None:
    async def steps() -> list[Any]:
        client = make_client(empty_redis.url, max_connections=4, deadline_s=10, tracer=provider.get_tracer("test"))
        async with client:
            return await asyncio.gather(*[client.set(f"session:{i}", i) for i in range(300)])

    assert run(steps) == [True] * 300


def test_callers_that_give_up_waiting_leave_the_connections_to_the_others(empty_redis: RedisServer) -> None:
    async def steps() -> tuple[list[Any], PoolUse]:
        async with make_client(empty_redis.url, max_connections=2, deadline_s=10) as client:

            async def count() -> int:
                return int(await client.incr("session:1"))

            calls = [asyncio.create_task(count()) for _ in range(200)]
            for number, call in enumerate(calls):
                if number % 3 == 0:
                    await asyncio.sleep(0)
                    call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            return results, pool_use(client)

    results, use = run(steps)
    assert [type(result) for number, result in enumerate(results) if number % 3] == [int] * 133
    assert use == PoolUse(in_use=0, waiting=0, size=2)


def test_a_connection_that_was_marked_is_made_again_when_it_is_free(empty_redis: RedisServer) -> None:
    async def steps() -> tuple[Any, Any, PoolUse]:
        async with make_client(empty_redis.url, max_connections=1) as client:
            first = await client.client_id()
            async with client.pipeline() as holder:
                await holder.watch("session:1")
                await client.connection_pool.update_active_connections_for_reconnect()
            return first, await client.client_id(), pool_use(client)

    before, after, use = run(steps)
    assert before != after
    assert use == PoolUse(in_use=0, waiting=0, size=1)


def test_a_connection_that_the_server_closed_is_opened_again(empty_redis: RedisServer) -> None:
    async def steps() -> tuple[Any, PoolUse]:
        async with make_client(empty_redis.url, max_connections=1, retries=0) as client:
            with make_sync_client(empty_redis.url) as other:
                other.client_kill_filter(_id=await client.client_id())
            await asyncio.sleep(0.05)  # the client sees the end of the stream
            return await client.set("session:1", "v"), pool_use(client)

    assert run(steps) == (True, PoolUse(in_use=0, waiting=0, size=1))


def test_a_watching_pipeline_leaves_a_stalled_server_within_the_deadline(tmp_path: Path) -> None:
    async def steps(server: RedisServer) -> float:
        async with make_client(server.url, deadline_s=0.3) as client:
            pipeline = client.pipeline()
            await pipeline.watch("session:1")
            _stop(server)
            began = time.monotonic()
            with pytest.raises(DeadlineExceeded):
                await pipeline.reset()
            return time.monotonic() - began

    with running_redis(tmp_path) as server:
        try:
            assert run(lambda: steps(server), deadline_s=20) < 10
        finally:
            _go_on(server)


def test_a_call_that_ran_out_of_time_never_gives_its_reply_to_the_next(tmp_path: Path, call: Any) -> None:
    with running_redis(tmp_path) as server:
        with redis.Redis(port=server.port) as plain:
            plain.mset({"session:a": "a", "session:b": "b"})

        def stop_then_get(client: Any) -> Any:
            _stop(server)
            return client.get("session:a")

        def go_on_then_get(client: Any) -> Any:
            _go_on(server)
            return client.get("session:b")

        results = call(
            server.url, lambda c: c.get("session:a"), stop_then_get, go_on_then_get, deadline_s=2, max_connections=1
        )
    assert (results[0], type(results[1]), results[2]) == (b"a", DeadlineExceeded, b"b")


def test_a_connection_that_the_server_closed_is_replaced(call: Any, empty_redis: RedisServer) -> None:
    def kill_connections(client: Any) -> Any:
        with redis.Redis(port=empty_redis.port) as other:
            other.client_kill_filter(_type="normal", skipme=True)
            wait_until(lambda: len(other.client_list()) == 1)
        return client.get("session:1")

    assert call(empty_redis.url, increment, kill_connections, increment) == [1, b"1", 2]


def test_a_refused_password_is_not_tried_again(
    call: Any, empty_redis: RedisServer, exporter: InMemorySpanExporter
) -> None:
    url = empty_redis.url.replace("//", "//bob:hunter2@")
    (error,) = call(url, lambda c: c.get("session:1"))
    assert isinstance(error, redis.AuthenticationError)
    (span,) = exporter.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "WRONGPASS"
    assert "hunter2" not in span.to_json()


def test_a_timeout_before_the_deadline_stays_what_it_is(call: Any, empty_redis: RedisServer) -> None:
    def impatient(*_: Any, **__: Any) -> None:
        raise TimeoutError

    def with_callback(client: Any) -> Any:
        client.set_response_callback("GET", impatient)
        return client.get("session:1")

    results = call(empty_redis.url, with_callback, lambda c: c.blpop("session:1", 0), socket_timeout=0.05)
    assert [type(error) for error in results] == [TimeoutError, redis.TimeoutError]


def test_attempts_below_an_unsampled_parent_make_no_spans(call: Any, empty_redis: RedisServer) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("unsampled"):
        assert call(empty_redis.url, lambda c: c.ping(), tracer=provider.get_tracer("test")) == [True]
    assert exporter.get_finished_spans() == ()


def test_without_a_deadline_a_socket_keeps_its_own_timeout() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(5)
        bound = DeadlineSocket(near)
        far.sendall(b"abc")
        assert (bound.recv(1), bound.gettimeout()) == (b"a", 5)
        with thread_deadline(time.monotonic() + 3), thread_deadline(time.monotonic() + 60):
            assert bound.recv(1) == b"b"
            assert bound.gettimeout() < 3
        with thread_deadline(time.monotonic() - 1), pytest.raises(TimeoutError):
            bound.recv(1)
        bound.settimeout(None)
        assert (bound.recv(1), bound.gettimeout()) == (b"c", None)


@pytest.mark.parametrize("options", [{"deadline_s": 0}, {"deadline_s": float("nan")}, {"retries": -1}])
@pytest.mark.parametrize("make", [make_client, make_sync_client])
def test_a_policy_without_sense_is_refused(make: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="are accepted"):
        make("redis://127.0.0.1", **options)


def test_no_attempt_is_made_when_no_time_is_left() -> None:
    policy = Policy(retries=3, backoff_s=0)
    error = redis.ConnectionError()
    assert policy.pause_s(error, ("GET", "k"), 0, time.monotonic() + 5) == 0
    assert policy.pause_s(error, ("GET", "k"), 3, time.monotonic() + 5) is None
    assert policy.pause_s(error, ("GET", "k"), 0, time.monotonic() - 5) is None
    assert policy.pause_s(error, ("INCR", "k"), 0, time.monotonic() + 5) is None
    assert policy.pause_s(error, ("unknown", "k"), 0, time.monotonic() + 5) is None
    assert policy.pause_s(DeadlineExceeded(), ("GET", "k"), 0, time.monotonic() + 5) is None
