"""Counting never stops or fails the call that is counted (S4.4)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, SpanKind, get_current_span

from reference_impl.instrumentation.measures import MeasuredTracer, Measures, measures_of
from reference_impl.metrics.service_metrics import ServiceMetrics
from tests.reference_impl.metrics.metrics_support import NAMED, families, value


def test_two_instances_of_a_service_do_not_share_numbers(metrics: ServiceMetrics) -> None:
    second = ServiceMetrics(NAMED)
    second.request_began()
    assert (value(metrics, "studio_requests_in_progress"), value(second, "studio_requests_in_progress")) == (0, 1)


@pytest.mark.parametrize("label", [None, 7, b"GET", object(), []])
def test_what_is_no_label_is_counted_and_does_not_reach_the_caller(metrics: ServiceMetrics, label: Any) -> None:
    metrics.redis_command(label, label, 0.1, error=None, hit=None, span=INVALID_SPAN)
    assert value(metrics, "studio_metric_faults_total") == 1


def test_a_source_that_cannot_tell_hides_no_other(metrics: ServiceMetrics) -> None:
    metrics.watch_pools("redis", lambda: {"p": None})  # type: ignore[dict-item]
    metrics.watch_keys(lambda: 7)
    scraped = families(metrics)
    assert [sample.value for sample in scraped["studio_unregistered_keys"].samples] == [7]
    assert [sample.value for sample in scraped["studio_metric_faults"].samples] == [1]


def test_threads_lose_no_count(metrics: ServiceMetrics) -> None:
    def work() -> None:
        for number in range(2000):
            metrics.redis_command(f"p{number % 20}", "GET", 0.1, error=None, hit=True, span=INVALID_SPAN)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(s.value for s in families(metrics)["studio_redis_commands"].samples) == 8000


def test_counting_within_counting_does_not_wait_for_itself(metrics: ServiceMetrics) -> None:
    """As a finalizer or a signal handler does, that runs in the midst of it."""

    class Nosy(str):
        __slots__ = ()

        def isprintable(self) -> bool:
            metrics.redis_command("p", "SET", 0.1, error=None, hit=None, span=INVALID_SPAN)
            return True

    metrics.redis_command(Nosy("nosy"), "GET", 0.1, error=None, hit=None, span=INVALID_SPAN)
    assert value(metrics, "studio_redis_commands_total", pool="p", command="SET", outcome="ok") == 1
    assert value(metrics, "studio_redis_commands_total", pool="nosy", command="GET", outcome="ok") == 1


def test_a_measured_tracer_makes_the_spans_of_its_tracer_and_brings_the_measures(
    metrics: ServiceMetrics, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    inner = provider.get_tracer("t")
    tracer = MeasuredTracer(inner, metrics)
    tracer.start_span("one", kind=SpanKind.CLIENT).end()
    with tracer.start_as_current_span("two") as two:
        assert get_current_span() is two
    assert [(s.name, s.kind) for s in exporter.get_finished_spans()] == [
        ("one", SpanKind.CLIENT), ("two", SpanKind.INTERNAL),
    ]  # fmt: skip
    measures: Measures | None = measures_of(tracer)
    assert measures is metrics
    assert measures_of(inner) is None
    assert tracer.sampler is provider.sampler
    assert MeasuredTracer(NoOpTracer(), metrics).sampler is None
