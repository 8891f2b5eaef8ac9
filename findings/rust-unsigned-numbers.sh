#!/bin/sh
# tracing-opentelemetry in Rust sends unsigned numbers as texts: a length is "3", while a signed number is 3.
#
# Libraries: tracing-opentelemetry 0.34.0, tracing 0.1.44, opentelemetry and opentelemetry_sdk 0.33.1.
# Behaviour: the layer records fields of the types i64, f64, bool and str as attributes of these types. It has nothing for
#   u64, so u64, usize and u32 become texts, in span macros and as arguments that #[instrument] records.
# Why it matters: a backend does not find such an attribute by a range, and a contract that asks for a number rejects it. A
#   change of i64 to u64 in the source changes the type in the trace.
# Seen on 2026-11-29:
#   signed I64(3)
#   length String(Owned("3"))
#   argument String(Owned("7"))
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > Cargo.toml <<'END'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
opentelemetry = "=0.33.1"
opentelemetry_sdk = { version = "=0.33.1", features = ["testing"] }
tracing = "=0.1.44"
tracing-opentelemetry = "=0.34.0"
tracing-subscriber = "=0.3.23"
END
mkdir src
cat > src/main.rs <<'END'
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::prelude::*;

#[tracing::instrument]
fn load(argument: u32) {}

fn main() {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    tracing_subscriber::registry().with(layer).init();
    let items = ["a", "b", "c"];
    drop(tracing::info_span!("request", signed = 3_i64, length = items.len()).entered());
    load(7);
    for name in ["signed", "length", "argument"] {
        for span in spans.get_finished_spans().unwrap() {
            for attribute in span.attributes.iter().filter(|each| each.key.as_str() == name) {
                println!("{name} {:?}", attribute.value);
            }
        }
    }
}
END
cargo fetch --quiet 2> fetch.txt || { tail -1 fetch.txt; exit 2; }
seen=$(cargo run --quiet --offline)
expected='signed I64(3)
length String(Owned("3"))
argument String(Owned("7"))'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
