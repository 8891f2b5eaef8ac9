"""Ten spans by Datadog's tracer, which exports by OTLP where OTEL_TRACES_EXPORTER says so."""

import os
import time

from ddtrace import tracer

for _ in range(10):
    with tracer.trace("work"):
        pass
if os.environ["ENDING"] == "wait":
    print("ready", flush=True)
    time.sleep(60)
elif os.environ["ENDING"] == "flush":
    tracer.shutdown()
