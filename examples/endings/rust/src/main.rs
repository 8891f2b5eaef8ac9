//! Ten spans by the SDK for Rust.

use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::{env, thread, time::Duration};

fn main() {
    let exporter = SpanExporter::builder().with_http().with_protocol(opentelemetry_otlp::Protocol::HttpBinary).build().unwrap();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let tracer = provider.tracer("endings");
    for _ in 0..10 {
        tracer.start("work").end();
    }
    match env::var("ENDING").as_deref() {
        Ok("flush") => provider.shutdown().unwrap(),
        Ok("wait") => {
            println!("ready");
            thread::sleep(Duration::from_secs(60));
        }
        _ => std::process::exit(0),
    }
}
