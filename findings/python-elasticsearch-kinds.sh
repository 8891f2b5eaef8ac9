#!/bin/sh
# The spans that the Elasticsearch client for Python makes are INTERNAL, and one missing document is an error or none by method.
#
# Libraries: elasticsearch 9.5.1 with elastic-transport 9.4.2 (their own tracing, no instrumentation), opentelemetry-sdk 1.45.1.
# Behaviour: the client makes a span for each call, with the attributes of the database conventions, but without a kind, which
#   these want to be CLIENT. An answer of 404 sets ERROR and records an exception for get, whose text has the whole answer;
#   exists, answered with 404 too, leaves the status unset. A request that was answered with 503 and repeated is one span with
#   the last answer's code: nothing shows that it was repeated.
# Why it matters: a contract that selects database calls by kind finds none of them; "no errors" rejects a usual lookup; and
#   retries can only be counted in the server's own spans.
# Seen on 2026-11-29:
#   get INTERNAL ERROR 404
#   exists INTERNAL UNSET 404
#   search INTERNAL UNSET 200 (2 requests)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet elasticsearch==9.5.1 elastic-transport==9.4.2 opentelemetry-sdk==1.45.1 || exit 2
cat > calls.py <<'END'
import http.server
import threading

from elasticsearch import Elasticsearch, NotFoundError
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

searches = 0


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global searches
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = 404
        if self.path.endswith("_search"):
            searches += 1
            status = 503 if searches == 1 else 200
        body = b"" if self.command == "HEAD" else b"{}"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *parts):
        pass


spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()

client = Elasticsearch(f"http://127.0.0.1:{server.server_port}")
try:
    client.get(index="books", id="1")
except NotFoundError:
    pass
client.exists(index="books", id="1")
client.search(index="books")
for span in spans.get_finished_spans():
    requests = f" ({searches} requests)" if span.name == "search" else ""
    print(span.name, span.kind.name, span.status.status_code.name, span.attributes["db.response.status_code"] + requests)
END
seen=$(environment/bin/python calls.py)
expected='get INTERNAL ERROR 404
exists INTERNAL UNSET 404
search INTERNAL UNSET 200 (2 requests)'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
