#!/bin/sh
# otelhttp in Go puts the route of a ServeMux into the span's name, but does not send it as http.route.
#
# Libraries: go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.72.0, go.opentelemetry.io/otel/sdk v1.47.0.
# Behaviour: where otelhttp.NewHandler is outside a ServeMux, as is usual, the server span gets its name again after the
#   mux has chosen a pattern, but its attributes are collected before that. So the name has the route and http.route is
#   missing. Where the handler is inside the mux, once for each pattern, the span has both.
# Why it matters: a contract that requires http.route accepts the second server and rejects the first, although their
#   routes and the names of their spans are the same.
# Seen on 2026-11-29:
#   outside GET /items/{id} http.route=(missing)
#   inside GET /items/{id} http.route=/items/{id}
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
)
END
cat > main.go <<'END'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func show(place string, build func(traced func(http.Handler) http.Handler) http.Handler) {
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	server := httptest.NewServer(build(func(handler http.Handler) http.Handler {
		return otelhttp.NewHandler(handler, "shop", otelhttp.WithTracerProvider(provider))
	}))
	if response, err := http.Get(server.URL + "/items/7"); err == nil {
		response.Body.Close()
	}
	server.Close()
	for _, span := range spans.GetSpans() {
		route := "(missing)"
		for _, attribute := range span.Attributes {
			if attribute.Key == "http.route" {
				route = attribute.Value.AsString()
			}
		}
		fmt.Printf("%s %s http.route=%s\n", place, span.Name, route)
	}
}

func main() {
	type wrap = func(http.Handler) http.Handler
	item := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux, tracedMux := http.NewServeMux(), http.NewServeMux()
	mux.Handle("GET /items/{id}", item)
	show("outside", func(traced wrap) http.Handler { return traced(mux) })
	show("inside", func(traced wrap) http.Handler { tracedMux.Handle("GET /items/{id}", traced(item)); return tracedMux })
}
END
go mod tidy 2> tidy.txt || { tail -1 tidy.txt; exit 2; }
seen=$(go run .)
expected='outside GET /items/{id} http.route=(missing)
inside GET /items/{id} http.route=/items/{id}'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
