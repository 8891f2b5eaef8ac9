"""Telemetry that keeps its spans in memory, and questions about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer, get_current_span

from reference_impl.propagation.correlation import current_correlation_id
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing


class Traced:
    """A tracer with the correlation processor, and the spans that it made."""

    def __init__(self, tracer: Tracer, memory: InMemorySpanExporter) -> None:
        self.tracer = tracer
        self.memory = memory

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.memory.get_finished_spans() if span.name == name]

    def span(self, name: str) -> ReadableSpan:
        (found,) = self.spans(name)
        return found

    def make(self, name: str) -> None:
        """Make one short span in the caller's context."""
        self.tracer.start_span(name).end()

    def correlation_ids(self) -> dict[str, object]:
        return {span.name: (span.attributes or {})["correlation.id"] for span in self.memory.get_finished_spans()}

    def parent_name(self, name: str) -> str | None:
        """Return the name of the span's parent; None for a root."""
        parent = self.span(name).parent
        if parent is None:
            return None
        ids = {span.context.span_id: span.name for span in self.memory.get_finished_spans() if span.context}
        return ids[parent.span_id]


@contextmanager
def traced_in_memory() -> Iterator[Traced]:
    memory = InMemorySpanExporter()
    telemetry = configure_tracing(Settings.load({}), span_processors=[SimpleSpanProcessor(memory)])
    yield Traced(telemetry.tracer("tests"), memory)
    telemetry.shutdown(5)


def assert_clean() -> None:
    """Nothing of any request is in the context of here."""
    assert not get_current_span().get_span_context().is_valid
    assert current_correlation_id() is None
