#!/bin/sh
# The exporters of OpenTelemetry for JavaScript choose the type of a number by its value.
#
# Libraries: @opentelemetry/sdk-trace-base 2.12.0, @opentelemetry/otlp-transformer 0.222.0, @opentelemetry/api 1.9.1.
# Behaviour: a number without a fraction is sent as an integer, any other as a double. So a price of 12.50 is a double, and
#   one of 12.00 an integer, in the same attribute of the same line of code. Lists of several types, null and maps are left
#   out, and not counted as dropped attributes.
# Why it matters: stores that give a column one type refuse or convert one of the two, a search for 12.0 may not find 12, and
#   a contract that asks for `type: double` is kept by most requests and broken by some.
# Seen on 2026-11-29:
#   price 12.50: {"doubleValue":12.5}
#   price 12.00: {"intValue":12}
#   list, null, map: 0 sent, 0 counted as dropped
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > package.json <<'END'
{"private": true, "dependencies": {
  "@opentelemetry/api": "1.9.1", "@opentelemetry/sdk-trace-base": "2.12.0", "@opentelemetry/otlp-transformer": "0.222.0"
}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const { JsonTraceSerializer } = require("@opentelemetry/otlp-transformer");

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

function sent(attributes) {
  exporter.reset();
  provider.getTracer("shop").startSpan("order", { attributes }).end();
  const request = JSON.parse(Buffer.from(JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans())).toString());
  return request.resourceSpans[0].scopeSpans[0].spans[0];
}

for (const price of [12.5, 12.0]) {
  console.log(`price ${price.toFixed(2)}: ${JSON.stringify(sent({ price }).attributes[0].value)}`);
}
const span = sent({ list: [1, "a"], none: null, map: { a: 1 } });
console.log(`list, null, map: ${span.attributes.length} sent, ${span.droppedAttributesCount} counted as dropped`);
END
seen=$(node shop.js 2> errors.txt)
expected='price 12.50: {"doubleValue":12.5}
price 12.00: {"intValue":12}
list, null, map: 0 sent, 0 counted as dropped'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { cat errors.txt; echo "changed: see what is printed above" >&2; exit 1; }
