#!/bin/sh
# Python's Zipkin exporter replaces an attribute of a span by that of its resource, and writes bytes as a list of numbers.
#
# Libraries: opentelemetry-sdk 1.45.1, opentelemetry-exporter-zipkin-json 1.45.1.
# Behaviour: attributes of span and resource become tags of one table. Where both have a name, the resource's value is
#   sent for every span. Numbers in a list become texts. A map is left out, with a warning in the log; bytes become the
#   list of their numbers, as texts.
# Why it matters: a span's own region, version or user reads as that of the process, in every trace, and nothing says so.
# Seen on 2026-11-29:
#   region=of-the-resource numbers=["1","2"] map=missing bytes=["97"]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-sdk==1.45.1 opentelemetry-exporter-zipkin-json==1.45.1 || exit 2
cat > export.py <<'END'
import json
import logging

from opentelemetry.exporter.zipkin.json.v2 import JsonV2Encoder
from opentelemetry.exporter.zipkin.node_endpoint import NodeEndpoint
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

logging.disable()
provider = TracerProvider(resource=Resource({"service.name": "shop", "region": "of-the-resource"}))
span = provider.get_tracer("shop").start_span("GET /cart", attributes={"region": "of-the-span", "numbers": [1, 2]})
span.set_attribute("map", {"a": 1})
span.set_attribute("bytes", b"a")
span.end()
assert span.attributes["region"] == "of-the-span"
((sent),) = json.loads(JsonV2Encoder().serialize([span], NodeEndpoint()))
tags = sent["tags"]
print(*(f"{name}={tags.get(name, 'missing')}" for name in ("region", "numbers", "map", "bytes")))
END
seen=$(environment/bin/python export.py)
echo "$seen"
[ "$seen" = 'region=of-the-resource numbers=["1","2"] map=missing bytes=["97"]' ]
