#!/bin/sh
# fastrace for Rust flags the caller of a service as local and every span as not sampled, and sends each property as a text.
#
# Libraries: fastrace 0.7.19, fastrace-opentelemetry 0.19.0, opentelemetry_sdk 0.33.1.
# Behaviour: a root made from a traceparent header gets the parent of this header, but is not marked as below a remote parent, so
#   that the exporter flags it as local; only a property `span.parent_span_is_remote` changes this. The trace flags are 0
#   although the header says sampled, where the SDK for Rust sends 1. A property that is set twice is sent twice.
# Why it matters: the span below another service's looks like one whose local parent was lost, and readers that take entry
#   spans by the remote flag do not find this service.
# Seen on 2026-11-29:
#   server parent=b7ad6b7169203331 remote=false sampled=false n=3 n=4 (texts)
#   marked parent=b7ad6b7169203331 remote=true sampled=false
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

mkdir src
cat > Cargo.toml <<'END'
[package]
name = "shop"
version = "1.0.0"
edition = "2021"

[dependencies]
fastrace = { version = "=0.7.19", features = ["enable"] }
fastrace-opentelemetry = "=0.19.0"
opentelemetry = "=0.33.1"
opentelemetry_sdk = { version = "=0.33.1", features = ["testing"] }
END
cat > src/main.rs <<'END'
use std::borrow::Cow;

use fastrace::collector::Config;
use fastrace::prelude::{Span, SpanContext};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::{InstrumentationScope, Value};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use opentelemetry_sdk::Resource;

fn caller() -> SpanContext {
    SpanContext::decode_w3c_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap()
}

fn main() {
    let spans = InMemorySpanExporter::default();
    let resource = Cow::Owned(Resource::builder().with_service_name("shop").build());
    let reporter = OpenTelemetryReporter::new(spans.clone(), resource, InstrumentationScope::builder("shop").build());
    fastrace::set_reporter(reporter, Config::default());
    drop(Span::root("server", caller()).with_property(|| ("n", "3")).with_property(|| ("n", "4")));
    drop(Span::root("marked", caller()).with_property(|| ("span.parent_span_is_remote", "true")));
    fastrace::flush();
    let mut finished = spans.get_finished_spans().unwrap();
    finished.sort_by_key(|span| span.name != "server");
    for span in finished {
        let texts = span.attributes.iter().all(|attribute| matches!(attribute.value, Value::String(_)));
        let attributes: Vec<_> = span.attributes.iter().map(|a| format!(" {}={}", a.key, a.value)).collect();
        let note = if attributes.is_empty() { "" } else if texts { " (texts)" } else { " (not all texts)" };
        println!("{} parent={} remote={} sampled={}{}{note}", span.name, span.parent_span_id, span.parent_span_is_remote,
            span.span_context.is_sampled(), attributes.concat());
    }
}
END
cargo build --quiet 2> install.txt || { tail -3 install.txt; exit 2; }
seen=$(cargo run --quiet)
expected='server parent=b7ad6b7169203331 remote=false sampled=false n=3 n=4 (texts)
marked parent=b7ad6b7169203331 remote=true sampled=false'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
