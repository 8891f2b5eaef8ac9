"""A receiver between exporter and collector acknowledges what the collector acknowledges, and keeps just that."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from spanpact.errors import UsageError
from spanpact.sources import OtlpReceiver, ReceiverLimits
from spanpact.sources.receiver import ReceiverOptions
from spanpact.sources.receiver.access import Access
from spanpact.sources.receiver.intake.forwarding import Upstream
from spanpact.sources.receiver.intake.injected_faults import InjectedFaults
from tests.sources.readings import Recorder
from tests.sources.receiver.raw_http import A_JSON_SPAN, JSON, PROTOBUF, RawClient, ask, post

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def forwarding_to(url: str, **options: Any) -> OtlpReceiver:
    upstream = Upstream(url, options.pop("headers", {}), options.pop("seconds", 10.0))
    access = options.pop("access", Access())
    return OtlpReceiver(options=ReceiverOptions(access, upstream=upstream), grpc=options.pop("grpc", False), **options)


@pytest.fixture
def recorder() -> Recorder:
    made = Recorder()
    made.tracer().start_span("a").end()
    return made


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_what_an_exporter_sends_is_in_both(recorder: Recorder, compression: Compression) -> None:
    with OtlpReceiver() as collector, forwarding_to(collector.url) as between:
        exporter = OTLPSpanExporter(f"{between.url}/v1/traces", compression=compression)
        assert [exporter.export(recorder.spans) for _ in range(3)] == [SpanExportResult.SUCCESS] * 3
        exporter.shutdown()
        assert between.read().traces == collector.read().traces
        assert (between.received, collector.received) == (3, 3)
        assert len(collector._server.connections) == 1  # it stays open


def test_over_grpc_it_is_forwarded_over_http(recorder: Recorder) -> None:
    message = encode_spans(recorder.spans).SerializeToString()
    with OtlpReceiver() as collector, forwarding_to(collector.url, grpc=True) as between:
        with grpc.insecure_channel(between.grpc_url.removeprefix("http://")) as channel:
            assert channel.unary_unary(TRACES)(message, timeout=20, compression=grpc.Compression.Gzip) == b""
        assert between.read().traces == collector.read().traces != ()


def test_logs_and_metrics_are_forwarded() -> None:
    logs = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}'
    with OtlpReceiver() as collector, forwarding_to(collector.url) as between:
        assert ask(between, post(logs, "/v1/logs")).status == 200
        assert ask(between, post(b"anything", "/v1/metrics", PROTOBUF)).status == 200
        assert (between.counts.logs, collector.counts.logs) == (1, 1)
        assert (between.counts.metrics, collector.counts.metrics) == (1, 1)


@pytest.mark.parametrize("status", [400, 429, 503])
def test_what_the_collector_refuses_is_refused_and_not_kept(status: int) -> None:
    faults = InjectedFaults(refuse=status, refuse_share=1)
    with OtlpReceiver(options=ReceiverOptions(faults=faults)) as collector, forwarding_to(collector.url) as between:
        response = ask(between, post(A_JSON_SPAN))
        counts = between.counts
    assert (response.status, response.headers["retry-after"]) == (status, "1")
    assert json.loads(response.body)["message"] == f"the collector refused it with status {status}"
    assert (counts.refused_upstream, counts.rejected, counts.received) == (1, 1, 0)


def test_a_malformed_body_is_refused_whatever_the_collector_says(collector: Collector) -> None:
    with forwarding_to(collector.url) as between:
        assert ask(between, post(b"garbage")).status == 400
        assert ask(between, post(A_JSON_SPAN)).status == 200
        assert (between.rejected, between.received) == (1, 1)


def test_a_partial_success_of_the_collector_is_passed_on_and_counted(recorder: Recorder) -> None:
    message = encode_spans(recorder.spans).SerializeToString()
    limits = ReceiverLimits(spans=0)
    with OtlpReceiver(limits=limits) as collector, forwarding_to(collector.url) as between:
        direct, passed = (ask(each, post(message, content_type=PROTOBUF)) for each in (collector, between))
        assert (passed.status, passed.body) == (200, direct.body)
        as_json = ask(between, post(A_JSON_SPAN))
        assert json.loads(as_json.body)["partialSuccess"]["rejectedSpans"] == "1"
        assert (between.counts.rejected_upstream, between.received) == (2, 2)


def test_what_does_not_fit_here_is_told_though_the_collector_has_it() -> None:
    with OtlpReceiver() as collector, forwarding_to(collector.url, limits=ReceiverLimits(spans=0)) as between:
        response = ask(between, post(A_JSON_SPAN))
    assert json.loads(response.body)["partialSuccess"]["rejectedSpans"] == "1"


def test_a_collector_that_is_not_there_is_a_status_to_retry() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with forwarding_to(f"http://127.0.0.1:{port}") as between:
        response = ask(between, post(A_JSON_SPAN))
        assert (response.status, b"cannot be reached" in response.body, between.received) == (502, True, 0)


def test_a_collector_that_does_not_answer_is_a_status_to_retry() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        forwarding_to(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2) as between,
    ):
        response = ask(between, post(A_JSON_SPAN))
        assert (response.status, b"within 0.2 s" in response.body, between.received) == (504, True, 0)


class Collector:
    """A collector whose answers a test chooses; it notes the headers of each request."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = _success
        noted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                noted.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                noted.answer(self)

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def _success(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-type", JSON)
    handler.send_header("content-length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


@contextmanager
def running(collector: Collector) -> Iterator[Collector]:
    thread = threading.Thread(target=collector.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        collector.server.server_close()
        thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running(Collector()) as started:
        yield started


def test_headers_of_the_sender_are_passed_on_but_not_what_concerns_this_receiver(collector: Collector) -> None:
    access, body = Access(token="t0ken"), gzip.compress(A_JSON_SPAN)
    headers = {"authorization": "Bearer t0ken", "x-tenant": "a", "content_encoding": "gzip", "spanpact_session": "one"}
    with forwarding_to(f"{collector.url}/base/", access=access, headers={"api-key": "k", "x-own": "o"}) as between:
        sent = post(body, **{name.replace("-", "_"): value for name, value in headers.items()})
        assert ask(between, sent).status == 200
    [(path, seen, there)] = collector.requests
    assert (path, there) == ("/base/v1/traces", body)
    assert (seen["x-tenant"], seen["api-key"], seen["x-own"], seen["content-encoding"]) == ("a", "k", "o", "gzip")
    assert seen["host"] == collector.url.removeprefix("http://")
    assert not seen.keys() & {"authorization", "spanpact-session"}


def test_a_connection_that_the_collector_closes_is_replaced(collector: Collector) -> None:
    def close_after(handler: BaseHTTPRequestHandler) -> None:
        _success(handler)
        handler.close_connection = True  # without telling so

    collector.answer = close_after
    with forwarding_to(collector.url) as between, RawClient(between) as client:
        for _ in range(5):
            assert client.send(post(A_JSON_SPAN)).response().status == 200
        assert between.received == 5


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", b""])
def test_an_answer_that_cannot_be_read_is_a_status_to_retry(collector: Collector, answer: bytes) -> None:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    collector.answer = write
    with forwarding_to(collector.url) as between:
        response = ask(between, post(A_JSON_SPAN))
        assert (response.status, between.received) == (502, 0)


@pytest.mark.fault("N2")
def test_a_redirect_is_not_followed(collector: Collector) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("location", "http://127.0.0.1:1/")
        handler.send_header("content-length", "0")
        handler.end_headers()

    collector.answer = redirect
    with forwarding_to(collector.url) as between:
        assert (ask(between, post(A_JSON_SPAN)).status, between.received) == (502, 0)


@pytest.mark.parametrize("url", ["collector:4318", "ftp://a", "http://", "http://a?b=c", "http://u:p@a"])
def test_a_url_that_cannot_be_used_is_one_error_line(url: str) -> None:
    with pytest.raises(UsageError, match="forward to"):
        Upstream(url)
