"""Ten spans by the plain SDK."""

import os
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
for _ in range(10):
    with trace.get_tracer("endings").start_as_current_span("work"):
        pass
if os.environ["ENDING"] == "wait":
    print("ready", flush=True)
    time.sleep(60)
elif os.environ["ENDING"] == "flush":
    provider.shutdown()
