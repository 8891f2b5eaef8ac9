"""A request's span has the template of the first route that its path matches, however the route is found (S4.4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import Response
from starlette.routing import Route, Router

from reference_impl.services.http_spans import TracingMiddleware


async def answer(_: Any) -> Response:
    return Response(status_code=204)


ROUTES = [
    Route("/session", answer, methods=["GET"]),
    Route("/users/{id}", answer, methods=["GET"]),
    Route("/users/all", answer, methods=["GET"]),
    Route("/session", answer, methods=["DELETE"]),
]
"""The path `/users/all` belongs to the template before it."""


@pytest.mark.parametrize(
    ("path", "root_path", "name"),
    [
        ("/session", "", "GET /session"),
        ("/users/7", "", "GET /users/{id}"),
        ("/users/all", "", "GET /users/{id}"),
        ("/session/", "", "GET"),
        ("/session\n", "", "GET /session"),
        ("/studio/session", "/studio", "GET /session"),
        ("/session", "/session", "GET"),
        ("/studio/users/all", "/studio", "GET /users/{id}"),
    ],
)
def test_the_name_is_that_of_the_first_route_that_matches(
    exporter: InMemorySpanExporter, path: str, root_path: str, name: str
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = TracingMiddleware(Router(ROUTES, redirect_slashes=False), tracer=provider.get_tracer("test"), routes=ROUTES)
    scope = {"type": "http", "method": "GET", "path": path, "root_path": root_path, "headers": [], "query_string": b""}

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(_: Any) -> None:
        pass

    asyncio.run(app(scope, receive, send))
    (span,) = exporter.get_finished_spans()
    assert span.name == name
