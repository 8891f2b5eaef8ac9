#!/bin/sh
# The SDK of OpenTelemetry for JavaScript cuts a character in half where it limits the length of an attribute.
#
# Libraries: @opentelemetry/sdk-trace-base 2.12.0, @opentelemetry/otlp-transformer 0.222.0, @opentelemetry/api 1.9.1.
# Behaviour: with attributeValueLengthLimit (OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT), a text is cut to so many UTF-16 units. An
#   emoji takes two of them. If the limit is between the two, half a surrogate pair stays. Over OTLP/JSON it is sent as
#   an escape that no Unicode text can hold, over OTLP/protobuf as U+FFFD.
# Why it matters: JSON parsers that insist on Unicode refuse the whole request, so that all of its spans are lost, and one
#   span has another text by each of the two protocols.
# Seen on 2026-11-29:
#   JSON: {"stringValue":"abc\ud83d"}
#   protobuf: 61 62 63 ef bf bd
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
const { JsonTraceSerializer, ProtobufTraceSerializer } = require("@opentelemetry/otlp-transformer");

const exporter = new InMemorySpanExporter();
const spanProcessors = [new SimpleSpanProcessor(exporter)];
const provider = new BasicTracerProvider({ spanLimits: { attributeValueLengthLimit: 4 }, spanProcessors });
const span = provider.getTracer("shop").startSpan("order");
span.setAttribute("note", "abc😀");
span.end();

const spans = exporter.getFinishedSpans();
const json = Buffer.from(JsonTraceSerializer.serializeRequest(spans)).toString();
console.log(`JSON: ${json.match(/"note","value":(\{[^}]*\})/)[1]}`);
const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans));
const start = bytes.indexOf("abc");
const text = bytes.subarray(start, start + bytes[start - 1]);
console.log(`protobuf: ${text.toString("hex").match(/../g).join(" ")}`);
END
seen=$(node shop.js)
expected='JSON: {"stringValue":"abc\ud83d"}
protobuf: 61 62 63 ef bf bd'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
