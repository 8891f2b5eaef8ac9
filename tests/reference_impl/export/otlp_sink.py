"""A small OTLP/HTTP endpoint on loopback that keeps its requests, and can be made to misbehave."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class OtlpSink:
    """`spans` in order of arrival; `resources`, `headers`, the caller's port and the time (monotonic) of each request.

    It behaves by the attributes below.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.ports: list[int] = []
        self.times: list[float] = []
        self.status = 200
        self.retry_after = ""
        self.rejected = 0
        self.reply: bytes | None = None
        self.released = threading.Event()
        self.released.set()
        self.url = ""

    def names(self) -> list[str]:
        """Return the spans' names, sorted."""
        return sorted(span.name for span in self.spans)

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.released.wait(60)
        self.headers.append(headers)
        self.times.append(time.monotonic())
        if self.status != 200:
            return self.status, b""
        text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        request = ExportTraceServiceRequest.FromString(text)
        for group in request.resource_spans:
            self.resources.append({item.key: item.value.string_value for item in group.resource.attributes})
            self.spans += [span for scope in group.scope_spans for span in scope.spans]
        answer = ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(rejected_spans=self.rejected))
        return 200, answer.SerializeToString() if self.reply is None else self.reply


@contextmanager
def otlp_sink() -> Iterator[OtlpSink]:
    """Run a sink on a free port of loopback; its `url` is the base URL."""
    sink = OtlpSink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(sink))
    server.daemon_threads = True
    sink.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def _handler(sink: OtlpSink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a response in two parts takes the 40 ms of a delayed acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sink.ports.append(self.client_address[1])
            status, answer = sink.take({name.lower(): value for name, value in self.headers.items()}, body)
            try:
                self.send_response(status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                if sink.retry_after and status != 200:
                    self.send_header("retry-after", sink.retry_after)
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                self.close_connection = True  # the client gave up, as a hung endpoint makes it do

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
