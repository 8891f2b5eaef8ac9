"""A server's span ends when its response is sent, not when the work after it is done (S5.5)."""

from __future__ import annotations

import asyncio
from time import time_ns

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.services.http_spans import TracingMiddleware
from tests.reference_impl.redis_tracing.redis_support import run

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}


def serve(app: ASGIApp, provider: TracerProvider) -> list[tuple[Message, int]]:
    """Serve one request; return what was sent, each with the time (nanoseconds) at which it was."""
    sent: list[tuple[Message, int]] = []

    async def send(message: Message) -> None:
        sent.append((message, time_ns()))

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    run(lambda: TracingMiddleware(app, tracer=provider.get_tracer("test"), routes=())(dict(SCOPE), receive, send))
    return sent


def server_span(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


async def _work() -> None:
    await asyncio.sleep(0.02)


async def in_two_parts(scope: Scope, receive: Receive, send: Send) -> None:
    """Send two parts, and work on after each."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await _work()
    await send({"type": "http.response.body", "body": b"b"})
    await _work()


def test_the_span_ends_with_the_last_part_of_the_response(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    (_, _), (_, first), (_, last) = serve(in_two_parts, provider)
    assert first < (server_span(exporter).end_time or 0) <= last


def test_a_failure_after_the_response_ends_the_span_later(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    failed: list[int] = []

    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        await in_two_parts(scope, receive, send)
        failed.append(time_ns())
        raise LookupError

    with pytest.raises(LookupError):
        serve(fails, provider)
    span = server_span(exporter)
    assert (span.end_time or 0) >= failed[0]
    assert (span.attributes or {})["error.type"] == "LookupError"


def test_a_request_without_a_response_ends_its_span_at_the_end(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    ended: list[int] = []

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await _work()
        ended.append(time_ns())

    assert serve(silent, provider) == []
    assert (server_span(exporter).end_time or 0) >= ended[0]
