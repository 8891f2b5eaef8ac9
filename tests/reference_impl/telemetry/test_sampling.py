"""The sampler is the one that the settings name (S1.4)."""

from __future__ import annotations

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from reference_impl.telemetry import configure_tracing
from reference_impl.telemetry.provider import make_sampler
from tests.reference_impl.telemetry.telemetry_support import Collecting, settings_for


def test_sampling_is_parent_based_and_by_the_rate() -> None:
    never = configure_tracing(settings_for(sampling_rate=0.0), exporter=Collecting())
    tracer = never.tracer("tests")
    assert not tracer.start_span("root").is_recording()
    sampled = NonRecordingSpan(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1)))
    assert tracer.start_span("child", set_span_in_context(sampled)).is_recording()
    never.shutdown(5)


def test_an_argument_disables_tracing_too() -> None:
    telemetry = configure_tracing(settings_for(sdk_disabled=True), exporter=Collecting())
    assert not telemetry.tracer("tests").start_span("none").is_recording()
    assert telemetry.shutdown(5)


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("always_on", "AlwaysOnSampler"),
        ("always_off", "AlwaysOffSampler"),
        ("traceidratio", "TraceIdRatioBased{0.25}"),
        ("parentbased_always_on", "ParentBased{root:AlwaysOnSampler"),
        ("parentbased_always_off", "ParentBased{root:AlwaysOffSampler"),
        ("parentbased_traceidratio", "ParentBased{root:TraceIdRatioBased{0.25}"),
    ],
)
def test_every_standard_sampler_is_made(name: str, description: str) -> None:
    assert make_sampler(settings_for(sampler=name, sampling_rate=0.25)).get_description().startswith(description)
