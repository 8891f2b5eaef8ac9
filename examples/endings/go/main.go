// Ten spans by the SDK for Go.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	for i := 0; i < 10; i++ {
		_, span := provider.Tracer("endings").Start(ctx, "work")
		span.End()
	}
	switch os.Getenv("ENDING") {
	case "flush":
		if err := provider.Shutdown(ctx); err != nil {
			log.Fatal(err)
		}
	case "wait":
		fmt.Println("ready")
		time.Sleep(time.Minute)
	}
}
