"""What an export that failed leaves behind: nothing, so that outages do not fill the memory until a full collection."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reference_impl.export.span_exporter import otlp_exporter
from reference_impl.settings import Settings


@pytest.fixture(params=["refuses", "is silent"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def without_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collections")
def test_spans_of_a_failed_export_are_freed_without_the_garbage_collector(endpoint: str) -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    for _ in range(5):
        provider.get_tracer("tests").start_span("a").end()
    spans = memory.get_finished_spans()
    memory.clear()
    exporter, _ = otlp_exporter(Settings.load({"JAEGER_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "0.3"}))
    held = [weakref.ref(span) for span in spans]
    assert exporter.export(spans) is SpanExportResult.FAILURE
    del spans
    assert [each() for each in held] == [None] * 5
    exporter.shutdown()
