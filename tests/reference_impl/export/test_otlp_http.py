"""Spans by OTLP/HTTP: encoded by our encoder, or in unusual cases by OpenTelemetry's own exporter (S1.1)."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags

from reference_impl.export import otlp_http as http_export
from reference_impl.export.otlp_http import DirectExporter
from reference_impl.export.span_encoding import SpanEncoder
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the number of spans of each call of our encoder."""
    calls: list[int] = []
    original = SpanEncoder.encode

    def counted(self: SpanEncoder, spans: Any) -> bytes:
        calls.append(len(spans))
        return original(self, spans)

    monkeypatch.setattr(SpanEncoder, "encode", counted)
    return calls


def span(number: int, **given: Any) -> ReadableSpan:
    context = SpanContext(1, number, False, TraceFlags(1))
    options = {"start_time": 1, "end_time": 2, "resource": Resource({}), **given}
    return ReadableSpan(f"span {number}", context, **options)


def exporter_to(sink: OtlpSink) -> DirectExporter:
    return DirectExporter(endpoint=f"{sink.url}/v1/traces", timeout=5)


def test_a_batch_is_encoded_by_us(sink: OtlpSink, encoded: list[int]) -> None:
    exporter = exporter_to(sink)
    assert exporter.is_direct, "OpenTelemetry's exporter is built otherwise than we know: spans leave, but dearly"
    assert exporter.export([span(1), span(2)]) is SpanExportResult.SUCCESS
    assert (sink.names(), encoded) == (["span 1", "span 2"], [2])


@pytest.mark.parametrize("status", [302, 400])
def test_a_batch_that_is_refused_or_sent_elsewhere_is_a_failure(sink: OtlpSink, status: int) -> None:
    sink.status = status
    assert exporter_to(sink).export([span(1)]) is SpanExportResult.FAILURE


def test_what_cannot_be_encoded_is_tried_the_other_way(sink: OtlpSink, encoded: list[int]) -> None:
    lone = span(2, attributes={"bad": "\ud800", "good": "kept"})
    assert exporter_to(sink).export([span(1), lone]) is SpanExportResult.SUCCESS
    assert (sink.names(), encoded) == (["span 1", "span 2"], [2])
    assert [item.key for item in sink.spans[1].attributes] == ["good"]
    assert exporter_to(sink).export([span(1, start_time=-1)]) is SpanExportResult.FAILURE


def test_a_very_large_request_is_openTelemetrys_to_judge(
    sink: OtlpSink, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_export, "LARGEST", 10)
    exporter = DirectExporter(endpoint=f"{sink.url}/v1/traces", timeout=5, max_request_size=20)
    assert exporter.export([span(1)]) is SpanExportResult.FAILURE
    assert (sink.names(), encoded) == ([], [1])


def test_an_exporter_that_counts_itself_or_is_shut_down_goes_its_own_way(
    sink: OtlpSink, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = exporter_to(sink)
    exporter.shutdown()
    assert exporter.export([span(1)]) is SpanExportResult.FAILURE
    monkeypatch.setenv("OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "true")
    assert exporter_to(sink).export([span(2)]) is SpanExportResult.SUCCESS
    assert (sink.names(), encoded) == (["span 2"], [])


def test_the_service_exports_this_way(sink: OtlpSink, encoded: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = configure_tracing(Settings.load({"JAEGER_ENDPOINT": sink.url}))
    telemetry.tracer("tests").start_span("work").end()
    monkeypatch.setattr(SpanEncoder, "_late", pytest.fail)  # spans are encoded where they end
    assert telemetry.flush(10)
    telemetry.shutdown()
    assert (sink.names(), encoded) == (["work"], [1])
