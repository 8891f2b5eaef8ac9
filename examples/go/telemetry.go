package main

import (
	"context"
	"errors"
	"log"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// startTelemetry makes the global providers, which read OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_*. The function that
// it gives sends what has not been sent yet: a Go program that ends without it loses its last spans.
func startTelemetry(ctx context.Context) func() {
	spanExporter, spanErr := otlptracehttp.New(ctx)
	logExporter, logErr := otlploghttp.New(ctx)
	if err := errors.Join(spanErr, logErr); err != nil {
		log.Fatal(err)
	}
	spans := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spanExporter))
	records := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter)))
	otel.SetTracerProvider(spans)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	slog.SetDefault(otelslog.NewLogger("shop", otelslog.WithLoggerProvider(records)))
	return func() {
		if err := errors.Join(spans.Shutdown(ctx), records.Shutdown(ctx)); err != nil {
			log.Print(err)
		}
	}
}
