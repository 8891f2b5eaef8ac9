#!/bin/sh
# Deno sends one attribute, http.response.status_code, as a text or as a double: never as the integer of the conventions.
#
# Library: deno 2.9.6 (its own telemetry, OTEL_DENO=true).
# Behaviour: the server spans of Deno.serve and the client spans of fetch have the text "200". A client span of node:http in
#   the same program has the double 200.
# Why it matters: a contract that asks for an integer rejects all three, and one that asks for 200 as a number accepts one of
#   two calls. A search by the number 500 in a backend finds no failed request of the server.
# Seen on 2026-11-29:
#   client fetch: stringValue
#   client node:http: doubleValue
#   server: stringValue
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

echo '{"private": true, "dependencies": {"deno": "2.9.6"}}' > package.json
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
import http from "node:http";

const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("ok"));
const base = `http://127.0.0.1:${server.addr.port}`;
await (await fetch(`${base}/fetch`)).text();
await new Promise((done) => http.get(`${base}/node:http`, (response) => response.resume().on("end", done)));
await server.shutdown();
END
cat > receive.js <<'END'
const { spawn } = require("node:child_process");
const http = require("node:http");

const seen = new Set();

function note(span) {
  const values = Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]));
  const type = Object.keys(values["http.response.status_code"] ?? { "no status code": true })[0];
  const path = values["url.path"] ?? { stringValue: new URL(values["url.full"].stringValue).pathname };
  seen.add(span.kind === 2 ? `server: ${type}` : `client ${path.stringValue.slice(1)}: ${type}`);
}

const receiver = http.createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (request.url === "/v1/traces") {
    for (const { scopeSpans } of JSON.parse(body).resourceSpans) scopeSpans.forEach(({ spans }) => spans.forEach(note));
  }
  response.setHeader("content-type", "application/json").end("{}");
});
receiver.listen(0, "127.0.0.1", () => {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("OTEL_"));
  const settings = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.address().port}`,
  };
  const deno = spawn("node_modules/.bin/deno", ["run", "--allow-net", "shop.js"], {
    env: { ...Object.fromEntries(kept), ...settings },
    stdio: ["ignore", "ignore", "inherit"],
  });
  deno.on("exit", () => {
    receiver.close();
    receiver.closeAllConnections();
    console.log([...seen].sort().join("\n"));
  });
});
END
seen=$(node receive.js)
expected='client fetch: stringValue
client node:http: doubleValue
server: stringValue'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
