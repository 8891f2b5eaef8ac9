"""Tracing never changes the caller's result, whatever fails, and spans have the right parents (S2.3, S5.4)."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import traceback
from typing import Any

import pytest
import redis
import redis.asyncio
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
)
from opentelemetry.trace import NonRecordingSpan, NoOpTracerProvider, SpanContext, StatusCode, TraceFlags

from reference_impl.redis_tracing.commands import instrument, tracing_of
from tests.reference_impl.redis_tracing.redis_driver import KEYS, async_client, sync_client
from tests.reference_impl.redis_tracing.redis_support import RedisServer, run


def provider_with(exporter: InMemorySpanExporter, sampler: Sampler | None = None) -> TracerProvider:
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


# --- The caller's exceptions ------------------------------------------------------------------------------------


@pytest.mark.fault("C1")
def test_c1_the_callers_exception_is_the_same_object_with_its_traceback(
    empty_redis: RedisServer, provider: TracerProvider
) -> None:
    raised = ValueError("bob@example.com")

    def callback(*_: Any, **__: Any) -> None:
        raise raised

    with sync_client(empty_redis, provider) as client:
        client.set_response_callback("GET", callback)
        with pytest.raises(ValueError, match="bob") as caught:
            client.get("session:1")
    assert caught.value is raised
    assert raised.__context__ is None
    assert [frame.name for frame in traceback.extract_tb(raised.__traceback__)][-1] == "callback"


@pytest.mark.fault("C3")
def test_c3_a_cancelled_call_is_marked_ended_and_leaves_no_context(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async def steps() -> None:
        async with async_client(empty_redis, provider) as client:
            before = context_api.get_current()
            task = asyncio.create_task(client.execute_command("BLPOP", "session:1", 30))
            watcher = redis.asyncio.Redis(port=empty_redis.port, socket_timeout=None)  # the machine may be busy
            async with watcher:
                while (await watcher.info("clients"))["blocked_clients"] == 0:
                    pass
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.execute_command("BLPOP", "session:1", 30)
            assert context_api.get_current() == before
            assert await client.get("session:1") is None

    run(steps)
    cancelled, timed_out, fine = exporter.get_finished_spans()
    for span in (cancelled, timed_out):
        assert span.status.status_code is StatusCode.ERROR
        assert (span.attributes or {})["error.type"] == "CancelledError"
        assert [dict(event.attributes or {}) for event in span.events] == [
            {"exception.type": "asyncio.exceptions.CancelledError"}
        ]
    assert fine.status.status_code is StatusCode.UNSET


def test_a_keyboard_interrupt_ends_the_span_too(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    def callback(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with sync_client(empty_redis, provider) as client:
        client.set_response_callback("GET", callback)
        with pytest.raises(KeyboardInterrupt):
            client.get("session:1")
    (span,) = exporter.get_finished_spans()
    assert (span.attributes or {})["error"] == "KeyboardInterrupt"
    assert trace.get_current_span() is trace.INVALID_SPAN


# --- Telemetry's own faults -------------------------------------------------------------------------------------


class _Faulty(SpanProcessor):
    """A processor that raises at the start or at the end of a span."""

    def __init__(self, where: str) -> None:
        self.where = where

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if self.where == "start":
            raise RuntimeError("bob@example.com")

    def on_end(self, span: ReadableSpan) -> None:
        if self.where == "end":
            raise RuntimeError("bob@example.com")


class _FaultySampler(Sampler):
    def should_sample(self, *_: Any, **__: Any) -> SamplingResult:
        raise RuntimeError("bob@example.com")

    def get_description(self) -> str:
        return "faulty"


class _FaultyTracer(trace.NoOpTracer):
    """A tracer whose spans raise in every method."""

    def start_span(self, *_: Any, **__: Any) -> trace.Span:
        class Refusing(NonRecordingSpan):
            def is_recording(self) -> bool:
                return True

            def set_attributes(self, attributes: Any) -> None:
                raise RuntimeError("bob@example.com")

            def end(self, end_time: int | None = None) -> None:
                raise RuntimeError("bob@example.com")

        return Refusing(trace.INVALID_SPAN_CONTEXT)


def _faulty_tracer(kind: str) -> trace.Tracer:
    if kind == "tracer":
        return _FaultyTracer()
    provider = TracerProvider(sampler=_FaultySampler() if kind == "sampler" else None, shutdown_on_exit=False)
    if kind != "sampler":
        provider.add_span_processor(_Faulty(kind))
    return provider.get_tracer("test")


@pytest.mark.parametrize("kind", ["start", "end", "sampler", "tracer"])
@pytest.mark.fault("C2")
def test_c2_a_fault_of_telemetry_is_counted_and_never_seen(
    empty_redis: RedisServer, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def steps() -> None:
        client = instrument(redis.asyncio.Redis(port=empty_redis.port), tracer=_faulty_tracer(kind))
        async with client:
            assert await client.set("session:1", "v") is True
            assert await client.get("session:1") == b"v"
            pipe: Any = client.pipeline()
            assert await pipe.get("session:1").execute() == [b"v"]
            with pytest.raises(redis.ResponseError):
                await client.hgetall("session:1")
        tracing = tracing_of(client)
        assert tracing is not None
        assert tracing.faults == (8 if kind == "tracer" else 4)
        assert trace.get_current_span() is trace.INVALID_SPAN

    with caplog.at_level(logging.WARNING):
        run(steps)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("reference_impl")]
    assert ours == ["tracing a Redis command failed (RuntimeError); later failures are only counted"]


def test_a_result_whose_truth_raises_says_neither_hit_nor_miss(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    class Odd:
        def __bool__(self) -> bool:
            raise RuntimeError("odd")

    with sync_client(empty_redis, provider) as client:
        client.set_response_callback("HGETALL", lambda *_, **__: Odd())
        assert isinstance(client.hgetall("session:1"), Odd)
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.UNSET
    assert not {"cache_hit", "cache_miss"} & set(span.attributes or {})


# --- Sampling and context ---------------------------------------------------------------------------------------


def _unsampled(*, remote: bool) -> Context:
    parent = SpanContext(0x1, 0x2, is_remote=remote, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    return trace.set_span_in_context(NonRecordingSpan(parent))


class _Inverting(ParentBased):
    """Like ParentBased, but with a will of its own."""

    def should_sample(self, *_: Any, **__: Any) -> SamplingResult:
        return SamplingResult(Decision.RECORD_AND_SAMPLE)


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize(
    ("sampler", "recorded"),
    [
        (ParentBased(ALWAYS_ON), 0),
        (ParentBased(ALWAYS_ON, local_parent_not_sampled=ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON), 2),
        (ALWAYS_ON, 2),
        (ALWAYS_OFF, 0),
        (_Inverting(ALWAYS_OFF), 2),
    ],
)
def test_below_an_unsampled_parent_the_sampler_decides(
    empty_redis: RedisServer, exporter: InMemorySpanExporter, sampler: Sampler, recorded: int, remote: bool
) -> None:
    with sync_client(empty_redis, provider_with(exporter, sampler)) as client:
        token = context_api.attach(_unsampled(remote=remote))
        try:
            client.get("session:1")
            client.pipeline().get("session:1").execute()
        finally:
            context_api.detach(token)
    assert len(exporter.get_finished_spans()) == recorded


class _Counting(trace.Tracer):
    """Makes the spans of another tracer, and counts them."""

    def __init__(self, tracer: Any) -> None:
        self.tracer, self.made = tracer, 0
        self.sampler = tracer.sampler

    def start_span(self, *args: Any, **options: Any) -> trace.Span:
        self.made += 1
        span: trace.Span = self.tracer.start_span(*args, **options)
        return span

    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("not asked for")


@pytest.mark.parametrize(("sampler", "made"), [(ParentBased(ALWAYS_ON), 1), (ALWAYS_OFF, 1), (ALWAYS_ON, 2)])
def test_no_span_is_made_that_is_dropped_for_certain(empty_redis: RedisServer, sampler: Sampler, made: int) -> None:
    tracer = _Counting(TracerProvider(sampler=sampler, shutdown_on_exit=False).get_tracer("test"))
    with instrument(redis.Redis(port=empty_redis.port), tracer=tracer) as client:
        client.get("session:1")  # a root: its decision is handed on, so that it needs a span
        token = context_api.attach(_unsampled(remote=False))
        client.get("session:1")
        context_api.detach(token)
    assert tracer.made == made


def test_a_tracer_that_makes_no_spans_is_not_asked_for_any(
    empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace.NoOpTracer, "start_span", lambda *_, **__: pytest.fail("asked for a span"))
    with sync_client(empty_redis, NoOpTracerProvider()) as client:
        client.get("session:1")
        client.pipeline().get("session:1").execute()
        tracing = tracing_of(client)
    assert tracing is not None
    assert tracing.faults == 0


def test_a_pool_of_a_long_name_keeps_to_the_limits_of_the_sdk(
    empty_redis: RedisServer, exporter: InMemorySpanExporter
) -> None:
    provider = TracerProvider(span_limits=SpanLimits(max_attribute_length=300), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    client = redis.Redis(port=empty_redis.port)
    with instrument(client, tracer=provider.get_tracer("test"), pool_name="p" * 1000):
        client.get("session:1")
    (span,) = exporter.get_finished_spans()
    assert (span.attributes or {})["connection_pool"] == "p" * 300


def test_an_unsampled_root_hands_its_decision_to_what_it_calls(
    empty_redis: RedisServer, exporter: InMemorySpanExporter
) -> None:
    tracer = provider_with(exporter).get_tracer("other")
    with sync_client(empty_redis, provider_with(exporter, ParentBased(ALWAYS_OFF))) as client:
        client.set_response_callback("GET", lambda *_, **__: tracer.start_span("within").end())
        client.get("session:1")
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("activate", [True, False])
def test_the_span_is_current_during_the_call_unless_switched_off(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter, activate: bool
) -> None:
    tracer = provider.get_tracer("test")
    seen: list[trace.Span] = []
    with instrument(redis.Redis(port=empty_redis.port), tracer=tracer, activate=activate) as client:
        client.set_response_callback("GET", lambda *_, **__: seen.append(trace.get_current_span()))
        with tracer.start_as_current_span("parent") as parent:
            client.get("session:1")
            assert trace.get_current_span() is parent
    span, _ = exporter.get_finished_spans()
    assert span.parent == parent.get_span_context()
    current = span.get_span_context() if activate else parent.get_span_context()
    assert [one.get_span_context() for one in seen] == [current]


@pytest.mark.fault("C5")
def test_c5_commands_of_many_tasks_and_threads_keep_their_parents(
    empty_redis: RedisServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    tracer = provider.get_tracer("test")

    async def one(client: redis.asyncio.Redis, number: int) -> None:
        with tracer.start_as_current_span(f"task {number}"):
            await client.set(f"session:{number}", number)
            await client.get(f"session:{number}")

    async def steps() -> None:
        pool = redis.asyncio.BlockingConnectionPool(port=empty_redis.port, max_connections=10)
        client = instrument(redis.asyncio.Redis(connection_pool=pool), tracer=tracer, keys=KEYS)
        await asyncio.gather(*[one(client, number) for number in range(200)])
        await pool.disconnect()

    def in_thread(client: redis.Redis, number: int) -> None:
        with tracer.start_as_current_span(f"thread {number}"):
            client.set(f"session:{number}", number)
            client.get(f"session:{number}")

    run(steps)
    with sync_client(empty_redis, provider) as client:
        threads = [threading.Thread(target=in_thread, args=(client, number)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    spans = exporter.get_finished_spans()
    parents = {span.context.span_id: span.name for span in spans if span.parent is None and span.context}
    children = sorted((parents[span.parent.span_id], span.name) for span in spans if span.parent)
    assert len(parents) == 220
    assert children == sorted((name, child) for name in parents.values() for child in ("redis.get", "redis.set"))


def test_a_disabled_sdk_costs_nothing_but_the_call(empty_redis: RedisServer) -> None:
    with sync_client(empty_redis, NoOpTracerProvider()) as client:
        assert client.set("session:1", "v") is True
        assert client.pipeline().get("session:1").execute() == [b"v"]
        tracing = tracing_of(client)
    assert tracing is not None
    assert tracing.faults == 0
    assert KEYS.unregistered == 0


def test_the_global_provider_is_used_as_soon_as_it_is_set(empty_redis: RedisServer) -> None:
    program = f"""
import redis
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from reference_impl.redis_tracing.commands import instrument
client = instrument(redis.Redis(port={empty_redis.port}))
client.ping()
exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
client.ping()
print([span.name for span in exporter.get_finished_spans()])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['redis.ping']"


def test_a_dropped_traced_client_or_pipeline_is_freed_at_once(
    empty_redis: RedisServer, provider: TracerProvider
) -> None:
    gc.collect()
    gc.disable()
    try:
        with sync_client(empty_redis, provider, max_connections=1) as client:
            client.pipeline().watch("session:1")  # never reset: its connection comes back when it is freed
            assert client.get("session:1") is None
    finally:
        gc.enable()
