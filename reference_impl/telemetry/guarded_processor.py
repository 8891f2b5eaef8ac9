"""A span processor around another one, which keeps its failures from the application (C2)."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from reference_impl.instrumentation import faults
from reference_impl.instrumentation.faults import call_safely


class GuardedProcessor(SpanProcessor):
    """Calls another processor. What that raises is counted; the application and later processors do not see it."""

    def __init__(self, inner: SpanProcessor) -> None:
        self._inner = inner

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass on a span that started."""
        call_safely(self._inner.on_start, span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a span that ended."""
        call_safely(self._inner.on_end, span)

    def shutdown(self) -> None:
        """Shut the other processor down."""
        call_safely(self._inner.shutdown)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush the other processor. Return its result, False if it raises."""
        try:
            return self._inner.force_flush(timeout_millis)
        except Exception as fault:
            faults.FAULTS.add(fault)
            return False
