"""A real HTTP endpoint that gives sampling rates as Jaeger does, and can misbehave as endpoints do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler], None]
"""Answers one request."""


def sends(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with these bytes."""

    def reply(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return reply


def gives(answer: Any) -> Reply:
    """Answer with a JSON document."""
    return sends(json.dumps(answer).encode())


def rate(value: float) -> Reply:
    """Answer as Jaeger does for a service with one rate."""
    return gives({"strategyType": 0, "probabilisticSampling": {"samplingRate": value}})


class RateEndpoint:
    """An endpoint with a reply that tests change: `url`, the paths asked for, and `release` of hung replies."""

    def __init__(self) -> None:
        self.reply: Reply = rate(1.0)
        self.asked: list[str] = []
        self.release = threading.Event()
        self.url = ""

    def hangs(self, request: BaseHTTPRequestHandler) -> None:
        """Answer nothing until the test releases it."""
        self.release.wait(30)

    def drips(self, request: BaseHTTPRequestHandler) -> None:
        """Answer with a byte now and then, until the test releases it."""
        request.send_response(200)
        request.end_headers()
        while not self.release.wait(0.01):
            request.wfile.write(b" ")
            request.wfile.flush()


@contextmanager
def rate_endpoint() -> Iterator[RateEndpoint]:
    """Run an endpoint on a free port of loopback."""
    endpoint = RateEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            endpoint.asked.append(self.path)
            try:
                endpoint.reply(self)
            except OSError:
                self.close_connection = True  # the client gave up

        def log_message(self, *args: object) -> None:
            """Keep the output of tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}/sampling"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.release.set()
            server.shutdown()
            thread.join()
