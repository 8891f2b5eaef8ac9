#!/bin/bash
# Record the files of this folder anew: each is written by the program that README.md names.
# usage: record.sh [python|go|java|collector|zipkin|jaeger]...   (default: all)
# Needs python3, go, mvn and javac, java, curl, the registries of their packages, and for jaeger the program `jaeger` (2.13).
# It takes ports of 127.0.0.1 from 19411 on, and half an hour where nothing is in a cache, as the collector is built.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${RECORDINGS_WORK:-$(mktemp -d)}
SDK=1.45.1 CONTRIB=0.66b1 GO_SDK=v1.47.0 BUILDER=v0.161.0 ZIPKIN=3.5.1
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done' EXIT

environment() { # the Python environment with the SDK and its exporters
  [ -x "$work/python/bin/python" ] && return
  python3 -m venv "$work/python"
  "$work/python/bin/pip" -q install "opentelemetry-sdk==$SDK" "opentelemetry-exporter-otlp-json-file==$CONTRIB" \
    "opentelemetry-exporter-zipkin-json==$SDK" "opentelemetry-exporter-otlp-proto-http==$SDK"
}
shop() { environment; "$work/python/bin/python" "$here/programs/shop.py" "$@"; }
wait_for() { for _ in $(seq 60); do curl -sf -o "$work/answer" "$1" && return; sleep 1; done; echo "$1 does not answer"; exit 1; }

record_python() {
  shop console >"$here/python-console.txt"
  rm -f "$work/otlp.jsonl"; shop otlp-file "$work/otlp.jsonl"; cp "$work/otlp.jsonl" "$here/python-otlp.jsonl"
}

record_go() {
  mkdir -p "$work/go" && cp "$here/programs/go/shop.go" "$work/go" && cd "$work/go"
  [ -f go.mod ] || go mod init shop
  go get "go.opentelemetry.io/otel@$GO_SDK" "go.opentelemetry.io/otel/sdk@$GO_SDK" \
    "go.opentelemetry.io/otel/exporters/stdout/stdouttrace@$GO_SDK"
  go build -o shop .
  ./shop >"$here/go-console.jsonl"
  ./shop pretty >"$here/go-console-pretty.txt"
}

record_java() {
  mkdir -p "$work/java" && cp "$here/programs/java/"* "$work/java" && cd "$work/java"
  mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
  javac -encoding UTF-8 -cp 'lib/*' Shop.java
  java -Dfile.encoding=UTF-8 -cp 'lib/*:.' Shop lines >"$here/java-lines.jsonl"
  java -Dfile.encoding=UTF-8 -cp 'lib/*:.' Shop requests >"$here/java-requests.jsonl"
  java -Dfile.encoding=UTF-8 -cp 'lib/*:.' Shop log 2>&1 >"$work/out" | sed 's/^[A-Z][a-z][a-z] [0-9].*/Jan 01, 2026 1:00:00 AM exporter export/' >"$here/java-log.txt"
}

record_collector() {
  mkdir -p "$work/collector" && cp "$here/programs/collector.yaml" "$work/collector" && cd "$work/collector"
  if [ ! -x dist/otelcol ]; then
    GOBIN=$work/bin go install "go.opentelemetry.io/collector/cmd/builder@$BUILDER"
    CGO_ENABLED=0 "$work/bin/builder" --config collector.yaml
  fi
  rm -f collector-*
  exporters=()
  config="receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:19418'}}}}
exporters:"
  for format in json proto; do
    for compression in none zstd; do
      name=collector-$format; [ $compression = zstd ] && name=$name-zstd
      setting=""; [ $compression = zstd ] && setting=", compression: zstd"
      config="$config
  file/$name: {path: '$work/collector/$name', format: $format$setting}"
      exporters+=("file/$name")
    done
  done
  config="$config
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [$(IFS=,; echo "${exporters[*]}")]}}"
  ./dist/otelcol --config "yaml:$config" >"$work/collector.log" 2>&1 & pids+=($!)
  local pid=$!
  for _ in $(seq 30); do curl -s -o "$work/answer" http://127.0.0.1:19418/ && break; sleep 1; done
  shop otlp http://127.0.0.1:19418/v1/traces
  sleep 2; kill $pid; wait $pid || true
  cp collector-* "$here"
  for file in "$here"/collector-*; do case $file in *.*) ;; *) mv "$file" "$file.otlp" ;; esac; done
}

record_zipkin() {
  mvn -q -B dependency:get "-Dartifact=io.zipkin:zipkin-server:$ZIPKIN:jar:exec" -Dtransitive=false
  QUERY_PORT=19411 java -Xmx300m -jar ~/.m2/repository/io/zipkin/zipkin-server/$ZIPKIN/zipkin-server-$ZIPKIN-exec.jar \
    >"$work/zipkin.log" 2>&1 & pids+=($!)
  local pid=$! url=http://127.0.0.1:19411
  wait_for $url/health
  shop zipkin $url/api/v2/spans
  sleep 2
  curl -s "$url/api/v2/traces?limit=10" >"$here/zipkin-traces.json"
  id=$(grep -o '"traceId":"[0-9a-f]*"' "$here/zipkin-traces.json" | sort | uniq -c | sort -rn | head -1 | cut -d'"' -f4)
  curl -s "$url/api/v2/trace/$id" >"$here/zipkin-trace.json"
  kill $pid; wait $pid || true
  "$work/python/bin/python" "$here/programs/keep_bodies.py" 19412 "$here/zipkin-exporter.json" & pids+=($!)
  sleep 1
  shop zipkin http://127.0.0.1:19412/api/v2/spans
  wait $!
}

record_jaeger() {
  for setting in receivers.otlp.protocols.http.endpoint=127.0.0.1:19421 receivers.otlp.protocols.grpc.endpoint=127.0.0.1:19422 \
    extensions.jaeger_query.http.endpoint=127.0.0.1:19423 extensions.jaeger_query.grpc.endpoint=127.0.0.1:19424 \
    extensions.healthcheckv2.http.endpoint=127.0.0.1:19425 service.telemetry.metrics.level=none; do set -- "$@" "--set=$setting"; done
  "${JAEGER:-jaeger}" "$@" >"$work/jaeger.log" 2>&1 & pids+=($!)
  local pid=$! url=http://127.0.0.1:19423
  wait_for $url/api/services
  shop otlp http://127.0.0.1:19421/v1/traces
  sleep 2
  curl -s "$url/api/traces?service=Shop&limit=10" >"$work/all.json"
  id=$(grep -o '"traceID":"[0-9a-f]*"' "$work/all.json" | sort | uniq -c | sort -rn | head -1 | cut -d'"' -f4)
  cp "$work/all.json" "$here/jaeger-search.json"
  curl -s "$url/api/traces/$id?prettyPrint=true" >"$here/jaeger-trace.json"
  curl -s "$url/api/v3/traces/$id?raw_traces=true" >"$here/jaeger-v3-trace.json"
  kill $pid; wait $pid || true
}

for each in "${@:-python go java collector zipkin jaeger}"; do for one in $each; do (set --; "record_$one"); done; done
