#!/bin/sh
# With Express 5 in Node, the span of the handler that answers a request ends after the server span that is above it.
#
# Libraries: @opentelemetry/instrumentation-router 0.67.0, @opentelemetry/instrumentation-http 0.223.0, express 5.3.0.
# Behaviour: both instrumentations end a span when the response emits "close". That of http listened first, so the server
#   span ends first, and then the spans of the layers that did not call next(). The gap is some microseconds, and as long as
#   a pause if the process has to wait for a processor in between. Both run by default (auto-instrumentations-node).
# Why it matters: a check that children end within their parents finds work after the response, and there is none. It finds it
#   now and then only, as starts are cut to milliseconds and hide short gaps.
# Seen on 2026-11-29:
#   ends: server
#   ends: request handler - /price
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
  "@opentelemetry/instrumentation-router": "0.67.0",
  "@opentelemetry/sdk-trace-node": "2.12.0",
  "express": "5.3.0"
}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { RouterInstrumentation } = require("@opentelemetry/instrumentation-router");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const printer = {
  onStart() {},
  onEnd({ name, kind }) {
    if (kind === 1) console.log("ends: server");
    if (name.startsWith("request handler")) console.log(`ends: ${name}`);
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
new NodeTracerProvider({ spanProcessors: [printer] }).register();
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new RouterInstrumentation()] });

const express = require("express");
const http = require("node:http");

const app = express();
app.get("/price", (request, response) => response.send("12.5"));
const server = app.listen(0, "127.0.0.1", () => {
  http.get({ host: "127.0.0.1", port: server.address().port, path: "/price" }, (response) => {
    response.resume().on("end", () => server.close());
  });
});
END
seen=$(node shop.js)
expected='ends: server
ends: request handler - /price'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
