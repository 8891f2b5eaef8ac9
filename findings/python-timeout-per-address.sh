#!/bin/sh
# The timeout of Python's OTLP exporter counts anew for each address of the collector's name.
#
# Libraries: opentelemetry-sdk 1.45.1, opentelemetry-exporter-otlp-proto-http 1.45.1, requests 2.34.2.
# Behaviour: with timeout=1 and a name that has three addresses, at none of which anybody answers (a firewall that drops
#   packets), one export takes three seconds.
# Why it matters: a service behind a load balancer with several addresses waits that many times longer than it was set
#   to, in shutdown() too, where an orchestrator kills it meanwhile; and nobody sees it with a name that has one address.
# Seen on 2026-11-29:
#   timeout=1 addresses=1 seconds=1
#   timeout=1 addresses=3 seconds=3
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-sdk==1.45.1 opentelemetry-exporter-otlp-proto-http==1.45.1 \
    requests==2.34.2 || exit 2
cat > export.py <<'END'
import logging
import socket
import sys
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

logging.disable()
hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4"][: int(sys.argv[1])]
port, held = 0, []
for host in hosts:  # listeners whose queues are full: a further SYN gets no answer
    listener = socket.socket()
    listener.bind((host, port))
    port = listener.getsockname()[1]
    listener.listen(0)
    held.append(listener)
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex((host, port))
        held.append(waiting)
time.sleep(0.5)
resolve = socket.getaddrinfo


def resolved(host, *arguments, **options):
    """Stands for a resolver in which the collector's name has these addresses."""
    if host != "collector.example":
        return resolve(host, *arguments, **options)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in hosts]


socket.getaddrinfo = resolved
exporter = OTLPSpanExporter(endpoint=f"http://collector.example:{port}/v1/traces", timeout=1)
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
begun = time.monotonic()
with provider.get_tracer("shop").start_as_current_span("charge"):
    pass
print(f"timeout=1 addresses={len(hosts)} seconds={time.monotonic() - begun:.0f}")
END
seen=$(environment/bin/python export.py 1; environment/bin/python export.py 3)
expected='timeout=1 addresses=1 seconds=1
timeout=1 addresses=3 seconds=3'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
