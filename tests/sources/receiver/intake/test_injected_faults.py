"""Faults on purpose: an exporter that retries loses nothing, and every refusal is counted; a seed repeats them."""

from __future__ import annotations

import time

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace.export import SpanExportResult

from spanpact.sources import OtlpReceiver
from spanpact.sources.receiver import ReceiverOptions
from spanpact.sources.receiver.intake.injected_faults import InjectedFaults
from tests.sources.readings import Recorder
from tests.sources.receiver.raw_http import A_JSON_SPAN, PROTOBUF, RawClient, ask, post

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def with_faults(**faults: float) -> OtlpReceiver:
    return OtlpReceiver(options=ReceiverOptions(faults=InjectedFaults(**faults)), grpc=True)  # type: ignore[arg-type]


def statuses(receiver: OtlpReceiver, number: int) -> list[int]:
    with RawClient(receiver) as client:
        return [client.send(post(A_JSON_SPAN)).response().status for _ in range(number)]


def test_a_share_of_requests_is_refused_as_the_seed_says() -> None:
    seen = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        with with_faults(refuse_share=0.3, seed=seed) as receiver:
            seen[name] = statuses(receiver, 60)
            refused = seen[name].count(503)
            counts = receiver.counts
        assert (counts.refused_on_purpose, counts.rejected, counts.received) == (refused, refused, 60 - refused)
        assert 5 < refused < 35
    assert seen["first"] == seen["again"] != seen["other"]


@pytest.mark.parametrize("status", [400, 429, 499, 500, 503, 599])
def test_any_status_may_be_asked_for(status: int) -> None:
    with with_faults(refuse=status, refuse_share=1) as receiver:
        response = ask(receiver, post(A_JSON_SPAN))
    assert (response.status, b"on purpose" in response.body) == (status, True)


def test_an_exporter_that_retries_loses_nothing() -> None:
    recorder = Recorder()
    for i in range(3):
        recorder.tracer().start_span(f"s{i}").end()
    with with_faults(refuse_share=0.5, seed=7) as receiver:
        exporter = OTLPSpanExporter(f"{receiver.url}/v1/traces", timeout=20)
        results = [exporter.export([span]) for span in recorder.spans]
        exporter.shutdown()
        counts = receiver.counts
    assert results == [SpanExportResult.SUCCESS] * 3
    assert (counts.received, counts.refused_on_purpose > 0) == (3, True)


def spans(number: int) -> bytes:
    recorder = Recorder()
    for i in range(number):
        recorder.tracer().start_span(f"s{i}").end()
    return bytes(encode_spans(recorder.spans).SerializeToString())


def test_a_partial_success_rejects_the_last_half() -> None:
    with with_faults(partial_share=1) as receiver:
        response = ask(receiver, post(spans(5), content_type=PROTOBUF))
        told = ExportTraceServiceResponse.FromString(response.body).partial_success
        names = [span.name for trace in receiver.read().traces for span in trace.spans]
        counts = receiver.counts
    assert (response.status, told.rejected_spans, "on purpose" in told.error_message) == (200, 3, True)
    assert names == ["s0", "s1"]
    assert (counts.received, counts.rejected_on_purpose, counts.dropped, counts.rejected) == (2, 3, 0, 0)


def test_a_delay_keeps_no_other_sender_waiting() -> None:
    with with_faults(delay_seconds=1.0) as receiver, RawClient(receiver) as one, RawClient(receiver) as other:
        began = time.monotonic()
        one.send(post(A_JSON_SPAN))
        other.send(post(A_JSON_SPAN))
        assert (one.response().status, other.response().status) == (200, 200)
        assert 1.0 <= time.monotonic() - began < 1.9


def test_faults_over_grpc() -> None:
    with with_faults(refuse_share=1) as receiver:
        with (
            grpc.insecure_channel(receiver.grpc_url.removeprefix("http://")) as channel,
            pytest.raises(grpc.RpcError) as raised,
        ):
            channel.unary_unary(TRACES)(spans(1), timeout=20)
        assert (receiver.counts.refused_on_purpose, receiver.received) == (1, 0)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_what_is_delayed_when_it_stops_is_acknowledged_or_not_kept() -> None:
    with with_faults(delay_seconds=30) as receiver, RawClient(receiver) as client:
        client.send(post(A_JSON_SPAN))
        while "1 connections" not in repr(receiver):
            time.sleep(0.01)
        receiver.stop(grace_seconds=0.2)
        assert client.is_closed()
        assert receiver.received == 0
