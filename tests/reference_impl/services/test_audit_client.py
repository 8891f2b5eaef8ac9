"""studio-api's call to audit-api: traced, with a small deadline, and no failure of the request (S5.2, S5.5)."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.correlation import correlation
from reference_impl.services.audit_client import AuditClient
from tests.reference_impl.propagation.propagation_support import Traced
from tests.reference_impl.redis_tracing.redis_support import free_port, run

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """Run a server on loopback that handles each connection as the test says. Yield its base URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        # Each connection ends as its client goes away. One that was just accepted is a task of the loop before it is
        # ours, and would be lost if the server were closed before that has run.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*others)


def answering(status: str, requests: list[bytes] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if requests is not None:
            requests.append(head)
        writer.write(f"HTTP/1.1 {status}\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n".encode())
        await reader.read()

    return serve


def call(traced: Traced, url: str, *, deadline_s: float = 10.0) -> Callable[[], Awaitable[tuple[bool, AuditClient]]]:
    async def go() -> tuple[bool, AuditClient]:
        audit = AuditClient(url, traced.tracer, deadline_s=deadline_s)
        with correlation("c-1"), operation_span(traced.tracer, "request"):
            confirmed = await audit.record("session.created", {"user_id": 7})
        await audit.close()
        return confirmed, audit

    return go


def test_a_call_is_a_client_span_and_carries_trace_baggage_and_correlation_id(traced: Traced) -> None:
    requests: list[bytes] = []

    async def main() -> str:
        async with server(answering("201 Created", requests)) as url:
            confirmed, audit = await call(traced, url)()
            assert (confirmed, audit.lost) == (True, 0)
            assert repr(audit) == f"<AuditClient {url}/audit/records, 0 lost>"
            return url

    url = run(main)
    span = traced.span("POST")
    assert (span.kind, span.status.status_code) == (SpanKind.CLIENT, StatusCode.UNSET)
    assert traced.parent_name("POST") == "request"
    assert dict(span.attributes or {}) == {
        "correlation.id": "c-1",
        "http.request.method": "POST",
        "http.response.status_code": 201,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": int(url.rpartition(":")[2]),
        "url.full": f"{url}/audit/records",
    }
    assert span.context
    sent = dict(line.split(": ", 1) for line in requests[0].decode().lower().split("\r\n")[1:] if line)
    assert sent["x-correlation-id"] == "c-1"
    assert sent["baggage"] == "correlation.id=c-1"
    trace_id, span_id = trace.format_trace_id(span.context.trace_id), trace.format_span_id(span.context.span_id)
    assert sent["traceparent"].startswith(f"00-{trace_id}-{span_id}-")


@pytest.mark.parametrize("status", ["422 Unprocessable", "503 Service Unavailable", "302 Found", "200 OK"])
def test_an_answer_that_confirms_nothing_is_on_the_span_and_raises_nothing(traced: Traced, status: str) -> None:
    async def main() -> None:
        async with server(answering(status)) as url:
            confirmed, audit = await call(traced, url)()
            assert (confirmed, audit.lost) == (False, 1)

    run(main)
    span = traced.span("POST")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == status[:3]
    assert (span.attributes or {})["http.response.status_code"] == int(status[:3])


def test_a_dead_audit_api_costs_a_span_with_the_reason_and_one_line_of_log(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        audit = AuditClient(f"http://127.0.0.1:{free_port()}", traced.tracer, deadline_s=10)
        for _ in range(3):
            assert not await audit.record("session.created", {})
        assert audit.lost == 3
        await audit.close()

    with caplog.at_level(logging.WARNING, "reference_impl.services.audit_client"):
        run(main)
    assert [(span.attributes or {})["error.type"] for span in traced.spans("POST")] == ["ConnectError"] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "audit-api did not confirm a record (ConnectError); later ones are only counted"
    ]


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Each byte comes in time for a timeout per read, and the whole never."""
    writer.write(b"HTTP/1.1 201 Created\r\nx: ")
    while not reader.at_eof():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("serve", [_hang, _drip])
def test_a_slow_audit_api_costs_the_deadline_in_all_and_no_more(traced: Traced, serve: Serve) -> None:
    async def main() -> None:
        async with server(serve) as url:
            confirmed, _ = await call(traced, url, deadline_s=0.05)()
            assert not confirmed

    run(main)
    kinds = ("TimeoutError", "ReadTimeout", "ConnectTimeout")
    assert (traced.span("POST").attributes or {})["error.type"] in kinds


@pytest.mark.parametrize("deadline_ms", [0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
def test_a_deadline_that_ends_while_it_connects_leaves_no_connection(traced: Traced, deadline_ms: float) -> None:
    async def main() -> None:
        async with server(_hang) as url:
            confirmed, _ = await call(traced, url, deadline_s=deadline_ms / 1000)()
            assert not confirmed

    run(main)
    gc.collect()  # what was left open warns now, and a warning is an error


def test_the_caller_s_own_cancellation_goes_through(traced: Traced) -> None:
    async def main() -> None:
        arrived = asyncio.Event()

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            arrived.set()
            await _hang(reader, writer)

        async with server(hang) as url:
            task = asyncio.ensure_future(call(traced, url)())
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main)
    assert (traced.span("POST").attributes or {})["error.type"] == "CancelledError"


@pytest.mark.parametrize(
    ("url", "shown", "address", "port"),
    [
        ("https://bob:secret@audit.example/base/", "https://audit.example/base/audit/records", "audit.example", 443),
        ("http://[::1]:8081", "http://[::1]:8081/audit/records", "::1", 8081),
        ("http://audit", "http://audit/audit/records", "audit", 80),
    ],
)
def test_the_address_is_shown_without_credentials(
    traced: Traced, url: str, shown: str, address: str, port: int
) -> None:
    async def main() -> None:
        def refuse(request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("bob:secret")

        audit = AuditClient(url, traced.tracer, transport=httpx2.MockTransport(refuse))
        assert not await audit.record("session.created", {})
        await audit.close()
        assert "secret" not in repr(audit)

    run(main)
    attributes: Any = traced.span("POST").attributes
    assert (attributes["url.full"], attributes["server.address"], attributes["server.port"]) == (shown, address, port)
    assert "secret" not in traced.span("POST").to_json()
