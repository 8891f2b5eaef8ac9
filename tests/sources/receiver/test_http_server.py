"""The receiver as an HTTP server: what it refuses, its bounds and deadlines, and how it closes."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from spanpact.sources import OtlpReceiver, ReceiverLimits
from spanpact.sources.receiver.intake.intake import Intake
from tests.sources.receiver.raw_http import (
    A_JSON_SPAN,
    JSON,
    PROTOBUF,
    RawClient,
    a_gzip_bomb,
    a_protobuf_span,
    ask,
    post,
    wait_until_closing,
)


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as started:
        yield started


def with_limits(**limits: Any) -> OtlpReceiver:
    return OtlpReceiver(limits=ReceiverLimits(**limits))


REFUSED = {
    "unknown path": (post(A_JSON_SPAN, "/v1/profiles"), 404),
    "root": (post(A_JSON_SPAN, "/"), 404),
    "wrong method": (post().replace(b"POST", b"GET"), 405),
    "neither length nor chunks": (post(content_length=""), 411),
    "too long by its length": (post(content_length="4194305"), 413),
    "inflates too far": (post(a_gzip_bomb(21 << 20), content_encoding="gzip"), 413),
    "no content type": (post(A_JSON_SPAN, content_type=""), 415),
    "form": (post(A_JSON_SPAN, content_type="application/x-www-form-urlencoded"), 415),
    "unknown compression": (post(A_JSON_SPAN, content_encoding="br"), 415),
    "huge header": (post(x="y" * 100_000), 431),
    "unknown transfer": (post(content_length="", transfer_encoding="gzip"), 501),
    "no HTTP": (b"\x16\x03\x01 TLS\r\n\r\n", 400),
    "no host": (b"POST /v1/traces HTTP/1.1\r\n\r\n", 400),
    "two lengths": (post(x="1\r\ncontent-length: 3"), 400),
    "garbage": (post(b"garbage"), 400),
    "empty": (post(b""), 400),
    "no gzip": (post(A_JSON_SPAN, content_encoding="gzip"), 400),
    "cut gzip": (post(gzip.compress(A_JSON_SPAN)[:-1], content_encoding="gzip"), 400),
    "more than gzip": (post(gzip.compress(A_JSON_SPAN) + b"x", content_encoding="gzip"), 400),
    "no deflate": (post(A_JSON_SPAN, content_encoding="deflate"), 400),
    "cut deflate": (post(zlib.compress(A_JSON_SPAN)[:-1], content_encoding="deflate"), 400),
    "more than deflate": (post(zlib.compress(A_JSON_SPAN) + b"x", content_encoding="deflate"), 400),
    "deflate inflates too far": (post(zlib.compress(b" " * (21 << 20)), content_encoding="deflate"), 413),
    "key twice": (post(b'{"resourceSpans":[],"resourceSpans":[]}'), 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_request_is_refused_with_a_reason(receiver: OtlpReceiver, name: str) -> None:
    data, status = REFUSED[name]
    response = ask(receiver, data)
    reason = json.loads(response.body)
    assert (response.status, response.headers["content-type"]) == (status, JSON)
    assert reason["code"] > 0
    assert reason["message"]
    assert (receiver.rejected, receiver.received) == (1, 0)


def test_the_reason_comes_in_the_encoding_of_the_request(receiver: OtlpReceiver) -> None:
    response = ask(receiver, post(b"garbage" * 40, content_type=PROTOBUF))
    status = Status.FromString(response.body)
    assert (response.status, response.headers["content-type"]) == (400, PROTOBUF)
    assert status.code == 3
    assert status.message.startswith("request body: not an OTLP protobuf message (ExportTraceServiceRequest) of 280")
    assert len(status.message) > 127  # its length takes two bytes


def test_a_wrong_method_is_refused_with_the_accepted_one(receiver: OtlpReceiver) -> None:
    assert ask(receiver, post().replace(b"POST", b"OPTIONS")).headers["allow"] == "POST"


def test_a_head_request_gets_no_body(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post().replace(b"POST", b"HEAD"))
        answer = b""
        while data := client.socket.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (A_JSON_SPAN, {"content_type": "Application/JSON; charset=utf-8"}),
        (gzip.compress(A_JSON_SPAN, mtime=0), {"content_encoding": "GZIP"}),
        (zlib.compress(A_JSON_SPAN), {"content_encoding": "deflate"}),
        (a_protobuf_span(), {"content_type": PROTOBUF, "content_encoding": "identity"}),
        (gzip.compress(a_protobuf_span(), mtime=0), {"content_type": PROTOBUF, "content_encoding": "gzip"}),
        (A_JSON_SPAN, {"path": "/v1/traces?x=1"}),
    ],
    ids=["JSON", "JSON, gzip", "JSON, deflate", "protobuf", "protobuf, gzip", "a path with a query"],
)
def test_protobuf_and_json_are_accepted_compressed_or_not(
    receiver: OtlpReceiver, body: bytes, headers: dict[str, str]
) -> None:
    response = ask(receiver, post(body, **headers))
    expected = PROTOBUF if headers.get("content_type") == PROTOBUF else JSON
    assert (response.status, response.headers["content-type"]) == (200, expected)
    assert response.body == (b"" if expected == PROTOBUF else b"{}")
    assert receiver.received == 1


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_metrics_are_accepted_ignored_and_counted(receiver: OtlpReceiver, content_type: str) -> None:
    assert ask(receiver, post(b"whatever", "/v1/metrics", content_type)).status == 200
    assert (receiver.counts.metrics, receiver.received) == (1, 0)


def test_each_path_accepts_its_own_signal_only(receiver: OtlpReceiver) -> None:
    assert ask(receiver, post(A_JSON_SPAN, "/v1/logs")).status == 200
    assert receiver.received == 0


def test_one_connection_serves_many_requests(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        statuses = [client.send(post(body)).response().status for body in (A_JSON_SPAN, b"garbage", A_JSON_SPAN)]
    assert statuses == [200, 400, 200]


def test_pipelined_requests_are_answered_in_order(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(A_JSON_SPAN) + post(b"garbage") + post(A_JSON_SPAN))
        assert [client.response().status for _ in range(3)] == [200, 400, 200]


def test_a_client_of_http_1_0_is_served_once(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(A_JSON_SPAN).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert client.response().status == 200
        assert client.is_closed()


def test_a_chunked_body_is_accepted(receiver: OtlpReceiver) -> None:
    chunks = b"5\r\n" + A_JSON_SPAN[:5] + b"\r\n%x\r\n" % len(A_JSON_SPAN[5:]) + A_JSON_SPAN[5:] + b"\r\n0\r\n\r\n"
    assert ask(receiver, post(content_length="", transfer_encoding="chunked") + chunks).status == 200
    assert receiver.received == 1


def test_a_chunked_body_is_limited_while_it_is_read() -> None:
    with with_limits(body=10) as receiver:
        head = post(content_length="", transfer_encoding="chunked")
        response = ask(receiver, head + b"b\r\n" + b"x" * 11 + b"\r\n")
    assert (response.status, response.headers["connection"]) == (413, "close")


def test_a_sender_that_expects_100_continue_gets_it(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(expect="100-continue", content_length=str(len(A_JSON_SPAN))))
        assert client.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert client.send(A_JSON_SPAN).response().status == 200


def test_a_sender_that_expects_100_continue_may_be_refused(receiver: OtlpReceiver) -> None:
    assert ask(receiver, post(expect="100-continue", content_length="99999999")).status == 413


def test_the_response_reaches_a_sender_that_is_still_sending(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(b"x" * (5 << 20)))
        assert client.response().status == 413
        assert client.is_closed()


def test_a_sender_that_never_stops_is_cut_off_after_the_linger_time() -> None:
    with with_limits(linger_seconds=0.05) as receiver, RawClient(receiver) as client:
        assert client.send(post(content_length="99999999")).response().status == 413
        assert client.is_closed()


TWO = A_JSON_SPAN.replace(b'"spans":[', b'"spans":[{},')
LOG = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"01"},{"traceId":"01"}]}]}]}'


def test_a_full_receiver_says_how_much_it_dropped() -> None:
    with with_limits(spans=1, logs=1) as receiver:
        traces = json.loads(ask(receiver, post(TWO)).body)["partialSuccess"]
        logs = json.loads(ask(receiver, post(LOG, "/v1/logs")).body)["partialSuccess"]
        assert (traces["rejectedSpans"], logs["rejectedLogRecords"]) == ("1", "1")
        assert "full" in traces["errorMessage"]
        assert (receiver.received, receiver.counts.logs, receiver.dropped) == (1, 1, 2)


def test_a_full_receiver_says_so_in_protobuf_too() -> None:
    log = ScopeLogs(log_records=[LogRecord(trace_id=b"\1" * 16)])
    logs = ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[log])]).SerializeToString()
    with with_limits(spans=0, logs=0) as receiver:
        traced = ask(receiver, post(a_protobuf_span(), content_type=PROTOBUF)).body
        logged = ask(receiver, post(logs, "/v1/logs", PROTOBUF)).body
    assert ExportTraceServiceResponse.FromString(traced).partial_success.rejected_spans == 1
    assert ExportLogsServiceResponse.FromString(logged).partial_success.rejected_log_records == 1


def test_bodies_being_read_share_one_limit() -> None:
    with with_limits(buffered=100) as receiver, RawClient(receiver) as slow:
        slow.send(post(content_length="91") + b"x" * 90)
        response = ask(receiver, post(b"x" * 101))
        assert (response.status, response.headers["retry-after"]) == (503, "1")
        assert slow.send(b"x").response().status == 400
        assert ask(receiver, post(A_JSON_SPAN)).status == 200


def test_a_missing_head_closes_the_connection() -> None:
    with with_limits(head_seconds=0.05) as receiver, RawClient(receiver) as silent, RawClient(receiver) as slow:
        slow.send(b"POST /v1/tra")
        assert silent.is_closed()
        assert slow.is_closed()


def test_an_idle_connection_is_closed() -> None:
    with with_limits(idle_seconds=0.05) as receiver, RawClient(receiver) as client:
        assert client.send(post(A_JSON_SPAN)).response().status == 200
        assert client.is_closed()


def test_a_slow_head_on_an_idle_connection_has_the_deadline_of_a_head() -> None:
    with with_limits(idle_seconds=60, head_seconds=0.2) as receiver, RawClient(receiver) as client:
        assert client.send(post(A_JSON_SPAN)).response().status == 200
        assert client.send(b"POST /v1/tra").is_closed()


def test_a_slow_body_is_refused() -> None:
    with with_limits(body_seconds=0.05) as receiver:
        assert ask(receiver, post(content_length="10") + b"x").status == 408


def test_a_sender_that_disconnects_affects_no_other(receiver: OtlpReceiver) -> None:
    for data in (b"", b"POST", post(content_length="10") + b"x", post(b"garbage")):
        with RawClient(receiver) as client:
            client.send(data)
    assert ask(receiver, post(A_JSON_SPAN)).status == 200
    assert receiver.received == 1


def test_the_oldest_connection_without_a_request_is_evicted_first() -> None:
    with (
        with_limits(connections=3) as receiver,
        RawClient(receiver) as idle,
        RawClient(receiver) as oldest,
        RawClient(receiver) as reading,
    ):
        assert idle.send(post(A_JSON_SPAN)).response().status == 200
        reading.send(post(expect="100-continue", content_length=str(len(A_JSON_SPAN))))
        assert reading.socket.recv(25).startswith(b"HTTP/1.1 100")
        with RawClient(receiver) as fourth:
            assert oldest.is_closed()
            assert fourth.send(post(A_JSON_SPAN)).response().status == 200
            with RawClient(receiver) as fifth:
                assert fifth.send(post(A_JSON_SPAN)).response().status == 200
                assert idle.is_closed()
        assert reading.send(A_JSON_SPAN).response().status == 200
        assert (receiver.counts.evicted, receiver.received) == (2, 4)


def stop(receiver: OtlpReceiver, grace_seconds: float) -> threading.Thread:
    thread = threading.Thread(target=receiver.stop, kwargs={"grace_seconds": grace_seconds})
    thread.start()
    wait_until_closing(receiver)
    return thread


def test_a_request_in_progress_is_accepted_while_closing(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client, RawClient(receiver) as idle:
        client.send(post(expect="100-continue", content_length=str(len(A_JSON_SPAN))))
        assert client.socket.recv(25).startswith(b"HTTP/1.1 100")
        thread = stop(receiver, 10)
        assert idle.is_closed()
        response = client.send(A_JSON_SPAN).response()
        thread.join()
    assert (response.status, response.headers["connection"], receiver.received) == (200, "close", 1)


def test_a_request_that_begins_while_closing_is_refused(receiver: OtlpReceiver) -> None:
    whole = post(A_JSON_SPAN)
    with RawClient(receiver) as client, RawClient(receiver) as begun:
        begun.send(whole[:30])
        assert client.send(post(A_JSON_SPAN)).response().status == 200  # so the part above has arrived
        thread = stop(receiver, 10)
        response = begun.send(whole[30:]).response()
        assert begun.is_closed()
    thread.join()
    assert (response.status, response.headers["retry-after"], receiver.received) == (503, "1", 1)


def test_a_sender_that_does_not_finish_is_cut_off_after_the_grace(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(expect="100-continue", content_length="10"))
        assert client.socket.recv(25).startswith(b"HTTP/1.1 100")
        receiver.stop(grace_seconds=0.05)
        assert client.is_closed()


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "this is HTTP/2, which OTLP/gRPC uses"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "this is TLS: the URL begins with http://"),
    ],
)
def test_the_other_protocol_is_named_and_counted(receiver: OtlpReceiver, first: bytes, words: str) -> None:
    response = ask(receiver, first)
    assert response.status == 400
    assert words in json.loads(response.body)["message"]
    counts = receiver.counts
    assert (counts.http_2 + counts.tls, counts.http_2, counts.rejected) == (1, int(first.startswith(b"PRI")), 1)


def test_a_grpc_exporter_at_the_http_port_is_told_apart(receiver: OtlpReceiver) -> None:
    with grpc.insecure_channel(receiver.url.removeprefix("http://")) as channel:
        call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as raised:
            call(b"", timeout=20)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert receiver.counts.http_2 >= 1


def test_requests_that_come_at_once_are_answered_one_after_another(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(A_JSON_SPAN) + post(b"garbage") + post(A_JSON_SPAN, "/nowhere") + post(A_JSON_SPAN))
        assert [client.response().status for _ in range(3)] == [200, 400, 404]
        assert client.is_closed()  # the body of the third was not read
    assert receiver.received == 1


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_sender_that_asks_for_it_gets_the_connection_closed(receiver: OtlpReceiver, version: str) -> None:
    request = post(A_JSON_SPAN, connection="close" if version == "1.1" else "").replace(
        b"HTTP/1.1", f"HTTP/{version}".encode()
    )
    with RawClient(receiver) as client:
        response = client.send(request).response()
        assert (response.status, response.headers["connection"]) == (200, "close")
        assert client.is_closed()


def test_the_end_of_sending_still_gets_the_answers(receiver: OtlpReceiver) -> None:
    with RawClient(receiver) as client:
        client.send(post(A_JSON_SPAN) + post(A_JSON_SPAN))
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.response().status for _ in range(2)] == [200, 200]
        assert client.is_closed()


def test_a_mistake_of_the_receiver_is_answered_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: object, export: object) -> object:
        raise KeyError("alice@example.com")

    monkeypatch.setattr(Intake, "take", fail)
    with OtlpReceiver() as receiver, RawClient(receiver) as client:
        for _ in range(2):  # on one connection, which stays open
            response = client.send(post(A_JSON_SPAN)).response()
            assert (response.status, json.loads(response.body)["code"]) == (500, 13)
            assert b"KeyError" in response.body
            assert b"alice" not in response.body
        assert (receiver.counts.rejected, receiver.counts.refused_for) == (2, {"mistake": 2})
