#!/bin/sh
# Contrib instrumentations of Python depart from the stable conventions that they opt in to: host with port, no error.type.
#
# Libraries: opentelemetry-instrumentation-asgi, -flask, -redis, -requests and -urllib3 0.66b1, with
#   OTEL_SEMCONV_STABILITY_OPT_IN=http,database; opentelemetry-sdk 1.45.1, flask 3.1.3, redis 8.1.0, requests 2.34.2,
#   urllib3 2.8.0.
# Behaviour: server.address of a server's span is host and port, server.port has the port too. The name of an ASGI span
#   has the path where no framework gives a route. A client's span of requests has no server.port where the URL has none, one
#   of urllib3 neither server.address nor server.port. A command of Redis that fails has ERROR and no error.type.
# Why it matters: server.address of one service differs by the port that it was started with, and never equals what its
#   clients say; names with ids in them are as many as there are ids; failures cannot be grouped by their class.
# Seen on 2026-11-30:
#   asgi: name="GET /items/7" server.address=shop.example:8080 server.port=8080
#   flask: name="GET /items/<id>" server.address=shop.example:8080 server.port=8080
#   redis: status=ERROR error.type=(missing)
#   requests: server.address=shop.example server.port=(missing)
#   urllib3: server.address=(missing) server.port=(missing)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-sdk==1.45.1 opentelemetry-instrumentation-asgi==0.66b1 \
  opentelemetry-instrumentation-flask==0.66b1 opentelemetry-instrumentation-redis==0.66b1 \
  opentelemetry-instrumentation-requests==0.66b1 opentelemetry-instrumentation-urllib3==0.66b1 \
  flask==3.1.3 redis==8.1.0 requests==2.34.2 urllib3==2.8.0 || exit 2
cat > shop.py <<'END'
import asyncio
import contextlib

import flask
import redis
import requests
import urllib3
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from requests.adapters import BaseAdapter

spans, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
ADDRESS = ("server.address", "server.port")


def show(what, span, *names, **more):
    attributes = [f"{name}={span.attributes.get(name, '(missing)')}" for name in names]
    print(f"{what}:", *(f"{name}={value}" for name, value in more.items()), *attributes)


def last(kind):
    found = [span for span in spans.get_finished_spans() if span.kind is kind][-1]
    spans.clear()
    return found


async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message):
    pass


scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/items/7",
         "headers": [(b"host", b"shop.example:8080")], "query_string": b"", "server": ("shop.example", 8080),
         "client": ("192.0.2.7", 4711)}
asyncio.run(OpenTelemetryMiddleware(answer, tracer_provider=provider)(scope, receive, send))
server = last(SpanKind.SERVER)
show("asgi", server, *ADDRESS, name=f'"{server.name}"')

app = flask.Flask("shop")
app.add_url_rule("/items/<id>", view_func=lambda id: id)
FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
app.test_client().get("/items/7", base_url="http://shop.example:8080")
server = last(SpanKind.SERVER)
show("flask", server, *ADDRESS, name=f'"{server.name}"')

for instrumentor in (RedisInstrumentor, RequestsInstrumentor, URLLib3Instrumentor):
    instrumentor().instrument(tracer_provider=provider)
with contextlib.suppress(redis.ConnectionError):
    redis.Redis(host="127.0.0.1", port=9, retry=None).get("item:7")  # nothing listens
command = last(SpanKind.CLIENT)
show("redis", command, "error.type", status=command.status.status_code.name)


class Refusing(BaseAdapter):
    """Refuse each request without a network."""

    def send(self, request, **options):
        raise requests.ConnectionError


session = requests.Session()
session.mount("http://", Refusing())
with contextlib.suppress(requests.ConnectionError):
    session.get("http://shop.example/items/7")
show("requests", last(SpanKind.CLIENT), *ADDRESS)
with contextlib.suppress(urllib3.exceptions.HTTPError):
    urllib3.PoolManager(retries=False).request("GET", "http://127.0.0.1:9/items/7")
show("urllib3", last(SpanKind.CLIENT), *ADDRESS)
END
seen=$(OTEL_SEMCONV_STABILITY_OPT_IN=http,database environment/bin/python shop.py)
expected='asgi: name="GET /items/7" server.address=shop.example:8080 server.port=8080
flask: name="GET /items/<id>" server.address=shop.example:8080 server.port=8080
redis: status=ERROR error.type=(missing)
requests: server.address=shop.example server.port=(missing)
urllib3: server.address=(missing) server.port=(missing)'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
