#!/bin/sh
# The tracing that is built into gRPC for Go puts an INTERNAL span between client and server, and sends no rpc attribute.
#
# Libraries: google.golang.org/grpc v1.85.0 (stats/opentelemetry, experimental/opentelemetry), go.opentelemetry.io/otel/sdk v1.47.0.
# Behaviour: one call is three spans: Sent.<method> (client), below it Attempt.<method> (internal), and below that, in the other
#   process, Recv.<method> (server). No span has rpc.method, rpc.service or the code of the call; success is the status OK, and
#   every code but OK, NOT_FOUND too, is the status ERROR on the server's span. otelgrpc sends two spans, with attributes, and
#   keeps the server's status unset for NOT_FOUND.
# Why it matters: a contract that finds the server's span directly below the client's, or that selects by rpc.method, accepts
#   one instrumentation of the same call and rejects the other.
# Seen on 2026-11-29:
#   Recv.grpc.health.v1.Health.Check kind=server parent=Attempt.grpc.health.v1.Health.Check status=Ok rpc attributes=0
#   Attempt.grpc.health.v1.Health.Check kind=internal parent=Sent.grpc.health.v1.Health.Check status=Ok rpc attributes=0
#   Sent.grpc.health.v1.Health.Check kind=client parent=none status=Ok rpc attributes=0
#   and the same three with status=Error for a call that is answered with NOT_FOUND
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > go.mod <<'END'
module finding

go 1.26.0

require (
	go.opentelemetry.io/otel v1.47.0
	go.opentelemetry.io/otel/sdk v1.47.0
	google.golang.org/grpc v1.85.0
)
END
cat > main.go <<'END'
package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	tracing "google.golang.org/grpc/experimental/opentelemetry"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats/opentelemetry"
)

func main() {
	spans := tracetest.NewInMemoryExporter()
	options := opentelemetry.Options{TraceOptions: tracing.TraceOptions{
		TracerProvider:    trace.NewTracerProvider(trace.WithSyncer(spans)),
		TextMapPropagator: propagation.TraceContext{},
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(opentelemetry.ServerOption(options))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	connection, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), opentelemetry.DialOption(options))
	if err != nil {
		panic(err)
	}
	client := grpc_health_v1.NewHealthClient(connection)
	client.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	client.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{Service: "unknown"}) // NOT_FOUND
	connection.Close()
	server.GracefulStop()

	names := map[string]string{"0000000000000000": "none"}
	for _, span := range spans.GetSpans() {
		names[span.SpanContext.SpanID().String()] = span.Name
	}
	for _, span := range spans.GetSpans() {
		attributes := 0
		for _, attribute := range span.Attributes {
			if strings.HasPrefix(string(attribute.Key), "rpc.") {
				attributes++
			}
		}
		fmt.Printf("%s kind=%s parent=%s status=%s rpc attributes=%d\n", span.Name, span.SpanKind,
			names[span.Parent.SpanID().String()], span.Status.Code, attributes)
	}
}
END
go mod tidy 2> tidy.txt || { tail -1 tidy.txt; exit 2; }
seen=$(go run . | sort)
check=grpc.health.v1.Health.Check
expected=$(for status in Ok Error; do
    echo "Recv.$check kind=server parent=Attempt.$check status=$status rpc attributes=0"
    echo "Attempt.$check kind=internal parent=Sent.$check status=$status rpc attributes=0"
    echo "Sent.$check kind=client parent=none status=$status rpc attributes=0"
done | sort)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
