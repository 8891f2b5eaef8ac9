"""Further uses of the traced Redis clients: other servers and names, odd results, WATCH (S2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis
import redis.asyncio
import redis.backoff
import redis.retry
from opentelemetry import trace
from redis.client import NEVER_DECODE
from redis.exceptions import RedisError, WatchError

from contracts.exact_scenarios.helpers import TEMPLATES, assert_raises, run, send, traced_clients, tracer_of
from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.harness import DEADLINE_S, EMAIL, Action, Harness
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.redis_tracing.client import make_client, make_sync_client
from reference_impl.redis_tracing.commands import instrument, is_instrumented, tracing_of, uninstrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates


async def _vocabularies(harness: Harness) -> None:
    harness.untraced_redis.set("session:1", "text")
    for mode in ("simple", "semconv", "both"):
        for client in traced_clients(harness, mode=mode):
            with operation_span(tracer_of(harness), mode):
                await send(client, "GET", "session:1")
                await send(client, "HGET", "session:1", "a")


async def _servers(harness: Harness) -> None:
    """Servers by name, address and socket, by a connection class that chooses, and another database."""
    port = harness.untraced_redis.connection_pool.connection_kwargs["port"]

    class Found(redis.Connection):
        def __init__(self, **options: Any) -> None:
            below: Any = super()
            below.__init__(**options | {"host": "127.0.0.1", "port": port})

    with closed_port() as nobody, operation_span(tracer_of(harness), "servers"):
        for pool in (
            redis.ConnectionPool(host="localhost", port=port, db=3),
            redis.ConnectionPool(host="127.0.0.1", port=port, username=None, db=None),
            redis.ConnectionPool(host="::1", port=nobody),
            redis.ConnectionPool(host="127.0.0.1", port=nobody),
            redis.ConnectionPool(connection_class=Found),
            redis.ConnectionPool(connection_class=Found, host="127.0.0.1"),
            redis.ConnectionPool(connection_class=Found, host="name", port=str(port), db="5"),
            redis.ConnectionPool.from_url("unix:///nowhere/of/ours/redis.sock?db=2"),
        ):
            client = redis.Redis(connection_pool=pool)
            client.set_retry(redis.retry.Retry(redis.backoff.NoBackoff(), 0))
            with instrument(client, tracer=tracer_of(harness), keys=KeyTemplates("session:{id}")) as traced:
                await send(traced, "GET", "session:1")
            pool.disconnect()


async def _long_names(harness: Harness) -> None:
    for client in traced_clients(harness, pool_name="p" * 300):
        await send(client, "GET", "session:1")


async def _instrumenting(harness: Harness) -> None:
    """Twice is once, and afterwards is not at all; what is no client is refused."""
    tracer, url = tracer_of(harness), harness.settings.redis_url
    for client, module in (
        (redis.asyncio.Redis.from_url(url), "redis.asyncio.client"),
        (redis.Redis.from_url(url), "redis.client"),
    ):
        kind = type(client)
        assert (is_instrumented(client), tracing_of(client)) == (False, None)
        assert uninstrument(client) is client
        for pool_name in ("first", "second"):
            assert instrument(client, pool_name=pool_name, tracer=tracer) is client
        tracing = tracing_of(client)
        assert is_instrumented(client)
        assert tracing is not None
        assert (tracing.pool_name, tracing.faults, tracing.enabled) == ("first", 0, True)
        assert repr(tracing) == "<RedisTracing of pool first, on, 0 faults>"
        assert (type(client).__name__, type(client).__qualname__, type(client).__module__) == ("Redis", "Redis", module)
        assert type(client).__doc__ == kind.__doc__
        other = instrument(kind.from_url(url), tracer=tracer)
        harness.extra_clients += (client, other)
        assert type(other) is type(client)
        await send(client, "GET", "session:1")
        await send(other, "GET", "session:1")
        pipeline: Any = client.pipeline()
        assert type(pipeline).__name__ == "Pipeline"
        assert uninstrument(client) is client
        assert (type(client), is_instrumented(client), tracing.enabled) == (kind, False, False)
        assert repr(tracing) == "<RedisTracing of pool first, off, 0 faults>"
        await send(client, "GET", "session:1")
        pipeline.get("session:1")
        pipeline.execute() if isinstance(client, redis.Redis) else await pipeline.execute()
        what = "Pipeline cannot be traced: a redis.asyncio.Redis or redis.Redis is accepted"
        assert_raises(TypeError, what, instrument, client.pipeline())
    assert_raises(TypeError, "str cannot be traced: a redis.asyncio.Redis or redis.Redis is accepted", instrument, "r")
    modes = "mode 'all': one of simple, semconv, both is accepted"
    assert_raises(ValueError, modes, instrument, redis.Redis(), mode="all")
    nobody: Any = instrument(redis.Redis.from_url(url))  # without a global provider it makes no spans
    assert nobody.execute_command("EXISTS", "session:1") == 0
    nobody.close()


async def _of_a_class_of_its_own(harness: Harness) -> None:
    """A client of a subclass keeps its class, with its name, module and docstring."""
    for base in (redis.asyncio.Redis, redis.Redis):

        class Own(base):  # type: ignore[misc,valid-type]
            """A subclass."""

            def doubled(self) -> int:
                return 2

        for number in range(2):
            client: Any = Own.from_url(harness.settings.redis_url)
            harness.extra_clients.append(instrument(client, tracer=tracer_of(harness), pool_name=f"own-{number}"))
            kind = type(client)
            assert (kind.__name__, kind.__qualname__, kind.__module__) == (
                Own.__name__,
                Own.__qualname__,
                Own.__module__,
            )
            assert (kind.__doc__, kind.__bases__[1], client.doubled()) == ("A subclass.", Own, 2)
            await send(client, "GET", "session:1")
    assert (is_instrumented(object()), tracing_of(object())) == (False, None)


async def _options(harness: Harness) -> None:
    """Options of a command reach redis-py."""
    harness.untraced_redis.set("session:1", "text")
    for make in (make_client, make_sync_client):
        client: Any = make(
            harness.settings.redis_url, tracer=tracer_of(harness), decode_responses=True, deadline_s=DEADLINE_S
        )
        for traced in (client, instrument(_like(client), tracer=tracer_of(harness))):
            harness.extra_clients.append(traced)
            is_async = isinstance(traced, redis.asyncio.Redis)
            for on in (True, False):
                pipeline = traced.pipeline()
                calls = [traced.execute_command, pipeline.immediate_execute_command]
                with _traced(traced, on):
                    for call in calls:
                        result = call("GET", "session:1", **{NEVER_DECODE: True})
                        assert (await result if is_async else result) == b"text"
                    for plain in (traced.pipeline(False), traced.pipeline(transaction=False)):
                        assert not (plain.is_transaction if is_async else plain.transaction)
                    await pipeline.reset() if is_async else pipeline.reset()
                    failing = traced.pipeline(transaction=True)
                    failing.execute_command("HGET", "session:1", "a")
                    try:
                        await failing.execute() if is_async else failing.execute()
                    except redis.ResponseError:
                        continue
                    raise AssertionError("it raised nothing")


def _like(client: Any) -> Any:
    """Return a client of redis-py's own class on the same connections."""
    kind = redis.asyncio.Redis if isinstance(client, redis.asyncio.Redis) else redis.Redis
    return kind(connection_pool=client.connection_pool)


@contextmanager
def _traced(client: Any, is_on: bool) -> Iterator[None]:
    """Trace a client within a block."""
    tracing: Any = tracing_of(client)
    tracing.enabled = is_on
    yield
    tracing.enabled = True


async def _not_current(harness: Harness) -> None:
    """With `activate=False` a command's span is never a parent; otherwise it is until the command ends."""
    for activate in (True, False):
        clients = traced_clients(harness, activate=activate)
        with operation_span(tracer_of(harness), f"activate {activate}") as span:
            for client in clients:
                client.response_callbacks["PING"] = lambda *_, **__: tracer_of(harness).start_span("below").end()
                await send(client, "PING")
                assert trace.get_current_span() is span


async def _attempts(harness: Harness) -> None:
    """A command that reads is sent again after a failed connection, one that writes is not; each attempt is a span."""
    with closed_port() as nobody:
        url = f"redis://127.0.0.1:{nobody}/0"
        for make in (make_client, make_sync_client):
            client: Any = make(
                url, tracer=tracer_of(harness), keys=KeyTemplates(*TEMPLATES), deadline_s=DEADLINE_S, retries=2
            )
            harness.extra_clients.append(client)
            with operation_span(tracer_of(harness), "attempts"):
                await send(client, "GET", "session:1")
                await send(client, "SET", "session:1", "a")


async def _results(harness: Harness) -> None:
    """Results at the boundary between a hit and a miss, and pipelines that return failures."""
    harness.untraced_redis.mset({"session:1": "", "user:1": "0"})
    harness.untraced_redis.hset("user:2", "a", "")
    for client in traced_clients(harness):
        with operation_span(tracer_of(harness), "results"):
            for command in (
                ("GET", "session:1"), ("GET", "session:2"), ("MGET", "session:1", "user:1"), ("EXISTS", "session:1"),
                ("MGET", "session:1", "session:2"), ("HGET", "user:2", "a"), ("HGET", "user:2", "b"),
                ("HGETALL", "user:2"), ("HGETALL", "user:3"), ("GETDEL", "session:1"), ("HMGET", "user:2", "a", "b"),
                ("get", "user:1"), (b"GET", "user:1"),
            ):  # fmt: skip
                await send(client, *command)
            client.set_response_callback("GET", lambda *_, **__: _Undecided())
            await send(client, "GET", "user:1")
            for commands in (
                [("GET", "user:1"), ("HGET", "user:1", "a"), ("PLEASE", "user:1")], [("PLEASE", EMAIL)],
                [("GET", "user:1")], [("PING",), ("GET", "user:1"), ("GET", "user:2")], [("PING",)], [],
                [("GET", "user:1"), ("PING",), ("GET", "session:1")], [("DEL", "nothing"), ("GET", "user:1")],
            ):  # fmt: skip
                await run(client.pipeline(transaction=False), commands, raise_on_error=False)
            await run(client.pipeline(), [("GET", "user:1"), ("HGET", "user:1", "a")], raise_on_error=True)


class _Undecided:
    """A result whose truth value cannot be computed."""

    def __bool__(self) -> bool:
        raise ValueError

    def __eq__(self, other: object) -> bool:
        raise ValueError

    __hash__ = None  # type: ignore[assignment]


async def _watching(harness: Harness) -> None:
    """A transaction that WATCH discards, what a pipeline sends at once, and the scripts that it loads first."""
    for client in traced_clients(harness):
        is_async = isinstance(client, redis.asyncio.Redis)
        with operation_span(tracer_of(harness), "watching"):
            for changed in (True, False):
                pipeline: Any = client.pipeline()
                for step in (pipeline.watch, pipeline.get):
                    await step("session:1") if is_async else step("session:1")
                if changed:
                    harness.untraced_redis.set("session:1", "other")
                pipeline.multi()
                pipeline.set("session:1", "mine")
                with suppress(WatchError):
                    await pipeline.execute() if is_async else pipeline.execute()
                with suppress(RedisError):
                    result = pipeline.immediate_execute_command("HGET", "session:1", "a")
                    await result if is_async else None
                await pipeline.reset() if is_async else pipeline.reset()
            pipeline = client.pipeline()
            await pipeline.watch("session:1") if is_async else pipeline.watch("session:1")
            await pipeline.execute() if is_async else pipeline.execute()
            script: Any = client.register_script("return redis.call('GET', KEYS[1])")
            pipeline = client.pipeline()
            called = script(keys=["session:1"], client=pipeline)
            await called if is_async else None
            result = await pipeline.execute() if is_async else pipeline.execute()
            assert result == [b"mine"]
            result = await pipeline.execute() if is_async else pipeline.execute()
            assert result == []


async def _own_connection(harness: Harness) -> None:
    """A sync client with a connection of its own is traced alike."""
    _, client = traced_clients(harness)
    with client, client.client() as single:
        single.execute_command("GET", "session:1")


async def _waiting(harness: Harness) -> None:
    """The latency of a command that Redis answers late."""
    for client in traced_clients(harness):
        await send(client, "BLPOP", "session:1", 0.1)
    spans = harness.exporter.get_finished_spans()
    assert all((span.attributes or {})["latency_ms"] >= 90 for span in spans)  # type: ignore[operator]


ACTIONS: dict[str, Action] = {
    "client-vocabularies": _vocabularies,
    "client-servers": _servers,
    "client-long-names": _long_names,
    "client-instrumenting": _instrumenting,
    "client-own-class": _of_a_class_of_its_own,
    "client-options": _options,
    "client-not-current": _not_current,
    "client-attempts": _attempts,
    "client-results": _results,
    "client-watching": _watching,
    "client-own-connection": _own_connection,
    "client-waiting": _waiting,
}
"""By scenario."""
