#!/bin/sh
# The OpenTracing tags span.kind and error mean something else in each language's bridge to OpenTelemetry.
#
# Libraries: go.opentelemetry.io/otel/bridge/opentracing v1.47.0, @opentelemetry/shim-opentracing 2.11.0,
#   opentelemetry-opentracing-shim 0.66b1 (Python).
# Behaviour: a span with the tags span.kind="server" and error=true becomes, in Go, a SERVER span with the status ERROR and
#   without these tags (a kind that is set after the start is lost); in Node, an INTERNAL span with the attribute span.kind
#   and the status ERROR; in Python, an INTERNAL span with both attributes and the status unset.
# Why it matters: of three services that were moved to OpenTelemetry by these bridges, a contract on kind or status holds for
#   one. It has to look at the attributes as well.
# Seen on 2026-11-29:
#   go: kind=server status=Error span.kind=missing error=missing
#   node: kind=internal status=Error span.kind=server error=missing
#   python: kind=internal status=Unset span.kind=server error=true
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > go.mod <<'END'
module finding

go 1.26.0

require (
	github.com/opentracing/opentracing-go v1.2.0
	go.opentelemetry.io/otel/bridge/opentracing v1.47.0
	go.opentelemetry.io/otel/sdk v1.47.0
)
END
cat > main.go <<'END'
package main

import (
	"fmt"

	"github.com/opentracing/opentracing-go"
	bridge "go.opentelemetry.io/otel/bridge/opentracing"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func main() {
	spans := tracetest.NewInMemoryExporter()
	tracer, _ := bridge.NewTracerPair(trace.NewTracerProvider(trace.WithSyncer(spans)).Tracer("shop"))
	span := tracer.StartSpan("order", opentracing.Tag{Key: "span.kind", Value: "server"})
	span.SetTag("error", true)
	span.Finish()
	found := map[string]string{"span.kind": "missing", "error": "missing"}
	seen := spans.GetSpans()[0]
	for _, attribute := range seen.Attributes {
		found[string(attribute.Key)] = attribute.Value.Emit()
	}
	fmt.Printf("go: kind=%s status=%s span.kind=%s error=%s\n", seen.SpanKind, seen.Status.Code, found["span.kind"], found["error"])
}
END
cat > package.json <<'END'
{"private": true, "dependencies": {
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/sdk-trace-base": "2.12.0",
  "@opentelemetry/shim-opentracing": "2.11.0",
  "opentracing": "0.14.7"
}}
END
cat > main.js <<'END'
const { TracerShim } = require("@opentelemetry/shim-opentracing");
const { SpanKind, SpanStatusCode } = require("@opentelemetry/api");
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const spans = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const span = new TracerShim(provider.getTracer("shop")).startSpan("order", { tags: { "span.kind": "server" } });
span.setTag("error", true);
span.finish();
const [{ kind, status, attributes }] = spans.getFinishedSpans();
const statusName = { 0: "Unset", 1: "Ok", 2: "Error" }[status.code];
const { "span.kind": tag = "missing", error = "missing" } = attributes;
console.log(`node: kind=${SpanKind[kind].toLowerCase()} status=${statusName} span.kind=${tag} error=${error}`);
END
cat > main.py <<'END'
import json

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.shim.opentracing_shim import create_tracer

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
span = create_tracer(provider).start_span("order", tags={"span.kind": "server"})
span.set_tag("error", True)
span.finish()
(seen,) = spans.get_finished_spans()
kind, status = seen.kind.name.lower(), seen.status.status_code.name.title()
tag, error = seen.attributes.get("span.kind", "missing"), json.dumps(seen.attributes.get("error", "missing"))
print(f"python: kind={kind} status={status} span.kind={tag} error={error}")
END
go mod tidy 2> tidy.txt || { tail -1 tidy.txt; exit 2; }
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-opentracing-shim==0.66b1 opentelemetry-sdk==1.45.1 || exit 2
seen=$(go run . && node main.js && environment/bin/python main.py)
expected='go: kind=server status=Error span.kind=missing error=missing
node: kind=internal status=Error span.kind=server error=missing
python: kind=internal status=Unset span.kind=server error=true'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
