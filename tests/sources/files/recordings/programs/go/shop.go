// Shop makes the trace of the recordings with OpenTelemetry's Go SDK and prints it with the stdout exporter.
//
// usage: shop [pretty]
package main

import (
	"context"
	"errors"
	"log"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func serve(provider trace.TracerProvider) {
	tracer := provider.Tracer("shop.web", trace.WithInstrumentationVersion("1.2.0"))
	_, other := tracer.Start(context.Background(), "Import Prices", trace.WithSpanKind(trace.SpanKindConsumer))
	other.End()
	state, _ := trace.ParseTraceState("shop=1")
	caller := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xaa, 15: 1}, SpanID: trace.SpanID{0xbb, 7: 1},
		TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	})
	remote := trace.ContextWithRemoteSpanContext(context.Background(), caller)
	ctx, top := tracer.Start(remote, "GET /cart", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.route", "/cart"), attribute.Int("http.response.status_code", 500)))
	_, load := tracer.Start(ctx, "load cart", trace.WithLinks(trace.Link{
		SpanContext: other.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("why", "prices")},
	}))
	load.SetAttributes(
		attribute.StringSlice("cart.items", []string{"pen", "ink"}), attribute.Float64("cart.total", 12),
		attribute.Bool("cart.empty", false), attribute.String("note", "Grün <&>"),
		attribute.Int64Slice("cart.ids", []int64{1, 1 << 62}), attribute.Float64Slice("cart.prices", []float64{1, 2.5}),
		attribute.BoolSlice("cart.flags", []bool{true, false}),
	)
	load.AddEvent("cache miss", trace.WithAttributes(attribute.String("cache.key", "cart"), attribute.Int("cache.size", 3)))
	load.AddEvent("bare")
	load.End()
	_, query := tracer.Start(ctx, "SELECT carts", trace.WithSpanKind(trace.SpanKindClient))
	query.RecordError(errors.New("no answer"))
	query.SetStatus(codes.Error, "no answer")
	query.End()
	_, publish := tracer.Start(ctx, "publish", trace.WithSpanKind(trace.SpanKindProducer))
	publish.End()
	top.SetStatus(codes.Ok, "")
	top.End()
}

func main() {
	options := []stdouttrace.Option{}
	if len(os.Args) > 1 && os.Args[1] == "pretty" {
		options = append(options, stdouttrace.WithPrettyPrint())
	}
	exporter, err := stdouttrace.New(options...)
	if err != nil {
		log.Fatal(err)
	}
	described := resource.NewSchemaless(attribute.String("service.name", "Shop"), attribute.String("deployment.environment.name", "test"))
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter), sdk.WithResource(described))
	serve(provider)
	if err := provider.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}
