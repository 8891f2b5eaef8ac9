"""Nothing that is secret reaches a span: not from keys, values, scripts, or the texts of errors (S2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
import redis
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from reference_impl.instrumentation.errors import error_type, exception_type, redis_code
from tests.reference_impl.redis_tracing.redis_driver import async_client, sync_client
from tests.reference_impl.redis_tracing.redis_support import RedisServer, run

CANARIES = ("bob@example.com", "hunter2", "4111111111111111", "s3cr3t-token")


def _everything(spans: Sequence[ReadableSpan]) -> str:
    return "\n".join(span.to_json() + repr(span.status) + repr(span.context) for span in spans)


def _leaky_commands(canary: str) -> list[tuple[object, ...]]:
    raw = canary.encode()
    return [
        ("GET", canary),
        ("SET", f"session:{canary}", canary),
        ("SET", raw, raw),
        (canary, canary),
        (f"GET {canary}",),
        ("HSET", f"x:{canary}", canary, canary),
        ("HGET", f"session:{canary}", canary),
        ("CONFIG", canary),
        ("EVAL", f"return redis.error_reply('{canary}')", 0),
        ("EVAL", f"return {canary}", 0, canary),
        ("EVAL", "return redis.error_reply(KEYS[1])", 1, canary),
        ("AUTH", canary, canary),
        ("CLIENT SETNAME", canary),
        ("SCAN", 0, "MATCH", f"*{canary}*"),
        ("KEYS", f"{canary}*"),
        ("PUBLISH", canary, canary),
        ("ECHO", canary),
        ("XREAD", "STREAMS", canary, canary),
        ("MSET", canary, canary),
        ("DEL", canary, "session:1"),
        (raw,),
        ("SELECT", canary),
        ("OBJECT", canary, canary),
        ("ZUNIONSTORE", canary, canary, canary),
        ("LPUSH", canary),
    ]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.fault("S2")
def test_s2_no_canary_reaches_any_field_of_any_span(
    empty_redis: RedisServer,
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    canary: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    commands = _leaky_commands(canary)

    class NamedAfterASecret(Exception):
        pass

    NamedAfterASecret.__name__ = NamedAfterASecret.__module__ = f"named {canary}"

    def callback(*_: Any, **__: Any) -> None:
        raise NamedAfterASecret(canary)

    async def steps() -> None:
        async with async_client(empty_redis, provider) as client:
            for command in commands:
                with suppress(redis.RedisError):
                    await client.execute_command(*command)
                for transaction in (False, True):
                    with suppress(redis.RedisError):
                        await client.pipeline(transaction=transaction).execute_command(*command).execute()

    run(steps)
    with sync_client(empty_redis, provider) as client:
        client.set_response_callback("GET", callback)
        with pytest.raises(NamedAfterASecret):
            client.get(canary)
    spans = exporter.get_finished_spans()
    assert len(spans) == 3 * len(commands) + 1
    assert sum(span.status.status_code is StatusCode.ERROR for span in spans) > len(commands)
    leaks = [span.name for span in spans if canary in _everything([span])]
    assert leaks == []
    assert canary not in caplog.text


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (redis.ResponseError("WRONGTYPE Operation"), "WRONGTYPE", "WRONGTYPE"),
        (redis.ResponseError("bob@example.com refused"), None, "ResponseError"),
        (redis.ResponseError(), None, "ResponseError"),
        (redis.ResponseError(b"WRONGTYPE"), None, "ResponseError"),
        (redis.ResponseError("x", status_code="NOPERM"), "NOPERM", "NOPERM"),
        (redis.ResponseError("x", status_code="BOB"), None, "ResponseError"),
        (
            redis.ResponseError("Command # 1 (GET k) of pipeline caused error: ('WRONGTYPE no',)"),
            "WRONGTYPE",
            "WRONGTYPE",
        ),
        (redis.ConnectionError("ERR is not from the server"), None, "ConnectionError"),
        (ValueError("WRONGTYPE"), None, "ValueError"),
    ],
)
def test_of_an_error_only_its_type_and_known_codes_are_said(error: Exception, code: str | None, kind: str) -> None:
    assert (redis_code(error), error_type(error)) == (code, kind)


def test_the_type_of_an_exception_names_its_module_unless_built_in() -> None:
    assert exception_type(KeyError()) == "KeyError"
    assert exception_type(redis.WatchError()) == "redis.exceptions.WatchError"
    assert exception_type(type("Odd", (Exception,), {"__module__": "a b"})()) == "Odd"
    assert exception_type(type("bob@example.com", (Exception,), {"__module__": "a.b"})()) == "a.b.Exception"
