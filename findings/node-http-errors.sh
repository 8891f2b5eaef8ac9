#!/bin/sh
# Instrumentations in Node set the status ERROR without error.type, which the stable conventions require then.
#
# Libraries: @opentelemetry/instrumentation-http 0.223.0, -pg 0.76.0, -ioredis 0.71.0, -undici 0.33.0, in the mode of the
#   stable conventions; pg 8.23.1, ioredis 5.11.1.
# Behaviour: a server that answers 503 has a span with ERROR and no error.type, and so has its client by node:http; fetch
#   (undici) has it. A query of PostgreSQL and a command of Redis that fail have none either. Only a request of node:http
#   without an answer has it.
# Why it matters: the conventions require error.type of what has failed, so that failures can be grouped. A dashboard or
#   contract that does finds no class of these errors.
# Seen on 2026-11-30:
#   http client 503 error.type=(missing)
#   http server 503 error.type=(missing)
#   undici client 503 error.type=503
#   http client refused error.type=Error
#   pg refused error.type=(missing)
#   ioredis failed error.type=(missing)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > package.json <<'END'
{"private": true, "dependencies": {
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/instrumentation": "0.223.0",
  "@opentelemetry/instrumentation-http": "0.223.0",
  "@opentelemetry/instrumentation-ioredis": "0.71.0",
  "@opentelemetry/instrumentation-pg": "0.76.0",
  "@opentelemetry/instrumentation-undici": "0.33.0",
  "@opentelemetry/sdk-trace-node": "2.12.0",
  "ioredis": "5.11.1",
  "pg": "8.23.1"
}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
const { trace } = require("@opentelemetry/api");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { IORedisInstrumentation } = require("@opentelemetry/instrumentation-ioredis");
const { PgInstrumentation } = require("@opentelemetry/instrumentation-pg");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const spans = [];
const collector = { onStart() {}, onEnd: (span) => spans.push(span), forceFlush: async () => {}, shutdown: async () => {} };
new NodeTracerProvider({ spanProcessors: [collector] }).register();
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation(), new UndiciInstrumentation(), new PgInstrumentation(), new IORedisInstrumentation(),
  ],
});

const http = require("node:http");
const net = require("node:net");
const Redis = require("ioredis");
const { Client } = require("pg");

const ended = () => new Promise((resolve) => setImmediate(resolve));

async function show(what, kind, call) {
  spans.length = 0;
  await call().catch(() => {});
  await ended();
  for (const span of spans.filter((span) => span.status.code === 2 && (kind === undefined || span.kind === kind))) {
    console.log(`${what} error.type=${span.attributes["error.type"] ?? "(missing)"}`);
  }
}

function get(url) {
  return new Promise((resolve) => {
    http.get(url, { agent: false }, (response) => response.resume().on("close", resolve)).on("error", resolve);
  });
}

const server = http.createServer((request, response) => response.writeHead(503).end());
server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}/price`;
  await show("http client 503", 2, () => get(url));
  await show("http server 503", 1, () => get(url));
  await show("undici client 503", 2, async () => (await fetch(url)).text());
  server.closeAllConnections();
  server.close();
  await show("http client refused", 2, () => get("http://127.0.0.1:9"));
  await show("pg refused", 2, () => new Client({ host: "127.0.0.1", port: 9, user: "shop" }).connect());
  await trace.getTracer("shop").startActiveSpan("work", () => show("ioredis failed", 2, failOfRedis)); // it needs a parent
});

// A command that a server refuses: one that refuses everything is enough.
async function failOfRedis() {
  const refusing = net.createServer((socket) => socket.on("data", () => socket.write("-WRONGTYPE wrong kind\r\n")));
  await new Promise((resolve) => refusing.listen(0, "127.0.0.1", resolve));
  const options = { lazyConnect: true, enableReadyCheck: false, disableClientInfo: true };
  const redis = new Redis(refusing.address().port, "127.0.0.1", options);
  await redis.connect();
  await redis.get("price").catch(() => {});
  redis.disconnect();
  refusing.close();
}
END
seen=$(OTEL_SEMCONV_STABILITY_OPT_IN=http,database node shop.js)
expected='http client 503 error.type=(missing)
http server 503 error.type=(missing)
undici client 503 error.type=503
http client refused error.type=Error
pg refused error.type=(missing)
ioredis failed error.type=(missing)'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
