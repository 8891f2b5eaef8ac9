#!/bin/sh
# otelhttp in Go sends no error.type for a server's error, and no server.port for a URL without a port.
#
# Libraries: go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.72.0, go.opentelemetry.io/otel/sdk v1.47.0.
# Behaviour: the span of a server that answers 503 has the status Error and no error.type; the client's span has it. The
#   span of a client that calls http://localhost/ has no server.port, with a port in the URL it has.
# Why it matters: the stable conventions require both: error.type of what has failed, server.port of each client's span.
# Seen on 2026-11-30:
#   server 503 error.type=(missing)
#   client 503 error.type=503
#   client http://localhost:9 server.port=9
#   client http://localhost server.port=(missing)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > go.mod <<'END'
module finding

go 1.26.0

require (
	go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.72.0
	go.opentelemetry.io/otel/sdk v1.47.0
	go.opentelemetry.io/otel/trace v1.47.0
)
END
cat > main.go <<'END'
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	kinds "go.opentelemetry.io/otel/trace"
)

var spans = tracetest.NewInMemoryExporter()
var traced = otelhttp.WithTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans)))

func value(span tracetest.SpanStub, name string) string {
	for _, attribute := range span.Attributes {
		if string(attribute.Key) == name {
			return attribute.Value.Emit()
		}
	}
	return "(missing)"
}

// refuse is a transport without a network: what the client's span has is known before the call.
type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }

func main() {
	unavailable := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(503) })
	server := httptest.NewServer(otelhttp.NewHandler(unavailable, "shop", traced))
	client := http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport, traced)}
	if response, err := client.Get(server.URL); err == nil {
		response.Body.Close()
	}
	server.Close()
	for _, kind := range []kinds.SpanKind{kinds.SpanKindServer, kinds.SpanKindClient} {
		for _, span := range spans.GetSpans() {
			if span.SpanKind == kind {
				fmt.Printf("%s 503 error.type=%s\n", kind, value(span, "error.type"))
			}
		}
	}
	client = http.Client{Transport: otelhttp.NewTransport(refuse{}, traced)}
	for _, url := range []string{"http://localhost:9", "http://localhost"} {
		spans.Reset()
		_, _ = client.Get(url)
		fmt.Printf("client %s server.port=%s\n", url, value(spans.GetSpans()[0], "server.port"))
	}
}
END
go mod tidy 2> tidy.txt || { tail -1 tidy.txt; exit 2; }
seen=$(go run .)
expected='server 503 error.type=(missing)
client 503 error.type=503
client http://localhost:9 server.port=9
client http://localhost server.port=(missing)'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
