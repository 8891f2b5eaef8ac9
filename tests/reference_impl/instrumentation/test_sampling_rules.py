"""An operation whose span would be dropped starts none, and only where the sampler certainly drops it (S1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.util.types import Attributes

from reference_impl.instrumentation.measures import MeasuredTracer
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.instrumentation.sampling_rules import SamplingRules, sampling_rules
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.settings import Settings

UNSAMPLED = SpanContext(7 << 64, 7, True, TraceFlags(TraceFlags.DEFAULT))
SAMPLED = SpanContext(8 << 64, 8, True, TraceFlags(TraceFlags.SAMPLED))
EXACT = SamplingRules("below unsampled", reads_attributes=False)
NO_ROOT = SamplingRules("below unsampled", reads_attributes=True)


class Reading(Sampler):
    """A sampler that keeps what is asked for by an attribute."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        wanted = bool((attributes or {}).get("wanted"))
        return SamplingResult(Decision.RECORD_AND_SAMPLE if wanted else Decision.DROP, attributes)

    def get_description(self) -> str:
        return "Reading"


class RecordOnly(Reading):
    """A sampler that has spans recorded and not sampled."""

    def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
        return SamplingResult(Decision.RECORD_ONLY)


class Willing(ParentBased):
    """A subclass with a mind of its own."""

    def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
        return SamplingResult(Decision.RECORD_AND_SAMPLE, args[4])  # the span's attributes


@dataclass
class Unhashable(ParentBased):
    def __init__(self) -> None:
        super().__init__(ALWAYS_ON)


SAMPLERS: dict[str, tuple[Sampler, SamplingRules]] = {
    "parent based": (ParentBased(ALWAYS_ON), EXACT),
    "parent based, ratio": (ParentBased(TraceIdRatioBased(0.5)), EXACT),
    "the SDK's default ratio": (ParentBasedTraceIdRatio(0.5), EXACT),
    "parent based, root by attributes": (ParentBased(Reading()), NO_ROOT),
    "parent based, sampled parents by attributes": (ParentBased(ALWAYS_ON, local_parent_sampled=Reading()), NO_ROOT),
    "remote parents are kept": (ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON), SamplingRules()),
    "local parents are kept": (ParentBased(ALWAYS_ON, local_parent_not_sampled=ALWAYS_ON), SamplingRules()),
    "always off": (ALWAYS_OFF, EXACT),
    "always on": (ALWAYS_ON, SamplingRules("never", reads_attributes=False)),
    "a subclass": (Willing(ALWAYS_ON), SamplingRules()),
    "a subclass without a hash": (Unhashable(), SamplingRules()),
    "another class": (Reading(), SamplingRules()),
}


class CountedIds(RandomIdGenerator):
    """Counts the ids of spans: one for each span that the SDK starts, also for a dropped one."""

    def __init__(self) -> None:
        self.spans = 0

    def generate_span_id(self) -> int:
        self.spans += 1
        return super().generate_span_id()


def below(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent), Context())


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_rules_are_those_of_the_sampler(name: str) -> None:
    sampler, rules = SAMPLERS[name]
    tracer = TracerProvider(sampler=sampler, shutdown_on_exit=False).get_tracer("test")
    assert sampling_rules(tracer) == rules
    assert sampling_rules(MeasuredTracer(tracer, ServiceMetrics(Settings.load({})))) == rules


def test_a_tracer_without_spans_or_without_a_sampler_is_known_for_what_it_is() -> None:
    assert sampling_rules(NoOpTracer()) == SamplingRules("always", reads_attributes=False)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_span_is_started_unless_it_is_dropped_for_certain(name: str, exporter: InMemorySpanExporter) -> None:
    sampler, rules = SAMPLERS[name]
    ids = CountedIds()
    provider = TracerProvider(sampler=sampler, id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for parent in (UNSAMPLED, SAMPLED):
        with operation_span(tracer, "work", attributes={"wanted": True}, context=below(parent)) as span:
            inside = get_current_span().get_span_context()
            assert inside is span.get_span_context()
            assert inside.trace_id == parent.trace_id
            if parent is UNSAMPLED and rules.drops == "below unsampled":
                assert inside == UNSAMPLED
                assert not span.is_recording()
    assert ids.spans == (1 if rules.drops == "below unsampled" else 2)
    for ended in exporter.get_finished_spans():
        assert dict(ended.attributes or {}) == {"wanted": True}


def test_below_a_span_that_is_dropped_its_parent_stays_current_and_is_current_afterwards() -> None:
    tracer = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False).get_tracer("test")
    before = get_current()
    with operation_span(tracer, "GET /session", kind=SpanKind.SERVER) as server:
        outside = get_current()
        for raised in (None, ValueError()):
            with suppress(ValueError), operation_span(tracer, "work", attributes={"a": 1}) as work:
                assert work is server
                assert get_current() is outside
                if raised:
                    raise raised
            assert get_current() is outside
    assert get_current() is before


def test_a_parent_that_records_without_being_sampled_is_not_changed_by_a_span_below_it() -> None:
    recording = ParentBased(RecordOnly())
    tracer = TracerProvider(sampler=recording, shutdown_on_exit=False).get_tracer("test")
    with operation_span(tracer, "outer") as outer, operation_span(tracer, "inner", attributes={"a": 1}) as inner:
        assert inner is not outer
        assert not inner.is_recording()
    assert isinstance(outer, ReadableSpan)
    assert outer.name == "outer"
    assert not outer.attributes


def test_a_server_has_a_span_id_of_its_own_below_an_unsampled_caller() -> None:
    tracer = TracerProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False).get_tracer("test")
    with operation_span(tracer, "GET /session", kind=SpanKind.SERVER, context=below(UNSAMPLED)) as span:
        context = span.get_span_context()
    assert (context.trace_id, context.trace_flags) == (UNSAMPLED.trace_id, UNSAMPLED.trace_flags)
    assert context.span_id != UNSAMPLED.span_id


def test_a_sampler_that_reads_attributes_gets_them(exporter: InMemorySpanExporter) -> None:
    provider = TracerProvider(sampler=ParentBased(Reading()), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for wanted in (True, False):
        with operation_span(provider.get_tracer("test"), "work", attributes={"wanted": wanted}):
            pass
    (kept,) = exporter.get_finished_spans()
    assert dict(kept.attributes or {}) == {"wanted": True}


@pytest.mark.parametrize("value", ["x" * 100_000, ["a", "b"], {"deep": 1}, b"bytes", None])
def test_attributes_that_need_the_checks_of_the_sdk_get_them(exporter: InMemorySpanExporter, value: Any) -> None:
    seen = []
    for sampler in (ParentBased(ALWAYS_ON), ParentBased(Reading())):
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        with operation_span(provider.get_tracer("test"), "work", attributes={"value": value, "wanted": True}):
            pass
        seen.append(dict(exporter.get_finished_spans()[-1].attributes or {}))
    assert seen[0] == seen[1]
