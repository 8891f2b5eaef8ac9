"""Make the traces of all recordings with OpenTelemetry's Python SDK, and hand them to one exporter.

usage: shop.py console | otlp-file FILE | zipkin URL | otlp URL
"""

from __future__ import annotations

import sys

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, get_current_span, set_span_in_context


def exporter(kind: str, *where: str) -> SpanExporter:
    """Return the exporter of a kind; imports are late, as the packages are in different environments."""
    if kind == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    if kind == "otlp-file":
        from opentelemetry.exporter.otlp.json.file import FileSpanExporter

        return FileSpanExporter(*where)
    if kind == "zipkin":
        from opentelemetry.exporter.zipkin.json import ZipkinExporter

        return ZipkinExporter(endpoint=where[0])
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=where[0])


def serve(provider: TracerProvider) -> None:
    """Make a trace of four spans with a link to another trace, and that trace."""
    tracer = provider.get_tracer("shop.web", "1.2.0")
    with tracer.start_as_current_span("Import Prices", kind=SpanKind.CONSUMER) as other:
        linked = other.get_span_context()
    with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER, attributes={"http.route": "/cart"}) as top:
        top.set_attribute("http.response.status_code", 500)
        with tracer.start_as_current_span("load cart", links=[Link(linked, {"why": "prices"})]) as load:
            load.set_attributes({"cart.items": ["pen", "ink"], "cart.total": 12.5, "cart.empty": False, "note": "Grün"})
            load.add_event("cache miss", {"cache.key": "cart", "cache.size": 3})
            load.add_event("bare")
        with tracer.start_as_current_span("SELECT carts", kind=SpanKind.CLIENT) as select:
            select.record_exception(TimeoutError("no answer"))
            select.set_status(Status(StatusCode.ERROR, "no answer"))
        context = set_span_in_context(get_current_span())
        tracer.start_span("publish", kind=SpanKind.PRODUCER, context=context).end()
        top.set_status(Status(StatusCode.OK))


def main() -> None:
    """Run the program."""
    provider = TracerProvider(resource=Resource.create({"service.name": "Shop", "deployment.environment.name": "test"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter(*sys.argv[1:])))
    serve(provider)
    provider.shutdown()


if __name__ == "__main__":
    main()
