#!/bin/sh
# The client spans of Vercel's tracing for Node are named by the whole URL with its query, and their port is a text.
#
# Libraries: @vercel/otel 2.1.3, @opentelemetry/api 1.9.1, @opentelemetry/sdk-trace-base 2.12.1.
# Behaviour: registerOTel() replaces fetch. The span of a request is named `fetch GET` and the URL, query included, so that
#   there are as many names as URLs; its attribute resource.name has the URL without the query. Attributes are those of the
#   old conventions (http.method, http.status_code), with net.peer.port as a text. Each span of the service, those of its own
#   code too, also gets the attribute operation.name.
# Why it matters: a contract that names the span `GET` finds none; a closed list of attributes breaks on every span; a rule
#   on the number of distinct names breaks with the first page of results.
# Seen on 2026-11-29:
#   fetch GET http://127.0.0.1:PORT/items?page=2
#     http.method=GET http.request.method=missing http.status_code=200 net.peer.port is a string
#     resource.name=http://127.0.0.1:PORT/items operation.name=fetch.GET
#   work operation.name=shop
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > package.json <<'END'
{"private": true, "type": "module", "dependencies": {
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/api-logs": "0.223.1",
  "@opentelemetry/instrumentation": "0.223.0",
  "@opentelemetry/resources": "2.12.1",
  "@opentelemetry/sdk-logs": "0.223.1",
  "@opentelemetry/sdk-metrics": "2.12.1",
  "@opentelemetry/sdk-trace-base": "2.12.1",
  "@vercel/otel": "2.1.3"
}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
import http from "node:http";
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { registerOTel } from "@vercel/otel";

const spans = new InMemorySpanExporter();
registerOTel({ serviceName: "shop", spanProcessors: [new SimpleSpanProcessor(spans)] });
const server = http.createServer((request, response) => response.end("[]"));
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const { port } = server.address();
await trace.getTracer("shop").startActiveSpan("work", async (span) => {
  await (await fetch(`http://127.0.0.1:${port}/items?page=2`)).text();
  span.end();
});
const deadline = Date.now() + 5000;
while (spans.getFinishedSpans().length < 2 && Date.now() < deadline) await new Promise((next) => setTimeout(next, 20));
const show = (text) => String(text).replaceAll(String(port), "PORT");
const find = (name) => spans.getFinishedSpans().find((span) => span.name.startsWith(name));
const { name, attributes } = find("fetch");
const value = (key) => `${key}=${show(attributes[key] ?? "missing")}`;
console.log(show(name));
console.log(" ", value("http.method"), value("http.request.method"), value("http.status_code"),
  `net.peer.port is a ${typeof attributes["net.peer.port"]}`);
console.log(" ", value("resource.name"), value("operation.name"));
console.log(`work operation.name=${find("work").attributes["operation.name"]}`);
process.exit();
END
seen=$(node shop.js)
expected='fetch GET http://127.0.0.1:PORT/items?page=2
  http.method=GET http.request.method=missing http.status_code=200 net.peer.port is a string
  resource.name=http://127.0.0.1:PORT/items operation.name=fetch.GET
work operation.name=shop'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
