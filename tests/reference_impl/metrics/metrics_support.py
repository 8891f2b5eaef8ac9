"""A service with the middleware that counts, and scrapes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from reference_impl.metrics.exposition import OPENMETRICS
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.services.http_spans import TracingMiddleware
from reference_impl.services.responses import METRICS, metrics_endpoint

ROOT = Path(__file__).parents[3]
NAMED = SimpleNamespace(service_name="studio-api", service_version="0.1.0", environment="development")
WANTS_OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3"}


def families(metrics: ServiceMetrics, accept: str = OPENMETRICS) -> dict[str, Any]:
    """Scrape, and return the families by name, read by Prometheus' own parser."""
    body, content_type = metrics.scrape(accept)
    parse = parse_openmetrics if content_type.startswith(OPENMETRICS) else parse_plain
    return {family.name: family for family in parse(body.decode())}


def value(metrics: ServiceMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


async def answer(request: Request) -> Response:
    return PlainTextResponse("fine", int(request.query_params.get("status", "200")))


async def fail(_: Request) -> Response:
    raise LookupError("no key session:4711")


async def wait(request: Request) -> Response:
    request.app.state.waiting.set()
    await asyncio.Event().wait()
    raise AssertionError


async def healthz(_: Request) -> Response:
    return PlainTextResponse("ok")


def application(metrics: ServiceMetrics, tracer: Any) -> Starlette:
    """Return a service with the middleware of the real one, in its order."""
    routes = [
        Route("/users/{id}", answer, methods=["GET", "DELETE"]),
        Route("/fail", fail),
        Route("/wait", wait),
        Route("/healthz", healthz),
        Route(METRICS, metrics_endpoint),
    ]
    untraced = frozenset({"/healthz", METRICS})
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(TracingMiddleware, tracer=tracer, routes=routes, untraced=untraced, metrics=metrics),
        ],
    )
    app.state.metrics = metrics
    return app


def client_of(app: Starlette) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio")


def exemplars(metrics: ServiceMetrics, name: str, accept: str = OPENMETRICS) -> list[Any]:
    return [s.exemplar for s in families(metrics, accept)[name].samples if s.exemplar]
