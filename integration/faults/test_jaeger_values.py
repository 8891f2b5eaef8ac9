"""Values that are no numbers arrive in a real Jaeger as text, so that its traces can still be read and searched."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from opentelemetry.trace import Link

from containers.servers.jaeger_server import JaegerBackend
from integration.support.jaeger_readings import seen_all
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
from spanpact.sources import JaegerSource, TraceQuery

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.fault("E18")
@pytest.mark.parametrize("tracing", ["fast", "plain"])
def test_a_trace_with_nan_and_infinity_can_be_read_and_searched(jaeger: JaegerBackend, tracing: str) -> None:
    service = f"not-a-number-{secrets.token_hex(4)}"
    environ = {"JAEGER_ENDPOINT": jaeger.otlp_http, "OTEL_SERVICE_NAME": service, "STUDIO_TRACING": tracing}
    telemetry = configure_tracing(Settings.load(environ))
    tracer = telemetry.tracer("tests")
    values: dict[str, Any] = {"nan": NAN, "infinite": [1.5, INFINITE, -INFINITE], "fine": 1.5}
    with tracer.start_as_current_span("first") as first:
        pass
    with tracer.start_as_current_span(
        "work", links=[Link(first.get_span_context(), values)], attributes=values
    ) as span:
        span.add_event("event", values)
    assert telemetry.flush(20) is True
    assert telemetry.shutdown(5) is True
    assert (telemetry.ledger().stored, telemetry.ledger().altered) == (2, 1)
    trace_id = f"{span.get_span_context().trace_id:032x}"
    seen_all(JaegerSource(jaeger.url, trace_ids=[trace_id]), {trace_id})
    for api in ("v3", "legacy"):
        (trace,) = JaegerSource(jaeger.url, trace_ids=[trace_id], api=api).read().traces
        found = JaegerSource(jaeger.url, query=TraceQuery(service), api=api).read().traces
        assert {each.trace_id for each in found} >= {trace_id}
        (read,) = trace.spans
        attributes = dict(read.attributes)
        assert (attributes["nan"], attributes["fine"]) == ("NaN", 1.5)
