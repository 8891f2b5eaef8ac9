#!/bin/sh
# The certificate file that an OTLP exporter is given is ignored where REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is set.
#
# Library: opentelemetry-exporter-otlp-proto-http 1.45.1, with requests 2.34.2.
# Behaviour: an exporter with `certificate_file=` (or OTEL_EXPORTER_OTLP_CERTIFICATE) reaches a collector whose certificate that
#   file's authority has issued. With REQUESTS_CA_BUNDLE in the environment, as images of companies and CI have it, the same
#   exporter does not: the certificate is verified against that bundle only.
# Why it matters: every batch is lost after several seconds of retries, and the log names the certificate, not the variable.
# Seen on 2026-11-29:
#   without REQUESTS_CA_BUNDLE: SUCCESS
#   with REQUESTS_CA_BUNDLE: FAILURE
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-exporter-otlp-proto-http==1.45.1 requests==2.34.2 \
    opentelemetry-sdk==1.45.1 trustme==1.2.1 certifi > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > export.py <<'END_OF_PROGRAM'
import logging
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import certifi
import trustme

for name in [name for name in os.environ if "CA_BUNDLE" in name or name.startswith("OTEL_")]:
    del os.environ[name]
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider

logging.disable()
authority = trustme.CA()
authority.cert_pem.write_to_path("authority.pem")


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words): ...


server = HTTPServer(("127.0.0.1", 0), Collector)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("127.0.0.1").configure_cert(context)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"https://127.0.0.1:{server.server_port}/v1/traces"
span = TracerProvider().get_tracer("t").start_span("a")
span.end()
for bundle in ("", certifi.where()):
    if bundle:
        os.environ["REQUESTS_CA_BUNDLE"] = bundle
    exporter = OTLPSpanExporter(url, certificate_file="authority.pem", timeout=2)
    print(f"{'with' if bundle else 'without'} REQUESTS_CA_BUNDLE: {exporter.export([span]).name}")
END_OF_PROGRAM
seen=$(venv/bin/python export.py 2>/dev/null)
expected='without REQUESTS_CA_BUNDLE: SUCCESS
with REQUESTS_CA_BUNDLE: FAILURE'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
