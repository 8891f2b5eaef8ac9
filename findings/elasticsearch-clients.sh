#!/bin/sh
# The Elasticsearch clients for Python and Node describe the same call by other kinds and attributes, and hide retries.
#
# Libraries: elasticsearch 9.5.1 with elastic-transport 9.4.2 (Python), @elastic/elasticsearch 9.4.3 (Node), each with its own
#   tracing; opentelemetry-sdk 1.45.1, @opentelemetry/sdk-trace-base 2.12.1.
# Behaviour: a call is an INTERNAL span with db.system.name and the whole url.full in Python, and a CLIENT span with db.system
#   and a url.full that ends after the host in Node. In both, 404 is ERROR with an exception for get, and leaves the status
#   unset for exists; a request that was answered with 503 and repeated is one span with the last code.
# Why it matters: a contract on kind or db.system.name, by the conventions, holds for one of them; "no errors" rejects a usual
#   lookup; retries can only be counted in the spans of the server.
# Seen on 2026-11-29:
#   python get INTERNAL ERROR 404 db.system.name url with path
#   python exists INTERNAL UNSET 404 db.system.name url with path
#   python search INTERNAL UNSET 200 db.system.name url with path, 2 requests
#   node get CLIENT ERROR 404 db.system url without path
#   node exists CLIENT UNSET 404 db.system url without path
#   node search CLIENT UNSET 200 db.system url without path, 2 requests
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
    found = span.attributes
    system = "db.system.name" if "db.system.name" in found else "db.system"
    url = "with path" if "/books/" in found["url.full"] else "without path"
    requests = f", {searches} requests" if span.name == "search" else ""
    status = f"{span.status.status_code.name} {found['db.response.status_code']}"
    print(f"python {span.name} {span.kind.name} {status} {system} url {url}{requests}")
END
cat > package.json <<'END'
{"private": true, "type": "module", "dependencies": {
  "@elastic/elasticsearch": "9.4.3",
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/sdk-trace-base": "2.12.1"
}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > calls.js <<'END'
import http from "node:http";
import { SpanKind, trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Client } from "@elastic/elasticsearch";

let searches = 0;
const server = http.createServer((request, response) => {
  request.resume().on("end", () => {
    response.statusCode = 404;
    if (request.url.endsWith("_search")) response.statusCode = ++searches === 1 ? 503 : 200;
    response.setHeader("X-Elastic-Product", "Elasticsearch");
    response.setHeader("Content-Type", "application/vnd.elasticsearch+json; compatible-with=9");
    response.end(request.method === "HEAD" ? "" : "{}");
  });
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const spans = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));

const client = new Client({ node: `http://127.0.0.1:${server.address().port}` });
await client.get({ index: "books", id: "1" }).catch(() => {});
await client.exists({ index: "books", id: "1" });
await client.search({ index: "books" });
for (const { name, kind, status, attributes } of spans.getFinishedSpans()) {
  const system = "db.system.name" in attributes ? "db.system.name" : "db.system";
  const url = attributes["url.full"].includes("/books/") ? "with path" : "without path";
  const requests = name === "search" ? `, ${searches} requests` : "";
  const statusName = { 0: "UNSET", 1: "OK", 2: "ERROR" }[status.code];
  const code = attributes["db.response.status_code"];
  console.log(`node ${name} ${SpanKind[kind]} ${statusName} ${code} ${system} url ${url}${requests}`);
}
process.exit();
END
seen=$(environment/bin/python calls.py && node calls.js)
expected='python get INTERNAL ERROR 404 db.system.name url with path
python exists INTERNAL UNSET 404 db.system.name url with path
python search INTERNAL UNSET 200 db.system.name url with path, 2 requests
node get CLIENT ERROR 404 db.system url without path
node exists CLIENT UNSET 404 db.system url without path
node search CLIENT UNSET 200 db.system url without path, 2 requests'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
