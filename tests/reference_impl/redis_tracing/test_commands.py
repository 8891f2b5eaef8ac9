"""Every Redis command is one span with the attributes of docs/specification.md S2, async and sync alike."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import redis.asyncio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from redis.exceptions import ResponseError

from reference_impl.redis_tracing.commands import instrument, is_instrumented, tracing_of, uninstrument
from tests.reference_impl.redis_tracing.redis_driver import Driver, attributes, spans, the_span
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port

COMMON = {
    "db_type": "redis",
    "db.system.name": "redis",
    "connection_pool": "main",
    "db.namespace": "0",
    "server.address": "127.0.0.1",
    "network.peer.address": "127.0.0.1",
    "network.transport": "tcp",
}


@pytest.mark.parametrize(
    ("command", "name", "operation", "key"),
    [
        (("GET", "session:8f3a"), "redis.get", "GET", "session:*"),
        (("SET", "session:8f3a", "v"), "redis.set", "SET", "session:*"),
        (("HGET", "session:8f3a", "user"), "redis.hget", "HGET", "session:*"),
        (("HGETALL", "session:8f3a"), "redis.hgetall", "HGETALL", "session:*"),
        (("DEL", "session:1", "session:2"), "redis.delete", "DEL", "session:*"),
        (("DEL", "session:1", "user:1:sessions"), "redis.delete", "DEL", "[several]"),
        (("SCAN", 0), "redis.scan", "SCAN", "*"),
        (("SCAN", 0, "COUNT", 5, "MATCH", "session:*"), "redis.scan", "SCAN", "session:*"),
        (("SCAN", 0, b"match", b"user:7:*"), "redis.scan", "SCAN", "user:*:*"),
        (("EXPIRE", "session:8f3a", 60), "redis.expire", "EXPIRE", "session:*"),
        (("GET", b"session:\xff"), "redis.get", "GET", "session:*"),
        ((b"get", "session:1"), "redis.get", "GET", "session:*"),
        (("gEt", "secret"), "redis.get", "GET", "[unregistered]"),
        (("KEYS", "session:*"), "redis.keys", "KEYS", "session:*"),
        (("MSET", "session:1", "a", "session:2", "b"), "redis.mset", "MSET", "session:*"),
        (("MSETEX", 2, "session:1", "a", "session:2", "b", "EX", 9), "redis.msetex", "MSETEX", "session:*"),
        (("RENAME", "secret:1", "secret:2"), "redis.rename", "RENAME", "[unregistered]"),
        (("EVAL", "return 1", 1, "session:1", "arg"), "redis.eval", "EVAL", "session:*"),
        (("EVAL", "return 1", 0), "redis.eval", "EVAL", None),
        (("EVAL", "return 1", "many"), "redis.eval", "EVAL", None),
        (("PING",), "redis.ping", "PING", None),
        (("CONFIG GET", "maxmemory"), "redis.config", "CONFIG GET", None),
        (("config", "get", "maxmemory"), "redis.config", "CONFIG GET", None),
        (("CLIENT", "bob@example.com"), "redis.client", "CLIENT", None),
        (("OBJECT", "ENCODING", "session:1"), "redis.object", "OBJECT ENCODING", "session:*"),
        (("OBJECT ENCODING", "session:1"), "redis.object", "OBJECT ENCODING", "session:*"),
        (("XREAD", "COUNT", 1, "STREAMS", "session:1", "session:2", "0", "0"), "redis.xread", "XREAD", "session:*"),
        (("XREAD", "COUNT", 1), "redis.xread", "XREAD", None),
        (("ZUNIONSTORE", "session:1", 1, "secret:1"), "redis.zunionstore", "ZUNIONSTORE", "[several]"),
        (("PUBLISH", "secret-channel", "secret"), "redis.publish", "PUBLISH", None),
        (("BOB@EXAMPLE.COM", "x"), "redis.other", "OTHER", None),
        (("A" * 100_000,), "redis.other", "OTHER", None),
    ],
)
def test_a_command_is_one_client_span(
    driver: Driver, exporter: InMemorySpanExporter, command: tuple[object, ...], name: str, operation: str, key: str
) -> None:
    driver.send(command)
    span = the_span(exporter)
    found = attributes(span)
    assert (span.name, span.kind) == (name, SpanKind.CLIENT)
    assert found.pop("operation") == found.pop("db.operation.name") == operation
    assert found.pop("key", None) == key
    assert isinstance(latency := found.pop("latency_ms"), float)
    assert 0 < latency <= (span.end_time or 0) - (span.start_time or 0)
    assert found.pop("server.port") == found.pop("network.peer.port") == driver.port
    rest = {name for name in found if name not in COMMON}
    assert {name: found[name] for name in COMMON} == COMMON
    assert rest <= {"cache_hit", "cache_miss", "error", "error.type", "db.response.status_code"}


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize(
    ("command", "hit"),
    [
        (("GET", "session:there"), True),
        (("GET", "session:empty"), True),
        (("GET", "session:binary"), True),
        (("GET", "session:none"), False),
        (("GETEX", "session:none"), False),
        (("GETDEL", "session:there"), True),
        (("HGET", "session:hash", "f"), True),
        (("HGET", "session:hash", "g"), False),
        (("HGETALL", "session:hash"), True),
        (("HGETALL", "session:none"), False),
        (("MGET", "session:there", "session:empty"), True),
        (("MGET", "session:there", "session:none"), False),
        (("HMGET", "session:hash", "f", "g"), False),
        (("SET", "session:there", "x"), None),
        (("EXISTS", "session:there"), None),
        (("SCAN", "0"), None),
    ],
)
def test_reads_say_hit_or_miss_and_nothing_else_does(
    empty_redis: RedisServer,
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    sync: bool,
    decode: bool,
    command: tuple[object, ...],
    hit: bool | None,
) -> None:
    with redis.Redis(port=empty_redis.port) as plain:
        plain.mset({"session:there": "v", "session:empty": "", "session:binary": b"\xc3\x28"})
        plain.hset("session:hash", "f", "v")
    options = {"decode_responses": decode, "encoding_errors": "replace"}
    Driver(empty_redis.port, provider, sync=sync, **options).send(command)
    found = attributes(the_span(exporter))
    assert found.get("cache_hit") is hit
    assert found.get("cache_miss") is (None if hit is None else not hit)


@pytest.mark.parametrize(
    ("command", "code", "exception"),
    [
        (("HGET", "session:text", "f"), "WRONGTYPE", "redis.exceptions.ResponseError"),
        (("HGETALL", "session:text"), "WRONGTYPE", "redis.exceptions.ResponseError"),
        (("BOB@EXAMPLE.COM",), "ERR", "redis.exceptions.ResponseError"),
        (("GET",), "ERR", "redis.exceptions.ResponseError"),
        (("EVALSHA", "0" * 40, 0), "NOSCRIPT", "redis.exceptions.NoScriptError"),
        (("EVAL", "this is not Lua", 0), "ERR", "redis.exceptions.ResponseError"),
        (("EVAL", "return redis.error_reply('bob@example.com refused')", 0), None, "redis.exceptions.ResponseError"),
        (
            ("EVAL", "return redis.call('HGET', KEYS[1], 'f')", 1, "session:text"),
            "WRONGTYPE",
            "redis.exceptions.ResponseError",
        ),
    ],
)
def test_a_failed_command_is_an_error_that_says_its_type_only(
    driver: Driver, exporter: InMemorySpanExporter, command: tuple[object, ...], code: str | None, exception: str
) -> None:
    _, error = driver.send(("SET", "session:text", "v"), command)
    span = spans(exporter)[1]
    found = attributes(span)
    assert isinstance(error, ResponseError)
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == found["error"] == found["error.type"] == (code or "ResponseError")
    assert found.get("db.response.status_code") == code
    assert "cache_hit" not in found
    assert "cache_miss" not in found
    (event,) = span.events
    assert (event.name, dict(event.attributes or {})) == ("exception", {"exception.type": exception})


def test_a_refused_connection_is_an_error_and_the_original_exception(
    provider: TracerProvider, exporter: InMemorySpanExporter, sync: bool
) -> None:
    (error,) = Driver(free_port(), provider, sync=sync).send(("GET", "session:1"))
    assert isinstance(error, redis.ConnectionError)
    assert attributes(the_span(exporter))["error.type"] == "ConnectionError"


def test_a_timeout_is_an_error(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter, sync: bool
) -> None:
    (error,) = Driver(empty_redis.port, provider, sync=sync, socket_timeout=0.05).send(("BLPOP", "session:1", 5))
    assert isinstance(error, redis.TimeoutError)
    assert attributes(the_span(exporter))["error"] == "TimeoutError"


@pytest.mark.parametrize(
    ("mode", "there", "gone"),
    [
        (
            "simple",
            {"operation", "db_type", "error"},
            {
                "db.operation.name",
                "db.system.name",
                "error.type",
                "server.address",
                "server.port",
                "db.namespace",
                "network.transport",
                "db.response.status_code",
            },
        ),
        (
            "semconv",
            {"db.operation.name", "db.system.name", "error.type", "server.address", "db.response.status_code"},
            {"operation", "db_type", "error"},
        ),
        ("both", {"operation", "db.operation.name", "error", "error.type", "db_type", "db.system.name"}, set()),
    ],
)
def test_the_mode_chooses_the_names(
    empty_redis: RedisServer,
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    sync: bool,
    mode: str,
    there: set[str],
    gone: set[str],
) -> None:
    Driver(empty_redis.port, provider, sync=sync, mode=mode).send(("GET",))
    names = set(attributes(the_span(exporter)))
    assert names >= there | {"latency_ms", "connection_pool"}
    assert not names & gone


def test_instrumenting_twice_traces_once_and_uninstrumenting_stops_it(
    driver: Driver, exporter: InMemorySpanExporter
) -> None:
    kind = redis.Redis if driver.sync else redis.asyncio.Redis
    client = driver.make()
    before = tracing_of(client)
    assert instrument(client, pool_name="again") is client
    assert (is_instrumented(client), tracing_of(client)) == (True, before)
    assert repr(before) == "<RedisTracing of pool main, on, 0 faults>"
    assert isinstance(client, kind)
    assert uninstrument(uninstrument(client)) is client
    assert (type(client), is_instrumented(client), tracing_of(client)) == (kind, False, None)


def test_a_client_that_is_not_traced_any_more_makes_no_spans(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    with instrument(redis.Redis(port=empty_redis.port), tracer=provider.get_tracer("test")) as client:
        client.get("a")
        pipe = client.pipeline()
        uninstrument(client)
        client.get("a")
        pipe.get("a").execute()
        pipe.watch("a")
        pipe.reset()
        instrument(client, tracer=provider.get_tracer("test"))
        client.get("a")
    assert [attributes(span)["connection_pool"] for span in spans(exporter)] == ["default", "default"]


def test_other_clients_of_the_class_are_not_traced(driver: Driver, exporter: InMemorySpanExporter) -> None:
    driver.make()
    with redis.Redis(port=driver.port) as other:
        other.ping()
    assert spans(exporter) == []


def test_a_client_with_a_connection_of_its_own_is_traced_like_its_maker(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    client = Driver(empty_redis.port, provider, sync=True).make()
    with client, client.client() as other:
        other.ping()
    assert attributes(the_span(exporter))["connection_pool"] == "main"


def test_a_unix_socket_is_the_server_address(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter, sync: bool
) -> None:
    Driver(0, provider, sync=sync, unix_socket_path=empty_redis.path, db=3).send(("PING",))
    found = attributes(the_span(exporter))
    assert (found["server.address"], found["network.transport"], found["db.namespace"]) == (
        empty_redis.path,
        "unix",
        "3",
    )
    assert "server.port" not in found


@pytest.mark.parametrize("thing", [object(), None, "redis://"])
def test_only_redis_clients_can_be_instrumented(thing: Any) -> None:
    with pytest.raises(TypeError, match="cannot be traced"):
        instrument(thing)
    assert uninstrument(thing) is thing


def test_a_pipeline_and_a_wrong_mode_are_refused() -> None:
    with pytest.raises(TypeError, match="Pipeline cannot be traced"):
        instrument(redis.Redis().pipeline())
    with pytest.raises(ValueError, match="simple, semconv, both"):
        instrument(redis.Redis(), mode="loud")  # type: ignore[arg-type]
