#!/bin/sh
# Jaeger's Badger storage gives a root a parent when it links to a span of its own trace, and to itself when it links there.
#
# Library: Jaeger 2.13.0 (Go module github.com/jaegertracing/jaeger v1.76.0, built here; needs Go 1.24.6 or newer, curl, python3).
# Behaviour: a span without a parent comes back from /api/v3 with the linked span as its parent. A span that links to
#   itself is its own parent. The in-memory storage returns both as they were sent.
# Why it matters: the number of roots and the shape of a trace depend on the storage; who looks for lost context, or for
#   consumers that link to their producer within one trace, finds another tree than the one that was recorded.
# Seen on 2026-11-29:
#   memory root=none linked=none itself=none
#   badger root=none linked=root itself=itself
set -eu
folder=$(mktemp -d)
jaeger=
trap 'kill $jaeger 2>/dev/null || true; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

module=github.com/jaegertracing/jaeger
printf 'module build\ngo 1.24.6\nrequire %s v1.76.0\n' "$module" >go.mod
printf '//go:build tools\n\npackage build\n\nimport _ "%s/cmd/jaeger"\n' "$module" >tools.go
export CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=mod
sources=$(go mod download -json "$module@v1.76.0" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])') || exit 2
cat "$sources/go.sum" >>go.sum # the checksum database lacks one of its dependencies
nice -n 10 go build -trimpath -ldflags='-s -w' -o jaeger "$module/cmd/jaeger" || exit 2

cat > trace.json <<'END'
{"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeSpans": [
{"scope": {"name": "lib"}, "spans": [
{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "0000000000000001", "name": "root", "kind": 1,
 "startTimeUnixNano": "1795939000000010000", "endTimeUnixNano": "1795939000000990000"},
{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "0000000000000002", "name": "linked", "kind": 1,
 "startTimeUnixNano": "1795939000000020000", "endTimeUnixNano": "1795939000000980000",
 "links": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "0000000000000001"}]},
{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "0000000000000003", "name": "itself", "kind": 1,
 "startTimeUnixNano": "1795939000000030000", "endTimeUnixNano": "1795939000000970000",
 "links": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "0000000000000003"}]}]}]}]}
END
cat > settings.py <<'END'
import json, socket, sys

kind, folder = sys.argv[1:]
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
api, otlp, grpc = (each.getsockname()[1] for each in sockets)
storage = {"memory": {"memory": {"max_traces": 9}},
           "badger": {"badger": {"directories": {"keys": f"{folder}/k", "values": f"{folder}/v"}, "ephemeral": False}}}[kind]
pipeline = {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
json.dump({
    "service": {"extensions": ["jaeger_storage", "jaeger_query"], "pipelines": {"traces": pipeline},
                "telemetry": {"metrics": {"level": "none"}}},
    "extensions": {"jaeger_storage": {"backends": {"it": storage}},
                   "jaeger_query": {"storage": {"traces": "it"}, "http": {"endpoint": f"127.0.0.1:{api}"},
                                    "grpc": {"endpoint": f"127.0.0.1:{grpc}"}}},
    "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{otlp}"}}}},
    "exporters": {"jaeger_storage_exporter": {"trace_storage": "it"}}}, open(f"{kind}.json", "w"))
print(api, otlp)
END
cat > parents.py <<'END'
import json, sys

spans = [span for part in json.load(sys.stdin)["result"]["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]]
names = {span["spanId"]: span["name"] for span in spans}
print(sys.argv[1], *(f"{span['name']}={names.get(span.get('parentSpanId'), 'none')}" for span in sorted(spans, key=lambda s: s["spanId"])))
END
parents_in() {
    ports=$(python3 settings.py "$1" "$folder")
    ./jaeger --config "$1.json" >"$1.log" 2>&1 &
    jaeger=$!
    api=${ports% *} otlp=${ports#* }
    curl --silent --retry 40 --retry-delay 1 --retry-all-errors --retry-connrefused --fail --output accepted \
        --header 'content-type: application/json' --data @trace.json "http://127.0.0.1:$otlp/v1/traces" || exit 2
    curl --silent --retry 20 --retry-delay 1 --retry-all-errors --fail --output "$1.answer" \
        "http://127.0.0.1:$api/api/v3/traces/0af7651916cd43dd8448eb211c80319c?raw_traces=true" || exit 2
    kill "$jaeger"
    wait "$jaeger" || true
    python3 parents.py "$1" <"$1.answer" >>seen
}
parents_in memory
parents_in badger
expected='memory root=none linked=none itself=none
badger root=none linked=root itself=itself'
cat seen
[ "$(cat seen)" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
