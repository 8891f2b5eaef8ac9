"""The receiver as a source: real exporters send to it, from this process and from others."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from opentelemetry._logs import LogRecord as SdkLogRecord
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from spanpact.errors import SourceError, UsageError
from spanpact.sources import MemorySource, OtlpReceiver, ReceiverCounts, ReceiverLimits, TraceSource
from spanpact.trace.model import Span
from tests.sources.readings import Recorder, a_session_trace


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as started:
        yield started


@pytest.fixture(autouse=True)
def no_exporter_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


def by_id(spans: list[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: span.span_id)


def all_spans(source: TraceSource) -> list[Span]:
    return by_id([span for trace in source.read().traces for span in trace.spans])


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_real_exporter_sends_the_spans_that_were_recorded(receiver: OtlpReceiver, compression: Compression) -> None:
    recorder = Recorder()
    trace_id = a_session_trace(recorder)
    exporter = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces", compression=compression)
    assert exporter.export(recorder.spans) is SpanExportResult.SUCCESS
    exporter.shutdown()
    assert all_spans(receiver) == all_spans(MemorySource(recorder.exporter))
    assert [trace.trace_id for trace in receiver.read().traces] == [trace_id]
    assert receiver.counts == ReceiverCounts(received=3)


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_log_records_arrive_with_their_trace(receiver: OtlpReceiver, compression: Compression) -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span("a"):
        recorder.logger.emit(SdkLogRecord(body="in", timestamp=3, event_name="e"))
    recorder.logger.emit(SdkLogRecord(body="out", timestamp=4))
    logs = OTLPLogExporter(endpoint=f"{receiver.url}/v1/logs", compression=compression)
    assert logs.export(recorder.log_exporter.get_finished_logs()) is LogRecordExportResult.SUCCESS
    logs.shutdown()
    assert receiver.read().traces == ()  # logs alone make no trace
    spans = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces")
    spans.export(recorder.spans)
    spans.shutdown()
    [trace] = receiver.read().traces
    assert trace.logs == MemorySource(recorder.exporter, logs=recorder.log_exporter).read().traces[0].logs
    assert (receiver.counts.received, receiver.counts.logs) == (1, 2)


def test_spans_of_several_batches_are_one_trace(receiver: OtlpReceiver) -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    exporter = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces")
    for span in recorder.spans:
        exporter.export([span])
    exporter.export(recorder.spans[:1])  # a retry: the duplicate is for a check to judge
    exporter.shutdown()
    [trace] = receiver.read().traces
    assert [span.name for span in trace.spans] == ["redis.get", "db.query", "session.validate", "redis.get"]
    assert len({id(span.resource) for span in trace.spans}) == 1


COMMAND = """
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("command").start_as_current_span("work"):
    pass
provider.shutdown()
"""


def test_a_command_exports_by_its_environment_alone(receiver: OtlpReceiver) -> None:
    elsewhere = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }
    subprocess.run([sys.executable, "-c", COMMAND], env={**os.environ, **elsewhere, **receiver.env()}, check=True)
    assert [span.name for span in all_spans(receiver)] == ["work"]


def test_the_environment_names_every_signal(receiver: OtlpReceiver) -> None:
    env = receiver.env()
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"] == receiver.url
    assert env["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] == f"{receiver.url}/v1/logs"
    assert (env["OTEL_TRACES_EXPORTER"], env["OTEL_LOGS_EXPORTER"]) == ("otlp", "otlp")
    assert {value for name, value in env.items() if name.endswith("PROTOCOL")} == {"http/protobuf"}


def test_the_receiver_is_excepted_from_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with OtlpReceiver() as receiver:
        assert "NO_PROXY" not in receiver.env()
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        assert receiver.env()["NO_PROXY"] == "127.0.0.1"
        monkeypatch.setenv("NO_PROXY", "internal.example")
        assert receiver.env()["no_proxy"] == "internal.example,127.0.0.1"


def test_traces_are_complete_when_the_caller_says_so(receiver: OtlpReceiver) -> None:
    send_one(receiver)
    assert [trace.complete for trace in receiver.read().traces] == [False]
    receiver.finish()
    assert [trace.complete for trace in receiver.read().traces] == [True]


def test_labels_and_declared_requests_may_change_later() -> None:
    labels: dict[str, str] = {}
    with OtlpReceiver(scenarios=labels) as receiver:
        send_one(receiver)
        [trace] = receiver.read().traces
        labels[trace.trace_id] = "hit"
        assert "offered" not in receiver.info.capabilities
        receiver.offered = 4
        reading = receiver.read()
    assert ([t.scenario for t in reading.traces], reading.offered) == (["hit"], 4)
    assert "offered" in reading.source.capabilities


def test_an_unchanged_trace_is_the_same_object_again(receiver: OtlpReceiver) -> None:
    send_one(receiver)
    [first] = receiver.read().traces
    send_one(receiver)
    assert receiver.read().traces[0] is first


def send_one(receiver: OtlpReceiver) -> None:
    recorder = Recorder()
    recorder.tracer().start_span("a").end()
    exporter = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces")
    assert exporter.export(recorder.spans) is SpanExportResult.SUCCESS
    exporter.shutdown()


def test_spans_beyond_the_limit_are_dropped_and_counted() -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    with OtlpReceiver(limits=ReceiverLimits(spans=2)) as receiver:
        exporter = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces")
        exporter.export(recorder.spans)
        exporter.export(recorder.spans)
        exporter.shutdown()
        assert (receiver.received, receiver.dropped, receiver.rejected) == (2, 4, 0)


def test_many_senders_at_once_lose_nothing(receiver: OtlpReceiver) -> None:
    seen = []

    def send() -> None:
        for _ in range(5):
            send_one(receiver)
            seen.append(len(receiver.read().traces))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (receiver.received, len(receiver.read().traces), max(seen)) == (40, 40, 40)


def test_received_spans_stay_readable_after_the_stop() -> None:
    receiver = OtlpReceiver()
    assert "new, 0 connections" in repr(receiver)
    receiver.start()
    send_one(receiver)
    receiver.stop()
    receiver.stop()
    receiver.close()
    assert len(receiver.read().traces) == 1
    counted = "0 connections, 1 spans, 0 logs, 0 rejected, 0 dropped"
    assert repr(receiver) == f"<OtlpReceiver {receiver.url} stopped, {counted}>"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2])))


def test_a_receiver_can_be_started_only_once() -> None:
    with OtlpReceiver() as receiver, pytest.raises(UsageError, match="was started before"):
        receiver.start()


def test_stopping_what_was_never_started_does_nothing() -> None:
    receiver = OtlpReceiver()
    receiver.stop()
    assert receiver.read().traces == ()


def test_a_port_in_use_is_one_error_line(receiver: OtlpReceiver) -> None:
    port = int(receiver.url.rpartition(":")[2])
    with pytest.raises(SourceError, match=rf"port {port}: Address .* \(port 0 takes a free one"):
        OtlpReceiver(port=port).start()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range_is_one_error_line(port: int) -> None:
    with pytest.raises(UsageError, match=rf"the port cannot be {port} \(accepted: 0 to 65535"):
        OtlpReceiver(port=port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_a_receiver_listens_on_loopback_only_unless_allowed(host: str) -> None:
    with pytest.raises(UsageError, match=r"listens on loopback, not on .* \(set allow_remote=True to listen on it\)"):
        OtlpReceiver(host=host)


def test_an_allowed_host_is_reached_on_loopback() -> None:
    with OtlpReceiver(host="0.0.0.0", allow_remote=True) as receiver:
        assert receiver.url.startswith("http://127.0.0.1:")
        send_one(receiver)
        assert receiver.received == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_every_name_of_loopback_is_accepted(host: str) -> None:
    with OtlpReceiver(host=host) as receiver:
        send_one(receiver)
        assert receiver.received == 1


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert OtlpReceiver(host="::1").url == "http://[::1]:0"


def test_a_host_of_another_machine_is_one_error_line() -> None:
    with pytest.raises(SourceError, match=r"cannot listen on 192\.0\.2\.1 port 0"):
        OtlpReceiver(host="192.0.2.1", allow_remote=True).start()


def test_a_receiver_is_a_trace_source(receiver: OtlpReceiver) -> None:
    assert isinstance(receiver, TraceSource)
    assert receiver.info.name == f"OTLP receiver {receiver.url}"
