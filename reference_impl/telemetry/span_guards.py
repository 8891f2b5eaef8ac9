"""Keeps faults of telemetry out of the application (C2): a raising sampler or processor costs spans, never a request.

The SDK lets what a sampler or a processor raises through to whoever starts or ends a span. Each fault is counted, and
the first is logged, by its type.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.trace import NonRecordingSpan, Span, Tracer, get_current_span

logger = logging.getLogger("reference_impl.telemetry.span_guards")


class FaultCount:
    """How often telemetry itself failed; the first failure is logged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0

    def __repr__(self) -> str:
        return f"<FaultCount {self.number}>"

    def note(self, fault: Exception) -> None:
        """Count a failure."""
        with self._lock:
            self.number += 1
            first = self.number == 1
        if first:
            logger.warning("telemetry failed (%s); later failures are only counted", type(fault).__name__)


FAULTS: Final = FaultCount()
"""The faults of this process that the guards of this module kept from the application."""


def start_span(tracer: Tracer, name: str, context: Context | None = None, **options: Any) -> Span:
    """A new span; where it cannot be started, one that records nothing and stands for its parent."""
    try:
        return tracer.start_span(name, context, **options)
    except Exception as fault:
        FAULTS.note(fault)
        # With the parent's context, so that spans below hang where this one would have hung.
        return NonRecordingSpan(get_current_span(context).get_span_context())


def quietly(action: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """Do something to a span; a failure is counted and goes no further."""
    try:
        action(*arguments, **options)
    except Exception as fault:
        FAULTS.note(fault)


class GuardedProcessor(SpanProcessor):
    """Stands before a processor of somebody else's: what that raises is counted, and reaches neither the application
    nor the processors after it."""

    def __init__(self, inner: SpanProcessor) -> None:
        self._inner = inner

    def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:
        """Pass a span on that started."""
        quietly(self._inner.on_start, span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass a span on that ended."""
        quietly(self._inner.on_end, span)

    def shutdown(self) -> None:
        """Shut the other down."""
        quietly(self._inner.shutdown)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush the other; False where it fails."""
        try:
            return self._inner.force_flush(timeout_millis)
        except Exception as fault:
            FAULTS.note(fault)
            return False
