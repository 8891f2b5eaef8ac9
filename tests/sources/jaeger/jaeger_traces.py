"""A trace with everything that a span can carry, and the responses of Jaeger 2.13 to requests for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opentelemetry import trace as api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanpact.testing import CountedIds
from tests.sources.scripted_http import answer

ANSWERS = Path(__file__).parent / "jaeger_answers"
SHORT_ID = "abc"  # so that the old API shortens it


def everything(seed: int = 0, *, not_a_number: bool = False) -> Sequence[ReadableSpan]:
    """Finished spans of one trace: a list, a map, bytes, an orphan, events, links, all kinds, all statuses."""
    exporter = InMemorySpanExporter()
    resource = Resource({"service.name": "studio-api", "service.version": "1.2", "replicas": 2})
    provider = TracerProvider(resource=resource, id_generator=CountedIds(seed), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer, other = provider.get_tracer("tests", "1.0"), provider.get_tracer("other")
    state = api.TraceState([("vendor", "a")])
    trace_id = int(SHORT_ID, 16) + (seed << 32)
    remote = api.SpanContext(trace_id, 0xDEF, True, api.TraceFlags(1), state)
    linked = api.Link(api.SpanContext(1, 2, False), {"why": "batch"})
    context = api.set_span_in_context(api.NonRecordingSpan(remote))
    with tracer.start_as_current_span("GET /session", context, api.SpanKind.SERVER, links=[linked]) as top:
        top.set_attributes({"session.valid": True, "tries": 2, "ratio": 1.0, "tags": ["a", "b"], "raw": b"\x00\xff"})
        top.set_attributes({"nested": {"a": [1, {"b": "c"}]}, "error": "a text"})
        with tracer.start_as_current_span("redis.get", kind=api.SpanKind.CLIENT) as get:
            get.add_event("retry", {"delay": 0.5})
            get.add_event("exception", {"exception.type": "TimeoutError", "exception.escaped": False})
            get.set_status(api.StatusCode.ERROR, "timed out")
        with other.start_as_current_span("db.query") as query:
            query.set_status(api.StatusCode.OK)
            if not_a_number:
                query.set_attribute("ratio", float("nan"))
        for kind in (api.SpanKind.PRODUCER, api.SpanKind.CONSUMER):
            with tracer.start_as_current_span("queue", kind=kind):
                pass
    local = api.SpanContext(trace_id, 0xABCDEF, False, api.TraceFlags(1))
    tracer.start_span("orphan", api.set_span_in_context(api.NonRecordingSpan(local))).end()
    return exporter.get_finished_spans()


def recorded(name: str) -> bytes:
    """An answer of Jaeger, as bytes to send; the name begins with its status."""
    kind = "text/html; charset=utf-8" if name.endswith(".html") else "text/plain; charset=utf-8"
    return answer(int(name.partition("-")[0]), (ANSWERS / name).read_bytes(), kind)
