"""The HTTP server's span and metrics: an ASGI middleware, by the stable OpenTelemetry HTTP conventions (S4.4, S5.2).

The span is a root, or a child of the remote parent in `traceparent`. Its name and `url.path` come from the route's
template: the text that a client puts into a path is never shown.

Own code because opentelemetry-instrumentation-asgi adds 317,000 instructions to a traced request of 2,600,000, and
shows paths, queries, addresses and agents of clients; `plain_spans` has it do the same where speed does not matter.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final, TypeAlias

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.instrumentation.operation_spans import operation_span, record_failure
from reference_impl.instrumentation.unchecked_attributes import set_unchecked_attributes
from reference_impl.logs.structured import get_logger
from reference_impl.metrics.catalogue import OTHER
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.propagation.correlation import HEADER, correlation, extract, incoming, new_correlation_id
from reference_impl.services.responses import JsonResponse
from reference_impl.vocabulary import ERROR_TYPE, REQUEST_HANDLED, SERVER_ADDRESS, SERVER_PORT

logger = logging.getLogger("reference_impl.http")
log = get_logger("reference_impl.http")

METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
TRACE_HEADER: Final = "traceresponse"
Described: TypeAlias = tuple[str, dict[str, Any]]
"""A server span's name and attributes."""
UNMATCHED: Final = "[unmatched]"
"""The value of `url.path` for a path that matches no route."""


@dataclass(slots=True, eq=False, repr=False)
class TracingMiddleware:
    """Makes one server span for each request, and reads and writes the correlation id.

    An unhandled exception becomes a JSON response with status 500, unless a response was started. It is logged with
    the places of its stack, never with its message.

    With `metrics` each request is counted, sampled or not, by its span's name; one that matches no route, or has a
    method that its route does not have, counts as `other`.
    """

    app: ASGIApp
    _: KW_ONLY
    tracer: Tracer
    routes: Sequence[BaseRoute]
    untraced: frozenset[str] = frozenset()
    make_correlation_id: Callable[[], str] = new_correlation_id
    metrics: ServiceMetrics | None = None
    _operations: frozenset[str] = field(init=False)
    _templates: dict[str, str | None] = field(init=False)

    def __post_init__(self) -> None:
        known = [route for route in self.routes if isinstance(route, Route)]
        self._operations = frozenset(f"{method} {route.path}" for route in known for method in route.methods or ())
        # Paths without parameters need no search. Starlette searches too, for the handler.
        paths = [route.path for route in known if not route.param_convertors]
        self._templates = {path: template_of({"type": "http", "path": path, "method": ""}, known) for path in paths}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; other protocols than HTTP and the untraced paths are passed through."""
        if scope["type"] != "http" or scope["path"] in self.untraced:
            await self.app(scope, receive, send)
            return
        headers = request_headers(scope)
        context = extract(headers)
        with correlation(incoming(headers, context, make=self.make_correlation_id)) as correlation_id:
            is_known = scope["path"] in self._templates and not scope.get("root_path")
            template = self._templates[scope["path"]] if is_known else template_of(scope, self.routes)
            request = describe_request(scope, template)
            await self.trace(scope, receive, send, request, context, correlation_id)

    async def trace(
        self, scope: Scope, receive: Receive, send: Send, request: Described, context: Context, correlation_id: str
    ) -> None:
        """Serve one request in its span, a child of the remote span in `context`."""
        name, attributes = request
        opened = operation_span(self.tracer, name, kind=SpanKind.SERVER, attributes=attributes, context=context)
        with opened as span:
            reply = Reply(send, span, correlation_id)
            await self.serve(scope, receive, reply, name)
            # The caller has its response since: its own span may end before the line is logged here.
            opened.ended_ns = reply.sent_ns

    async def serve(self, scope: Scope, receive: Receive, reply: Reply, name: str) -> None:
        """Serve one request, whose span is the current one; log it by its name."""
        started = time.perf_counter()
        failure: BaseException | None = None
        if self.metrics is not None:
            self.metrics.request_began()
        try:
            await self.app(scope, receive, reply)
        except Exception as error:
            failure = error
            _log(error)
            if reply.started:
                raise
            record_failure(reply.span, error)
            await JsonResponse({"error": "internal error"}, 500)(scope, receive, reply)
        except BaseException as error:
            failure = error
            raise
        finally:
            seconds = time.perf_counter() - started
            log.info(REQUEST_HANDLED, request=name, status=reply.status, duration_ms=round(seconds * 1000, 3))
            if self.metrics is not None:
                operation = name if name in self._operations else OTHER
                self.metrics.request_ended(operation, reply.status or None, seconds, error=failure, span=reply.span)
            failure = None  # breaks the reference cycle of the exception and this frame


class Reply:
    """The application's `send`, which adds the correlation and trace id and sets the span's status.

    `sent_ns` is when the last part was passed on (nanoseconds since the epoch), None before.
    """

    __slots__ = ("_correlation_id", "_send", "sent_ns", "span", "started", "status")

    def __init__(self, send: Send, span: Span, correlation_id: str) -> None:
        self._send = send
        self._correlation_id = correlation_id
        self.span = span
        self.started = False
        self.status = 0
        self.sent_ns: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            headers[HEADER] = self._correlation_id
            if self.span.get_span_context().is_valid:
                headers[TRACE_HEADER] = trace_response(self.span)
            _record_status(self.span, message["status"])
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            self.sent_ns = time.time_ns()
        await self._send(message)


def request_headers(scope: Scope) -> dict[str, str]:
    """Return the request's headers by lower-case name; the values of a repeated name are joined by commas.

    So two trace parents or correlation ids are invalid, because either may be forged, and two baggage headers are one.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def trace_response(span: Span) -> str:
    """Return `traceresponse` of W3C Trace Context level 2, by which a client finds the trace of its request."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _record_status(span: Span, status: int) -> None:
    set_unchecked_attributes(span, {"http.response.status_code": int(status)})
    if status >= 500:
        span.set_status(StatusCode.ERROR)
        if ERROR_TYPE not in (getattr(span, "attributes", None) or {}):
            span.set_attribute(ERROR_TYPE, str(status))


def template_of(scope: Scope, routes: Sequence[BaseRoute]) -> str | None:
    """Return the template of the route that the request's path matches, for any method; None without one."""
    known = (route for route in routes if isinstance(route, Route))
    return next((route.path for route in known if route.matches(scope)[0] is not Match.NONE), None)


def describe_request(scope: Scope, template: str | None) -> Described:
    """Return the server span's name and attributes, without query, client address and agent: they may be personal."""
    method = scope["method"] if scope["method"] in METHODS else "_OTHER"
    shown = method if method != "_OTHER" else "HTTP"
    attributes: dict[str, Any] = {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": template or UNMATCHED,
        "network.protocol.version": scope.get("http_version", "1.1"),
    }
    if template is not None:
        attributes["http.route"] = template
    if scope.get("server"):
        attributes[SERVER_ADDRESS] = scope["server"][0]
        attributes |= {SERVER_PORT: scope["server"][1]} if scope["server"][1] is not None else {}
    return (f"{shown} {template}" if template else shown), attributes


def _log(error: Exception) -> None:
    places = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(traceback.extract_tb(error.__traceback__)))
    logger.error("unhandled %s at %s", type(error).__name__, places)
