"""Spans reach the endpoint, and what a bad endpoint costs is bounded and counted (S1.1, S1.5)."""

from __future__ import annotations

import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reference_impl.export import LedgerReading
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry import Telemetry, configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.telemetry.telemetry_support import MUCH_TOO_LONG_S, make_spans, settings_for


@pytest.mark.parametrize("tracing", ["fast", "plain"])
def test_spans_reach_the_endpoint_with_the_resource_and_headers_of_the_settings(tracing: str, sink: OtlpSink) -> None:
    settings = Settings.load(
        {
            "STUDIO_TRACING": tracing,
            "JAEGER_ENDPOINT": sink.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=blue%20team",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_RESOURCE_ATTRIBUTES": "team=core",
        }
    )
    telemetry = configure_tracing(settings)
    make_spans(telemetry, 258)
    assert telemetry.flush(10)
    assert len(sink.spans) == 258
    assert len(sink.headers) == 2  # 256 at most in one request
    assert sink.headers[0]["x-tenant"] == "blue team"
    assert sink.headers[0]["content-encoding"] == "gzip"
    expected = {
        "service.name": "studio-api",
        "service.version": "0.1.0",
        "deployment.environment": "development",
        "deployment.environment.name": "development",
        "team": "core",
    }
    assert expected.items() <= sink.resources[0].items()
    assert telemetry.shutdown(5)
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, reading.lost_total, reading.pending) == (258, 258, 0, 0)


def ended_within(telemetry: Telemetry, *, flush_s: float, shutdown_s: float) -> LedgerReading:
    """Assert that neither flush nor shutdown succeeds, and that both end in time. Return the ledger."""
    start = time.monotonic()
    assert telemetry.flush(flush_s) is False
    assert telemetry.shutdown(shutdown_s) is False
    assert time.monotonic() - start < MUCH_TOO_LONG_S
    return telemetry.ledger()


@pytest.mark.fault("E1")
def test_a_dead_endpoint_costs_the_caller_nothing_and_flush_says_false_in_time() -> None:
    telemetry = configure_tracing(settings_for())
    make_spans(telemetry, 10)
    reading = ended_within(telemetry, flush_s=0.3, shutdown_s=0.5)
    assert (reading.ended, reading.stored, reading.lost_total, reading.pending) == (10, 0, 10, 0)


@pytest.mark.parametrize("behaviour", ["black hole", "no answer"])
@pytest.mark.fault("E2", "E3")
def test_a_hanging_endpoint_keeps_the_deadlines(sink: OtlpSink, behaviour: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        sink.released.clear()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}" if behaviour == "black hole" else sink.url
        telemetry = configure_tracing(settings_for(url))
        make_spans(telemetry, 3)
        reading = ended_within(telemetry, flush_s=0.2, shutdown_s=0.3)
        assert dict(reading.lost) == {"deadline": 3}
        sink.released.set()
    assert telemetry.ledger() == reading  # sealed: what happens later changes nothing


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.fault("E5")
def test_an_error_status_loses_the_batch_and_flush_says_so_once(sink: OtlpSink, status: int) -> None:
    sink.status = status
    telemetry = configure_tracing(settings_for(sink.url))
    make_spans(telemetry, 5)
    assert telemetry.flush(10) is False
    assert dict(telemetry.ledger().lost) == {"export": 5}
    assert len(sink.headers) == 1  # never sent again in pieces
    sink.status = 200
    make_spans(telemetry, 2)
    assert telemetry.flush(10) is True
    assert telemetry.shutdown(5) is True
    assert telemetry.ledger().stored == 2


@pytest.mark.fault("E7")
def test_partial_success_is_counted(sink: OtlpSink) -> None:
    sink.rejected = 2
    telemetry = configure_tracing(settings_for(sink.url))
    make_spans(telemetry, 5)
    assert telemetry.flush(10) is False
    reading = telemetry.ledger()
    assert (reading.stored, dict(reading.lost)) == (3, {"rejected": 2})
    sink.reply = b"\xff\xff not an OTLP message"
    make_spans(telemetry, 1)
    assert telemetry.flush(10) is True
    telemetry.shutdown(5)


def test_the_protocol_may_be_grpc() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the gRPC exporter is not installed")
    import grpc  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

    stored: list[str] = []

    class Service(trace_service_pb2_grpc.TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:
            stored.extend(s.name for r in request.resource_spans for sc in r.scope_spans for s in sc.spans)
            return trace_service_pb2.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Service(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        telemetry = configure_tracing(settings_for(f"http://127.0.0.1:{port}", protocol="grpc", compression="gzip"))
        make_spans(telemetry, 2)
        assert telemetry.flush(10)
        assert telemetry.shutdown(5)
    finally:
        server.stop(None).wait(10)
    assert stored == ["work 0", "work 1"]


def test_grpc_without_its_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"^OTEL_EXPORTER_OTLP_PROTOCOL: grpc needs .*; accepted: http/protobuf"):
        configure_tracing(settings_for(protocol="grpc"))
