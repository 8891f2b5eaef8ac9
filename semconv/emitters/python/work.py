"""Calls of an ASGI service and of Redis, traced by the contrib instrumentations."""

from __future__ import annotations

import contextlib
import http.client
import os
import threading
import time

import redis
import uvicorn
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def answer(request: Request) -> Response:
    """Answer with the status code that the query asks for."""
    return Response("ok", int(request.query_params.get("status", "200")))


async def fail(request: Request) -> Response:
    """Fail as a handler with a mistake does."""
    raise RuntimeError("a mistake")


def call_http(port: int) -> None:
    """Call the service, without a trace of this side."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    calls = [("GET", f"/items/7?status={status}") for status in (200, 404, 503)]
    for method, path in (*calls, ("PROPFIND", "/items/7"), ("GET", "/fails")):
        connection.request(method, path)
        connection.getresponse().read()
    connection.close()


def serve_and_call() -> None:
    """Run the service while it is called."""
    methods = ["GET", "PROPFIND"]
    app = Starlette(routes=[Route("/items/{id}", answer, methods=methods), Route("/fails", fail)])
    config = uvicorn.Config(OpenTelemetryMiddleware(app), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    call_http(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    serving.join()


def call_redis(url: str) -> None:
    """Call Redis, at last with a command that fails."""
    with redis.Redis.from_url(url) as client:
        client.set("item:7", "pear")
        client.get("item:7")
        with contextlib.suppress(redis.ResponseError):
            client.lpush("item:7", "plum")  # of another type


def main() -> None:
    """Trace both, and send what was traced."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    RedisInstrumentor().instrument()
    serve_and_call()
    call_redis(os.environ["REDIS_URL"])
    provider.shutdown()


if __name__ == "__main__":
    main()
