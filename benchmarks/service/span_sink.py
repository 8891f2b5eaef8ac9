"""An endpoint for OTLP over HTTP that only counts spans: `python -m benchmarks.service.span_sink PORT`.

It takes spans at `/NAME/v1/traces` and answers the number of each name at `/NAME`. A store of traces in its place would
take turns with the service for the cores of a small machine.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from containers.servers.processes import LOOPBACK, ServerProcess


class SpanSink:
    """A sink in a process of its own, while the context of `span_sink` lasts."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{LOOPBACK}:{port}"

    def endpoint(self, name: str) -> str:
        """Return the base URL at which spans count for this name."""
        return f"{self._url}/{name}"

    def spans(self, name: str) -> int:
        """Return how many spans have arrived for this name."""
        return int(httpx2.get(self.endpoint(name), timeout=10).raise_for_status().text)


@contextmanager
def span_sink() -> Iterator[SpanSink]:
    """Run a sink on a free port of loopback."""
    with ServerProcess("span-sink", _command, answers=_answers) as server:
        yield SpanSink(server.port)


def _command(port: int, _folder: Path) -> Sequence[str]:
    return [sys.executable, "-m", "benchmarks.service.span_sink", str(port)]


def _answers(port: int) -> bool:
    try:
        return SpanSink(port).spans("ready") == 0
    except httpx2.HTTPError:
        return False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    counts: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        found = sum(len(scope.spans) for group in request.resource_spans for scope in group.scope_spans)
        self.counts[self._name()] += found
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(str(self.counts[self._name()]).encode())

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def _name(self) -> str:
        return self.path.split("/")[1]

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(port: int) -> None:
    """Serve until the process is ended."""
    ThreadingHTTPServer((LOOPBACK, port), _Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
