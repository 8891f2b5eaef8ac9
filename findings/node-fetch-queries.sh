#!/bin/sh
# The span of a fetch in Node has the question mark in url.query, an empty url.query, and the original method each time.
#
# Libraries: @opentelemetry/instrumentation-undici 0.33.0, @opentelemetry/sdk-trace-node 2.12.0.
# Behaviour: url.query is "?page=2" for a fetch of /items?page=2, and "" without a query; the server span of
#   @opentelemetry/instrumentation-http has "page=2" for the same request. http.request.method_original is there for each
#   request, also where it equals http.request.method; the conventions ask for it "if and only if it's different".
# Why it matters: a query compared between client and server never agrees, and a check that finds unusual methods by
#   http.request.method_original finds all of them.
# Seen on 2026-11-30:
#   GET original=GET query="?page=2"
#   GET original=GET query=""
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > package.json <<'END'
{"private": true, "dependencies": {
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/instrumentation": "0.223.0",
  "@opentelemetry/instrumentation-undici": "0.33.0",
  "@opentelemetry/sdk-trace-node": "2.12.0"
}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const printer = {
  onStart() {},
  onEnd({ attributes }) {
    const query = JSON.stringify(attributes["url.query"]);
    console.log(`${attributes["http.request.method"]} original=${attributes["http.request.method_original"]} query=${query}`);
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
new NodeTracerProvider({ spanProcessors: [printer] }).register();
registerInstrumentations({ instrumentations: [new UndiciInstrumentation()] });

const server = require("node:http").createServer((request, response) => response.end());
server.listen(0, "127.0.0.1", async () => {
  for (const path of ["/items?page=2", "/items"]) {
    await (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).text();
  }
  server.closeAllConnections();
  server.close();
});
END
seen=$(node shop.js)
expected='GET original=GET query="?page=2"
GET original=GET query=""'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
