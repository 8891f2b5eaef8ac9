"""The HTTP server's spans of odd requests (S3, S5.2).

The application here is a small one behind the service's own middleware, so that it may do what no good one does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, get_current_span
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from contracts.exact_scenarios.helpers import RecordedMeasures
from contracts.exact_scenarios.operations import REMOTE, UNSAMPLED
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.instrumentation.measures import MeasuredTracer
from reference_impl.propagation.correlation import current_correlation_id
from reference_impl.services.http_spans import TracingMiddleware, request_headers

SENT = {"x-correlation-id": "c-1"}
Headers: TypeAlias = Mapping[str, str] | Sequence[tuple[bytes, bytes]]
TRACEPARENT = f"00-{'9' * 32}-{'9' * 16}-01"


async def _never(*_: Any) -> Any:
    raise AssertionError("the routes only name the spans")


ROUTES = (
    Mount("/files", app=_never),
    Route("/things/{id}", _never, methods=["GET"]),
    Route("/things", _never, methods=["POST"]),
)


def _raising() -> None:
    raise LookupError(EMAIL)


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the status in the query; raise before or after the answer if the query names that."""
    query = scope.get("query_string", b"").decode()
    if scope["type"] != "http" or query == "read":
        assert (await receive())["type"] == "http.request"
    if scope["type"] != "http":
        await send({"type": f"{scope['type']}.answered"})
    elif query == "raise":
        _raising()
    elif query == "late":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        _raising()
    elif query == "cancelled":
        raise asyncio.CancelledError
    else:
        await PlainTextResponse(current_correlation_id() or "", int(query if query.isdigit() else 200))(
            scope, receive, send
        )


class _Client:
    """Sends requests directly to the middleware, as a server does, and keeps the answers."""

    def __init__(self, harness: Harness, **options: Any) -> None:
        tracer = harness.telemetry.tracer("reference_impl.services.http_spans")
        chosen: dict[str, Any] = {"tracer": tracer, "routes": ROUTES, "untraced": frozenset({"/healthz"})} | options
        self._stage = harness
        self._app = TracingMiddleware(_application, **chosen)

    async def ask(
        self, path: str, headers: Headers = SENT, *, raises: type[BaseException] | None = None, **scope: Any
    ) -> list[Message]:
        """Send one request; the answer's headers have its trace id and its correlation id."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        path, _, query = path.partition("?")
        raw = [(k.encode(), v.encode()) for k, v in headers.items()] if isinstance(headers, Mapping) else headers
        whole = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw} | scope
        made = len(self._stage.exporter.get_finished_spans())
        with suppress(*[raises] if raises else []):
            await self._app(whole, receive, send)
            assert raises is None
        new = self._stage.exporter.get_finished_spans()[made:]
        answered = [message for message in sent if message["type"] == "http.response.start"]
        if new and answered:
            here: Any = new[-1].get_span_context()
            answer_headers = dict(answered[0]["headers"])
            response = f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"
            assert answer_headers[b"traceresponse"].decode() == response
            assert answer_headers[b"x-correlation-id"].decode() == new[-1].attributes["correlation.id"]  # type: ignore[index]
        return sent


async def _requests(harness: Harness) -> None:
    """Paths, methods, statuses and servers of every kind."""
    client = _Client(harness)
    for path in ("/things/7", "/things", "/nothing", "/files/a", "/", "/things/7/8", f"/things/{EMAIL}"):
        await client.ask(path)
    for method in (
        "POST",
        "HEAD",
        "QUERY",
        "PATCH",
        "TRACE",
        "CONNECT",
        "PUT",
        "DELETE",
        "OPTIONS",
        "get",
        "BREW",
        EMAIL,
    ):
        await client.ask("/things/7", method=method)
        await client.ask("/nothing", method=method)
    for status in (100, 204, 302, 404, 499, 500, 503):
        sent = await client.ask(f"/things/7?{status}")
        assert sent[0]["status"] == status
    for scope in (
        {"server": ("studio-api", 8000)}, {"server": ("studio-api", None)}, {"server": None}, {"scheme": "https"},
        {"http_version": "2"}, {"server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.0"},
    ):  # fmt: skip
        await client.ask("/things/7", **scope)
    await client.ask("/things/7?read")
    sent = await client.ask("/healthz")
    assert all(b"traceresponse" not in dict(message.get("headers", ())) for message in sent)
    assert await client.ask("/things/7", type="websocket") == [{"type": "websocket.answered"}]
    assert await _Client(harness, untraced=frozenset()).ask("/healthz")


async def _raised(harness: Harness) -> None:
    """An exception before an answer becomes one; after an answer it propagates, and so does a cancellation."""
    client = _Client(harness)
    sent = await client.ask("/things/7?raise")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], sent[1]["body"]) == (500, b'{"error":"internal error"}')
    sent = await client.ask("/things/7?late", raises=LookupError)
    assert [message["type"] for message in sent] == ["http.response.start"]
    await client.ask("/things/7?cancelled", raises=asyncio.CancelledError)
    assert EMAIL not in harness.log.getvalue()
    recorded = RecordedMeasures()
    measured = _Client(
        harness, tracer=MeasuredTracer(harness.telemetry.tracer("reference_impl.services.http_spans"), recorded)
    )
    await measured.ask("/things/7")
    assert [operation[:3] for operation in recorded.operations] == [
        ("GET /things/{id}", trace.SpanKind.SERVER, type(None))
    ]


async def _callers(harness: Harness) -> None:
    """Headers of a caller: a parent, baggage, a correlation id; valid and invalid, once and twice."""
    numbers = iter(range(100))
    client = _Client(harness, make_correlation_id=lambda: f"made-{next(numbers)}")
    for headers in (
        {}, {"x-correlation-id": "c-2"}, {"X-Correlation-ID": "c-3"}, {"x-correlation-id": EMAIL},
        {"x-correlation-id": ""},
        {"baggage": "correlation.id=c-4"}, {"baggage": f"correlation.id={EMAIL}"},
        {"baggage": "a=b,correlation.id=c-5"},
        {"x-correlation-id": "c-6", "baggage": "correlation.id=c-7"}, {"traceparent": TRACEPARENT},
        {"traceparent": TRACEPARENT, "tracestate": "a=b"}, {"TraceParent": TRACEPARENT}, {"traceparent": "00-1-2-01"},
    ):  # fmt: skip
        await client.ask("/things", headers)
    for twice in (
        [(b"x-correlation-id", b"c-8"), (b"x-correlation-id", b"c-9")],
        [(b"X-Correlation-Id", b"c-8"), (b"x-CORRELATION-id", b"c-8")],
        [(b"traceparent", TRACEPARENT.encode())] * 2, [(b"baggage", b"a=b"), (b"baggage", b"correlation.id=c-10")],
        [(b"x-correlation-id", "c-é".encode("latin-1"))], [(b"x-correlation-id", b"\xff\xfe")],
    ):  # fmt: skip
        await client.ask("/things", twice)
    names = [(b"A", b"1"), (b"b", "ü".encode("latin-1")), (b"a", b"2")]
    assert request_headers({"headers": names}) == {"a": "1,2", "b": "ü"}
    for parent in (REMOTE, UNSAMPLED):
        made = len(harness.exporter.get_finished_spans())
        with trace.use_span(NonRecordingSpan(parent)):  # the server's own context is not the caller's
            await client.ask("/things")
        assert len(harness.exporter.get_finished_spans()) == made + 1
    sent = await client.ask("/things", {"traceparent": f"{TRACEPARENT[:-1]}0"})
    answer_headers = dict(sent[0]["headers"])
    assert answer_headers[b"traceresponse"].startswith(f"00-{'9' * 32}-".encode())
    assert (answer_headers[b"traceresponse"][-2:], answer_headers[b"x-correlation-id"]) == (b"00", sent[1]["body"])
    assert not get_current_span().get_span_context().is_valid
    off = _Client(harness, tracer=trace.NoOpTracer())
    sent = await off.ask("/things")
    assert b"traceresponse" not in dict(sent[0]["headers"])
    assert dict(sent[0]["headers"])[b"x-correlation-id"] == b"c-1"


ACTIONS: dict[str, Action] = {
    "http-requests": _requests,
    "http-raised": _raised,
    "http-callers": _callers,
}
"""By scenario."""
