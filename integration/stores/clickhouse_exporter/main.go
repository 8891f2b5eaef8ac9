// Command clickhouse_exporter writes traces to ClickHouse with the collector's own exporter.
//
// Its arguments are the endpoint and "map" or "json", the type of the columns for attributes. Each line of standard
// input is an OTLP JSON document; for each it prints "ok", or why the exporter did not write it, on a line.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/clickhouseexporter"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const longestLine = 64 << 20

func main() {
	if err := run(os.Args[1], os.Args[2] == "json"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(endpoint string, json bool) error {
	ctx := context.Background()
	traces, err := newExporter(ctx, endpoint, json)
	if err != nil {
		return err
	}
	if err := traces.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		fmt.Println(export(ctx, traces, lines.Bytes()))
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return traces.Shutdown(ctx)
}

func newExporter(ctx context.Context, endpoint string, json bool) (exporter.Traces, error) {
	factory := clickhouseexporter.NewFactory()
	config := factory.CreateDefaultConfig()
	settings := confmap.NewFromStringMap(map[string]any{
		"endpoint": endpoint, "json": json, "compress": "none", "async_insert": false,
		"sending_queue":    map[string]any{"enabled": false},
		"retry_on_failure": map[string]any{"enabled": false},
	})
	if err := settings.Unmarshal(config); err != nil {
		return nil, err
	}
	return factory.CreateTraces(ctx, exportertest.NewNopSettings(factory.Type()), config)
}

func export(ctx context.Context, to exporter.Traces, document []byte) string {
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(document)
	if err == nil {
		err = to.ConsumeTraces(ctx, traces)
	}
	if err != nil {
		return strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return "ok"
}
