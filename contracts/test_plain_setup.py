"""The plain set-up keeps the same contracts: OpenTelemetry's ASGI instrumentation and OTLP exporter (ADR 0045).

The spans of a scenario are exported by the official exporter to a receiver, and read there.
"""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from containers.servers.redis_server import RedisBackend
from contracts.reference_adapter import ReferenceImplementation
from reference_impl.export.span_exporter import otlp_exporter
from reference_impl.settings import Settings
from spanpact.conformance import TraceContracts
from spanpact.sources import OtlpReceiver
from spanpact.trace.model import Reading

PLAIN = {"STUDIO_TRACING": "plain"}


class PlainSetup(ReferenceImplementation):
    """studio-api in the plain set-up; its spans and log records are read from an OTLP receiver."""

    name = "studio-api-plain"

    def read(self, spans: InMemorySpanExporter, logs: InMemoryLogRecordExporter, scenario: str) -> Reading:
        """Export what the scenario made by the official exporters, and read it from the receiver."""
        finished = spans.get_finished_spans()
        labels = {format(span.context.trace_id, "032x"): scenario for span in finished}
        with OtlpReceiver(scenarios=labels) as receiver:
            exporter, _ = otlp_exporter(Settings.load(PLAIN, endpoint=receiver.url))
            assert type(exporter) is OTLPSpanExporter
            assert exporter.export(finished) is SpanExportResult.SUCCESS
            exporter.shutdown()  # type: ignore[no-untyped-call]
            log_exporter = OTLPLogExporter(endpoint=f"{receiver.url}/v1/logs")
            log_exporter.export(logs.get_finished_logs())
            log_exporter.shutdown()  # type: ignore[no-untyped-call]
            receiver.finish()
            return receiver.read()


class TestPlainSetup(TraceContracts):
    @pytest.fixture
    def implementation(self, redis: RedisBackend) -> ReferenceImplementation:
        return PlainSetup(redis, PLAIN)
