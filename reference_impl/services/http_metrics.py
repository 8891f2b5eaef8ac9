"""Counts requests, and answers the scraper: one ASGI middleware and one handler (S4.4).

The middleware stands within TracingMiddleware, so that the server's span is current when a request ends; it counts
every request, whatever the sampler says.
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
"""The path that is scraped."""


class MetricsMiddleware:
    """Counts each request by its operation: method and route template, as its span is called (`GET /session`).

    What fits no route, or has a method that its route does not have, counts as `other`.
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
        """Serve one connection; what is not HTTP, and the uncounted paths, pass through."""
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
            error = None  # else it and this frame hold each other

    def _operation(self, scope: Scope) -> str:
        operation = f"{scope['method']} {template_of(scope, self._routes)}"
        return operation if operation in self._operations else OTHER


class _Reply:
    """The `send` that the application gets: keeps the status."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def metrics_endpoint(request: Request) -> Response:
    """GET /metrics: what `app.state.metrics` counted."""
    metrics: ServiceMetrics = request.app.state.metrics
    body, content_type = metrics.scrape(request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})
