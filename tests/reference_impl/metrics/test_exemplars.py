"""Exemplars lead from a bucket to a recorded trace (S4.4)."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Span
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from redis.exceptions import ResponseError

from reference_impl.metrics.exposition import OPENMETRICS, best_format
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.services.responses import METRICS
from tests.reference_impl.metrics.metrics_support import WANTS_OPENMETRICS, application, client_of, exemplars, value


async def test_an_exemplar_leads_from_a_bucket_to_a_recorded_trace(
    metrics: ServiceMetrics, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with client_of(application(metrics, provider.get_tracer("http"))) as client:
        await client.get("/fail")
        answer = await client.get(METRICS, headers=WANTS_OPENMETRICS)
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    (server,) = exporter.get_finished_spans()
    context = server.get_span_context()
    assert context is not None
    found = {f.name: f for f in parse_openmetrics(answer.text)}
    for name in ("studio_request_duration_seconds", "studio_request_errors"):
        (exemplar,) = [s.exemplar for s in found[name].samples if s.exemplar]
        assert exemplar.labels == {
            "trace_id": format(context.trace_id, "032x"), "span_id": format(context.span_id, "016x"),
        }  # fmt: skip


def test_a_bucket_keeps_its_latest_recorded_call_with_its_value(metrics: ServiceMetrics, provider: Any) -> None:
    tracer = provider.get_tracer("t")
    latest = {}
    for seconds in (0.0004, 0.0003, 0.2, 99.0):
        with tracer.start_as_current_span("redis.get") as span:
            latest[seconds] = format(span.get_span_context().span_id, "016x")
        metrics.redis_command("p", "GET", seconds, error=None, hit=None, span=span)
    seen = exemplars(metrics, "studio_redis_command_duration_seconds")
    assert [(e.value, e.labels["span_id"]) for e in seen] == [(s, latest[s]) for s in (0.0003, 0.2, 99.0)]


def test_a_command_that_comes_again_counts_as_the_first_did(metrics: ServiceMetrics, span: Span) -> None:
    for hit in (True, False, None):
        for _ in range(3):
            metrics.redis_command("p", "GET", 0.1, error=None, hit=hit, span=span)
        metrics.redis_command("p", "GET", 0.1, error=ResponseError(), hit=hit, span=span)
    of_get = {"pool": "p", "command": "GET"}
    assert value(metrics, "studio_redis_commands_total", outcome="ok", **of_get) == 9
    assert value(metrics, "studio_redis_commands_total", outcome="error", **of_get) == 3
    assert value(metrics, "studio_redis_command_duration_seconds_count", **of_get) == 12
    assert value(metrics, "studio_redis_command_duration_seconds_sum", **of_get) == pytest.approx(1.2)
    assert value(metrics, "studio_cache_reads_total", command="GET", result="hit") == 3
    assert value(metrics, "studio_cache_reads_total", command="GET", result="miss") == 3


def test_an_unsampled_span_is_no_exemplar(metrics: ServiceMetrics) -> None:
    tracer = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("t")
    with tracer.start_as_current_span("work") as span:
        metrics.redis_command("p", "GET", 0.1, error=None, hit=None, span=span)
    assert exemplars(metrics, "studio_redis_command_duration_seconds") == []


def test_the_plain_format_has_no_exemplars(metrics: ServiceMetrics, span: Span) -> None:
    metrics.redis_command("p", "GET", 0.1, error=None, hit=None, span=span)
    assert exemplars(metrics, "studio_redis_command_duration_seconds", "text/plain") == []
    assert b"trace_id" not in metrics.scrape("text/plain")[0]


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        ("", False), ("*/*", False), ("text/plain", False), ("application/openmetrics-text", True),
        (WANTS_OPENMETRICS["accept"], True), ("application/openmetrics-text;q=0", False),
        ("text/plain;q=0.9, application/openmetrics-text;q=0.1", False), ("Application/OpenMetrics-Text ; Q=1", True),
        ("application/openmetrics-text;q=much", False), ("," * 100_000, False),
        ("application/openmetrics-text;version=1\r\nx-evil: 1", True),
    ],
)  # fmt: skip
def test_the_format_is_the_one_that_the_scraper_likes_best(accept: str, openmetrics: bool) -> None:
    content_type = best_format(accept)[1]
    assert content_type.startswith(OPENMETRICS) == openmetrics
    assert content_type in (
        "application/openmetrics-text; version=1.0.0; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8",
    )  # fmt: skip
