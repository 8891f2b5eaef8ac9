"""Redis commands that are not sampled, that are measured, and whose tracing fails itself (S1.4, S2.3, S4.4)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, Span, SpanContext, TraceFlags, Tracer

from contracts.exact_scenarios.helpers import RecordedMeasures, run, send, traced_clients, tracer_of
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.instrumentation.measures import MeasuredTracer
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.redis_tracing.commands import tracing_of

_UNSAMPLED: Final = tuple(SpanContext(int("7" * 32, 16), int("7" * 16, 16), remote) for remote in (True, False))


@contextmanager
def _within(parent: SpanContext | None) -> Iterator[None]:
    """Run a block below the span of another library, or below none for None."""
    wanted = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else context.get_current()
    token = context.attach(wanted)
    try:
        yield
    finally:
        context.detach(token)


async def _measured(harness: Harness) -> None:
    """Measures get every command, even where no span is made."""
    harness.untraced_redis.set("user:1", "0")
    for below in (None, *_UNSAMPLED):
        recorded = RecordedMeasures()
        with _within(below):
            for client in traced_clients(harness, tracer=MeasuredTracer(tracer_of(harness), recorded)):
                await send(client, "GET", "session:1")
                await send(client, "GET", "user:1")
                await send(client, "HGET", "user:1", "a")
                await send(client, "SET", "session:2", "x")
                commands = [("GET", "user:1"), ("HGET", "user:1", "a")]
                await run(client.pipeline(), commands, raise_on_error=False)
        error, none, is_valid = redis.ResponseError, type(None), below is None
        assert recorded.commands == 2 * [
            ("plain", "GET", none, False, is_valid),
            ("plain", "GET", none, True, is_valid),
            ("plain", "HGET", error, None, is_valid),
            ("plain", "SET", none, None, is_valid),
            ("plain", "PIPELINE", error, None, is_valid),
        ]


async def _sampling(harness: Harness) -> None:
    """The sampler decides: below an unsampled parent there is a span only if the sampler makes one."""
    sampled = SpanContext(int("8" * 32, 16), int("8" * 16, 16), True, TraceFlags(TraceFlags.SAMPLED))
    samplers = (
        ParentBased(ALWAYS_ON), ParentBased(ALWAYS_OFF), ALWAYS_ON, ALWAYS_OFF, _Willing(ALWAYS_ON),
        ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON),
        ParentBased(ALWAYS_ON, local_parent_not_sampled=ALWAYS_ON),
    )  # fmt: skip
    tracers = [_Counted(_by(harness, f"sampler {number}", sampler)) for number, sampler in enumerate(samplers)]
    nothing: Any = NoOpTracer()
    nothing.start_span = _fail  # it must not be called
    for tracer in (*tracers, nothing):
        for parent in (None, *_UNSAMPLED, sampled):
            with _within(parent):
                for client in traced_clients(harness, tracer=tracer):
                    await send(client, "PING")
                    await run(client.pipeline(), [("PING",)], raise_on_error=True)
                    tracing = tracing_of(client)
                    assert tracing is not None
                    assert tracing.faults == 0
    # 4 for each parent, but where the sampler itself says that what is below an unsampled one is dropped.
    assert [tracer.requests for tracer in tracers] == [8, 8, 16, 8, 16, 16, 16]


class _Counted(Tracer):
    """A tracer that counts the spans that are requested from it."""

    def __init__(self, inner: Tracer) -> None:
        self._inner, self.sampler, self.requests = inner, getattr(inner, "sampler", None), 0

    def start_span(self, *args: Any, **options: Any) -> Span:
        self.requests += 1
        return self._inner.start_span(*args, **options)

    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError


class _Willing(ParentBased):
    """A sampler that samples everything."""

    def should_sample(self, *args: Any, **options: Any) -> Any:
        return ALWAYS_ON.should_sample(*args, **options)


def _by(harness: Harness, name: str, sampler: Any) -> Tracer:
    """Return a tracer of a provider with another sampler, whose spans go to the same exporter."""
    provider = TracerProvider(sampler=sampler, resource=harness.telemetry.provider.resource, shutdown_on_exit=False)
    provider._active_span_processor = harness.telemetry.provider._active_span_processor
    return provider.get_tracer(name)


class _Failing(Tracer):
    """Return a tracer that fails in one method, or whose spans do."""

    def __init__(self, inner: Tracer, what: str) -> None:
        self._inner, self._what = inner, what

    def start_span(self, *args: Any, **options: Any) -> Span:
        if self._what == "start_span":
            raise ValueError(EMAIL)
        span = self._inner.start_span(*args, **options)
        if self._what != "nothing":
            setattr(span, self._what, _fail)
        return span

    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError


def _fail(*_: Any, **__: Any) -> None:
    raise ValueError(EMAIL)


async def _faults(harness: Harness) -> None:
    """A fault of tracing itself is counted and logged once, and the command is sent all the same."""
    harness.untraced_redis.set("session:1", "text")
    counts: dict[str, list[int]] = {}
    for what in ("nothing", "start_span", "set_attributes", "add_event", "is_recording", "end"):
        for client in traced_clients(harness, tracer=_Failing(tracer_of(harness), what)):
            with operation_span(tracer_of(harness), what):
                await send(client, "GET", "session:1")
                await send(client, "HGET", "session:1", "a")
                await run(client.pipeline(), [("GET", "session:1")], raise_on_error=True)
                tracing = tracing_of(client)
                assert tracing is not None
                counts.setdefault(what, []).append(tracing.faults)
        for client in traced_clients(harness, tracer=_Failing(tracer_of(harness), what)):
            with operation_span(tracer_of(harness), f"{what} of a pipeline"):
                await run(client.pipeline(), [("GET", "session:1")], raise_on_error=True)
    gc.collect()  # a span that failed to end is never ended
    assert counts == {
        "nothing": [0, 0], "start_span": [3, 3], "set_attributes": [1, 1], "add_event": [1, 1], "is_recording": [3, 3],
        "end": [3, 3],
    }  # fmt: skip


ACTIONS: dict[str, Action] = {
    "client-measured": _measured,
    "client-sampling": _sampling,
    "client-faults": _faults,
}
"""By scenario."""
