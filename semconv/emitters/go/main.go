// Calls of HTTP, traced by otelhttp on both sides.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
)

func answer(response http.ResponseWriter, request *http.Request) {
	status, err := strconv.Atoi(request.URL.Query().Get("status"))
	if err != nil {
		status = 200
	}
	response.WriteHeader(status)
}

func call(client *http.Client, method, url string) {
	request, err := http.NewRequestWithContext(context.Background(), method, url, nil)
	if err != nil {
		panic(err)
	}
	if response, err := client.Do(request); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

func main() {
	exporter, err := otlptracehttp.New(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})

	mux := http.NewServeMux()
	mux.Handle("/items/{id}", otelhttp.NewHandler(http.HandlerFunc(answer), "items"))
	server := httptest.NewServer(mux)
	client := &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport)}
	for _, status := range []string{"200", "404", "503"} {
		call(client, "GET", server.URL+"/items/7?status="+status)
	}
	call(client, "PROPFIND", server.URL+"/items/7")
	call(client, "GET", "http://localhost:9/closed") // nothing listens
	call(client, "GET", "http://localhost/closed")   // without a port
	server.Close()
	if err := provider.Shutdown(context.Background()); err != nil {
		panic(err)
	}
}
