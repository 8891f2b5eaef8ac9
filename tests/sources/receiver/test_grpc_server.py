"""OTLP over gRPC into the receiver: the SDK's own exporter, bad messages, bounds, closing."""

from __future__ import annotations

import gzip
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export import SpanExportResult

from spanpact.errors import SourceError, UsageError
from spanpact.sources import MemorySource, OtlpReceiver, ReceiverLimits
from spanpact.sources.receiver.grpc_server import GrpcServer
from spanpact.sources.receiver.intake.intake import Intake
from spanpact.trace.model import Reading, Span
from tests.sources.readings import Recorder, a_session_trace
from tests.sources.receiver.raw_http import address_of

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@contextmanager
def calling(receiver: OtlpReceiver) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(receiver.grpc_url.removeprefix("http://")) as channel:
        yield channel


def export(receiver: OtlpReceiver, message: bytes, method: str = TRACES, **options: object) -> bytes:
    with calling(receiver) as channel:
        reply: bytes = channel.unary_unary(method)(message, timeout=50, **options)
    return reply


def spans(number: int) -> bytes:
    recorder = Recorder()
    for i in range(number):
        recorder.tracer().start_span(f"s{i}").end()
    return bytes(encode_spans(recorder.spans).SerializeToString())


def by_id(reading: Reading) -> list[Span]:
    """An exporter groups spans by their scope, which changes their order."""
    return sorted((span for trace in reading.traces for span in trace.spans), key=lambda span: span.span_id)


def test_what_the_sdk_exports_is_what_it_recorded() -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        with OtlpReceiver(grpc=True) as receiver:
            exporter = OTLPSpanExporter(endpoint=receiver.grpc_url, insecure=True, compression=compression)
            assert exporter.export(recorder.spans) is SpanExportResult.SUCCESS
            exporter.shutdown()
            receiver.finish()
            assert by_id(receiver.read()) == by_id(MemorySource(recorder.exporter).read())


def test_http_is_accepted_next_to_grpc() -> None:
    with OtlpReceiver(grpc=True) as receiver:
        assert receiver.env()["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == f"{receiver.url}/v1/traces"
        variables = receiver.env(protocol="grpc")
        assert receiver.url != receiver.grpc_url
    assert variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == receiver.grpc_url
    assert variables["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"] == "grpc"


def test_logs_are_accepted_and_metrics_are_ignored() -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.trace_id = b"\x01" * 16
    with OtlpReceiver(grpc=True) as receiver:
        assert export(receiver, request.SerializeToString(), LOGS) == b""
        assert export(receiver, b"\xff whatever", METRICS) == b""
        counts = receiver.counts
    assert (counts.logs, counts.metrics, counts.received, counts.rejected) == (1, 1, 0, 0)


def test_spans_beyond_the_limit_are_a_partial_success() -> None:
    with OtlpReceiver(grpc=True, limits=ReceiverLimits(spans=2)) as receiver:
        reply = ExportTraceServiceResponse.FromString(export(receiver, spans(5)))
    assert (reply.partial_success.rejected_spans, receiver.received, receiver.dropped) == (3, 2, 3)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"\xff\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
        (b"\x0a\x00" * 2000, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (b"\x00" * 200_000, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
    ids=["no protobuf", "too many messages", "too large"],
)
def test_a_malformed_message_is_refused_and_the_next_accepted(message: bytes, status: grpc.StatusCode) -> None:
    with OtlpReceiver(grpc=True, limits=ReceiverLimits(messages=1000, inflated=100_000)) as receiver:
        with pytest.raises(grpc.RpcError) as raised:
            export(receiver, message)
        assert raised.value.code() is status
        export(receiver, spans(1))
        assert receiver.received == 1


def test_a_bomb_is_not_inflated() -> None:
    bomb = b"\x0a" + b"\xff\xff\xff\x4f" + b"\x00" * (64 << 20)
    assert len(gzip.compress(bomb, 1)) < 1 << 20
    with OtlpReceiver(grpc=True) as receiver:
        with pytest.raises(grpc.RpcError) as raised:
            export(receiver, bomb, compression=grpc.Compression.Gzip)
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        export(receiver, spans(1))


def test_an_unknown_method_is_unimplemented() -> None:
    with OtlpReceiver(grpc=True) as receiver, pytest.raises(grpc.RpcError) as raised:
        export(receiver, b"", "/opentelemetry.Other/Export")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_stopped_server_does_not_respond() -> None:
    with OtlpReceiver(grpc=True) as receiver:
        export(receiver, ExportTraceServiceRequest().SerializeToString())
    with pytest.raises(grpc.RpcError) as raised:
        export(receiver, b"")
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert receiver.read().traces == ()


def test_without_grpc_there_is_no_address() -> None:
    with OtlpReceiver() as receiver:
        assert receiver.grpc_url == ""
        with pytest.raises(UsageError, match=r"does not accept gRPC \(create it with grpc=True"):
            receiver.env(protocol="grpc")


def test_a_missing_package_is_one_error_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)  # as if it was not installed
    with pytest.raises(UsageError, match=r"needs the package grpcio \(pip install 'spanpact\[grpc\]'\)"):
        OtlpReceiver(grpc=True)
    with OtlpReceiver():
        pass


def test_a_port_in_use_is_one_error_line_and_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        start = GrpcServer.start
        monkeypatch.setattr(GrpcServer, "start", lambda server, host, _: start(server, host, port))
        receiver = OtlpReceiver(grpc=True)
        with pytest.raises(SourceError, match=rf"cannot listen on 127.0.0.1 port {port} for gRPC"):
            receiver.start()
    socket.create_server(address_of(receiver)).close()


def test_a_mistake_of_the_receiver_is_answered_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: object, export: object) -> object:
        raise KeyError("alice@example.com")

    monkeypatch.setattr(Intake, "take", fail)
    with OtlpReceiver(grpc=True) as receiver, pytest.raises(grpc.RpcError) as caught:
        export(receiver, spans(1))
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "alice" not in caught.value.details()
    assert receiver.counts.refused_for == {"mistake": 1}
