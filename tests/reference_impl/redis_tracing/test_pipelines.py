"""A pipeline is one span; a command that it sends immediately has its own span (S2.1)."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import redis.asyncio
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from redis.exceptions import NoScriptError, ResponseError

from tests.reference_impl.redis_tracing.redis_driver import Driver, attributes, spans, the_span
from tests.reference_impl.redis_tracing.redis_support import run


@pytest.mark.parametrize("transaction", [False, True])
def test_a_pipeline_is_one_span(driver: Driver, exporter: InMemorySpanExporter, transaction: bool) -> None:
    results = driver.pipeline(("SET", "session:1", "a"), ("GET", "session:1"), ("PING",), transaction=transaction)
    span = the_span(exporter)
    found = attributes(span)
    assert results[:2] == [True, b"a"]
    assert (span.name, span.kind) == ("redis.pipeline", SpanKind.CLIENT)
    assert found["operation"] == found["db.operation.name"] == "PIPELINE"
    assert (found["db.operation.batch.size"], found["key"]) == (3, "session:*")
    assert "cache_hit" not in found


def test_a_pipeline_with_different_keys_shows_several(driver: Driver, exporter: InMemorySpanExporter) -> None:
    driver.pipeline(("DEL", "session:1"), ("DEL", "user:1:sessions"))
    assert attributes(the_span(exporter))["key"] == "[several]"


def test_a_pipeline_of_5000_commands_has_a_short_span(driver: Driver, exporter: InMemorySpanExporter) -> None:
    driver.pipeline(*[("SET", f"session:{i}", "v") for i in range(5000)], transaction=False)
    span = the_span(exporter)
    assert attributes(span)["db.operation.batch.size"] == 5000
    assert len(span.to_json()) < 3000


def test_an_empty_pipeline_sends_nothing_and_makes_no_span(driver: Driver, exporter: InMemorySpanExporter) -> None:
    assert driver.pipeline() == []
    assert spans(exporter) == []


@pytest.mark.parametrize("transaction", [False, True])
@pytest.mark.parametrize("raises", [False, True])
def test_a_failing_command_fails_its_pipeline(
    driver: Driver, exporter: InMemorySpanExporter, transaction: bool, raises: bool
) -> None:
    result = driver.pipeline(
        ("SET", "session:1", "bob@example.com caused error: ERR"),
        ("HGETALL", "session:1"),
        transaction=transaction,
        raise_on_error=raises,
    )
    assert isinstance(result if raises else result[1], ResponseError)
    span = the_span(exporter)
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"] == "WRONGTYPE"
    assert [event.name for event in span.events] == ["exception"]


def test_watch_and_what_follows_at_once_are_spans_of_their_own(driver: Driver, exporter: InMemorySpanExporter) -> None:
    def queued(pipe: Any) -> Any:
        pipe.multi()
        pipe.set("session:1", "v")
        return pipe.execute()

    if driver.sync:
        with driver.make() as client, client.pipeline() as pipe:
            pipe.watch("session:1")
            pipe.get("session:1")
            queued(pipe)
    else:

        async def steps() -> None:
            async with driver.make() as client, client.pipeline() as pipe:
                await pipe.watch("session:1")
                await pipe.get("session:1")
                await queued(pipe)

        run(steps)
    assert [span.name for span in spans(exporter)] == ["redis.watch", "redis.get", "redis.pipeline"]
    assert attributes(spans(exporter)[1])["cache_miss"] is True
    assert attributes(spans(exporter)[2])["db.operation.batch.size"] == 1


def test_a_transaction_whose_watched_key_changed_is_an_error(driver: Driver, exporter: InMemorySpanExporter) -> None:
    def spoil() -> None:
        with redis.Redis(port=driver.port) as other:
            other.set("session:1", "theirs")

    if driver.sync:
        with driver.make() as client, client.pipeline() as pipe:
            pipe.watch("session:1")
            spoil()
            pipe.multi()
            pipe.get("session:1")
            with pytest.raises(redis.WatchError):
                pipe.execute()
    else:

        async def steps() -> None:
            async with driver.make() as client, client.pipeline() as pipe:
                await pipe.watch("session:1")
                spoil()
                pipe.multi()
                pipe.get("session:1")
                with pytest.raises(redis.WatchError):
                    await pipe.execute()

        run(steps)
    assert attributes(spans(exporter)[-1])["error.type"] == "WatchError"


def test_scripts_that_a_pipeline_loads_are_part_of_its_span(driver: Driver, exporter: InMemorySpanExporter) -> None:
    if driver.sync:
        with driver.make() as client, client.pipeline() as pipe:
            client.register_script("return 'a'")(keys=["session:1"], client=pipe)
            assert pipe.execute() == [b"a"]
    else:

        async def steps() -> None:
            async with driver.make() as client, client.pipeline() as pipe:
                await client.register_script("return 'b'")(keys=["session:1"], client=pipe)
                assert await pipe.execute() == [b"b"]

        run(steps)
    assert the_span(exporter).name == "redis.pipeline"


def test_a_script_not_yet_loaded_shows_each_command_that_was_sent(
    driver: Driver, exporter: InMemorySpanExporter
) -> None:
    text = f"return '{driver.sync}'"
    if driver.sync:
        with driver.make() as client:
            client.register_script(text)(keys=["session:1"])
    else:

        async def steps() -> None:
            async with driver.make() as client:
                await client.register_script(text)(keys=["session:1"])

        run(steps)
    assert [span.name for span in spans(exporter)] == ["redis.evalsha", "redis.script", "redis.evalsha"]
    assert attributes(spans(exporter)[0])["error.type"] == "NOSCRIPT"
    assert isinstance(NoScriptError(), ResponseError)
