"""A service that offers scenarios over HTTP and exports by OTLP; BREAK says how it departs from what is asked of it.

It makes the spans of the Redis commands by hand: what is tested is who performs and judges the scenarios.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

MODE = os.environ.get("BREAK", "")
CLAIMED = {"unknown-claim": ["redis-gte-hit"], "no-claims": []}.get(MODE, ["redis-get-hit", "redis-set"])
RESOURCE = {"service.name": "shop", "service.version": "1", "deployment.environment": "development"}
COMMON = {"db_type": "redis", "latency_ms": 0.4, "connection_pool": "main", "correlation.id": "c-1"}
SERVER = {"server.address": "127.0.0.1", "server.port": 6379}

provider = TracerProvider(resource=Resource(RESOURCE))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")


def perform(scenario: str) -> str:
    """Make the span of a scenario and return its trace id."""
    key = "session:1" if MODE == "raw-key" else "session:*"
    operation = "GET" if scenario == "redis-get-hit" else "SET"
    attributes: dict[str, Any] = {**COMMON, **SERVER, "key": key, "operation": operation}
    if operation == "GET":
        attributes |= {"cache_hit": True, "cache_miss": False}
    name = "shop.work" if MODE == "unexercised" else f"redis.{operation.lower()}"
    with tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes) as span:
        return format(span.get_span_context().trace_id, "032x")


class Handler(BaseHTTPRequestHandler):
    """The two endpoints of docs/implementers.md."""

    def do_GET(self) -> None:
        """Answer which scenarios can be performed."""
        self.answer(200, [] if MODE == "wrong-claims" else {"name": "shop", "scenarios": CLAIMED})

    def do_POST(self) -> None:
        """Perform a scenario and answer with its traces."""
        scenario = self.path.rpartition("/")[2]
        if MODE == "fails" and scenario == "redis-set":
            self.answer(500, {"error": "no such table"})
        elif MODE == "dies":
            os._exit(7)
        elif MODE == "never-exported":
            self.answer(200, {"traces": ["1" * 32]})
        elif MODE == "traced-endpoint":
            path = {"url.path": self.path}
            with tracer.start_as_current_span("POST", kind=SpanKind.SERVER, attributes=path):
                self.answer(200, {"traces": [perform(scenario)]})
        else:
            self.answer(200, {"traces": [perform(scenario)]})

    def answer(self, status: int, document: object) -> None:
        """Send a JSON document."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


def main() -> None:
    """Serve until SIGTERM, then send what has not been sent yet."""
    if MODE == "exits":
        sys.exit(5)
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    stop = signal.SIG_IGN if MODE == "stays" else lambda *_: Thread(target=server.shutdown).start()
    signal.signal(signal.SIGTERM, stop)
    server.serve_forever()
    provider.shutdown()


if __name__ == "__main__":
    main()
