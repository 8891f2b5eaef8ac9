"""A program that exports as many flows as its first argument says, and ends with the exit code of its second."""

from __future__ import annotations

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")
for number in range(int(sys.argv[1])):
    with tracer.start_as_current_span("checkout", attributes={"order.id": number}), tracer.start_as_current_span("pay"):
        pass
provider.shutdown()
sys.exit(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
