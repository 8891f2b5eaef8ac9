"""A shop with two endpoints, and the load that calls it: the plain OpenTelemetry SDK, no instrumentation packages.

BREAK plants a fault (see README.md).
"""

from __future__ import annotations

import contextvars
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from opentelemetry import _logs, propagate, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

BREAK = os.environ.get("BREAK", "")
FLOWS = int(os.environ.get("FLOWS", "500"))
AT_ONCE = 4

spans = TracerProvider()  # reads OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and the like
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
records = LoggerProvider()
records.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
trace.set_tracer_provider(spans)
tracer, logger = trace.get_tracer("shop"), _logs.get_logger("shop", logger_provider=records)

orders: queue.Queue[dict[str, str]] = queue.Queue()
workers = ThreadPoolExecutor(2 * AT_ONCE)


class CardDeclined(Exception):
    """The bank refused the card."""


def load_cart() -> None:
    with tracer.start_as_current_span("cart.load") as span:
        span.set_attribute("cart.items", "3" if BREAK == "wrong-type" else 3)


def call(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Call the shop; gives status and body."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()


def ask_for_price(port: int, item: int) -> float:
    path = f"/price?item={item}"
    attributes = {
        "http.request.method": "GET",
        "url.full": f"http://127.0.0.1:{port}{path}",
        "server.address": "127.0.0.1",
    }
    with tracer.start_as_current_span("GET", kind=SpanKind.CLIENT, attributes=attributes) as span:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        status, body = call(port, path, headers)
        span.set_attribute("http.response.status_code", status)
        return float(body)


def reserve() -> None:
    with tracer.start_as_current_span("stock.reserve"):
        time.sleep(0.1 if BREAK == "not-awaited" else 0.001)


def publish(order: int) -> None:
    attributes = {
        "messaging.system": "queue",
        "messaging.operation.type": "send",
        "messaging.destination.name": "orders",
    }
    with tracer.start_as_current_span("send orders", kind=SpanKind.PRODUCER, attributes=attributes) as span:
        if BREAK == "email":
            span.set_attribute("messaging.message.body", f'{{"order": {order}, "to": "ada@example.com"}}')
        message: dict[str, str] = {}
        propagate.inject(message)
        orders.put(message)


def process_orders() -> None:
    """Process what was published, as another service would: long after the request, in the context of its message."""
    while True:
        message = orders.get()
        with tracer.start_as_current_span("process orders", propagate.extract(message), SpanKind.CONSUMER):
            time.sleep(0.001)
        orders.task_done()


def charge(order: int, amount: float) -> None:
    kind = SpanKind.INTERNAL if BREAK == "wrong-kind" else SpanKind.CLIENT
    with tracer.start_as_current_span("payment.charge", kind=kind, attributes={"payment.amount": amount}) as span:
        if order % 10 == 0:
            span.set_attribute("error.type", CardDeclined.__name__)
            raise CardDeclined("the card was declined")  # recorded by the span, which gets the status error


def checkout(port: int, order: int) -> int:
    load_cart()
    # A thread has a context of its own: it sees the current span only in a copy of this one.
    work: Callable[[], None] = reserve if BREAK == "lost-context" else partial(contextvars.copy_context().run, reserve)
    reserved = workers.submit(work)
    amount = ask_for_price(port, order)
    if BREAK != "not-awaited":
        reserved.result()
    try:
        charge(order, amount)
    except CardDeclined:
        logger.emit(severity_text="WARN", body="order refused")
        return 402
    publish(order)
    logger.emit(severity_text="INFO", body="order placed")
    return 200


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        attributes = {"http.request.method": "GET", "http.route": url.path, "url.path": url.path, "url.scheme": "http"}
        caller = propagate.extract(dict(self.headers))
        with tracer.start_as_current_span(f"GET {url.path}", caller, SpanKind.SERVER, attributes) as span:
            number = int(url.query.partition("=")[2])
            status = 200 if url.path == "/price" else checkout(self.connection.getsockname()[1], number)
            span.set_attribute("http.response.status_code", status)
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"12.5")

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    for work in (server.serve_forever, process_orders):
        threading.Thread(target=work, daemon=True).start()
    with ThreadPoolExecutor(AT_ONCE) as customers:
        for order in range(1, FLOWS + 1):
            customers.submit(call, server.server_port, f"/checkout?order={order}", {})
    workers.shutdown()
    orders.join()
    server.shutdown()
    server.server_close()
    spans.shutdown()  # sends what has not been sent yet
    records.shutdown()


if __name__ == "__main__":
    main()
