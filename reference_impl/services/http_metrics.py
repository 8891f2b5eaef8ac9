"""Counts requests and serves the scrape: one ASGI middleware and one handler (S4.4).

The middleware runs inside TracingMiddleware, so that the server's span is current when a request ends. It counts every
request, sampled or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Final

from opentelemetry.trace import get_current_span
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.metrics.catalogue import OTHER
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.services.http_spans import template_of

METRICS: Final = "/metrics"
"""The path of the scrape."""


class MetricsMiddleware:
    """Counts each request by its operation: method and route template, like its span's name (`GET /session`).

    A request that matches no route, or has a method that its route does not have, counts as `other`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: ServiceMetrics,
        routes: Sequence[BaseRoute],
        uncounted: frozenset[str] = frozenset({METRICS}),
    ) -> None:
        self.app = app
        self._metrics = metrics
        self._routes = routes
        self._uncounted = uncounted
        known = (route for route in routes if isinstance(route, Route))
        self._operations = {f"{method} {route.path}" for route in known for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; other protocols than HTTP and the uncounted paths are passed through."""
        if scope["type"] != "http" or scope["path"] in self._uncounted:
            await self.app(scope, receive, send)
            return
        operation = self._operation(scope)
        reply = _Reply(send)
        error: BaseException | None = None
        started = perf_counter()
        self._metrics.request_began()
        try:
            await self.app(scope, receive, reply)
        except BaseException as raised:
            error = raised
            raise
        finally:
            seconds, span = perf_counter() - started, get_current_span()
            self._metrics.request_ended(operation, reply.status, seconds, error=error, span=span)
            error = None  # breaks the reference cycle of the exception and this frame

    def _operation(self, scope: Scope) -> str:
        operation = f"{scope['method']} {template_of(scope, self._routes)}"
        return operation if operation in self._operations else OTHER


class _Reply:
    """The application's `send`, which keeps the status."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def metrics_endpoint(request: Request) -> Response:
    """Serve GET /metrics: the numbers of `app.state.metrics`."""
    metrics: ServiceMetrics = request.app.state.metrics
    body, content_type = metrics.scrape(request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})
