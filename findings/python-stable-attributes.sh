#!/bin/sh
# Contrib instrumentations of Python depart from the stable conventions that they opt in to: host with port, no error.type.
#
# Libraries: opentelemetry-instrumentation-asgi 0.66b1, opentelemetry-instrumentation-redis 0.66b1, with
#   OTEL_SEMCONV_STABILITY_OPT_IN=http,database; opentelemetry-sdk 1.45.1, redis 8.1.0.
# Behaviour: server.address of an ASGI server's span is host and port, server.port has the port too. The name of that span
#   has the path where no framework gives a route. A command of Redis that fails is a span with ERROR and no error.type.
# Why it matters: server.address of one service differs by the port that it was started with, and never equals what its
#   clients say; names with ids in them are as many as there are ids; failures cannot be grouped by their class.
# Seen on 2026-11-30:
#   name="GET /items/7" server.address=shop.example:8080 server.port=8080
#   status=ERROR error.type=(missing)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-sdk==1.45.1 opentelemetry-instrumentation-asgi==0.66b1 \
  opentelemetry-instrumentation-redis==0.66b1 redis==8.1.0 || exit 2
cat > shop.py <<'END'
import asyncio

import redis
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

spans, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))


async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message):
    pass


host = [(b"host", b"shop.example:8080")]
scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/items/7", "headers": host,
         "query_string": b"", "server": ("shop.example", 8080), "client": ("192.0.2.7", 4711)}
asyncio.run(OpenTelemetryMiddleware(answer, tracer_provider=provider)(scope, receive, send))
(server,) = [span for span in spans.get_finished_spans() if span.kind is SpanKind.SERVER]
print(f'name="{server.name}"', *(f"{name}={server.attributes[name]}" for name in ("server.address", "server.port")))

spans.clear()
RedisInstrumentor().instrument(tracer_provider=provider)
try:
    redis.Redis(host="127.0.0.1", port=9, retry=None).get("item:7")
except redis.ConnectionError:
    pass
span = spans.get_finished_spans()[0]
print(f"status={span.status.status_code.name} error.type={span.attributes.get('error.type', '(missing)')}")
END
seen=$(OTEL_SEMCONV_STABILITY_OPT_IN=http,database environment/bin/python shop.py)
expected='name="GET /items/7" server.address=shop.example:8080 server.port=8080
status=ERROR error.type=(missing)'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
