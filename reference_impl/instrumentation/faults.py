"""Keeps failures of telemetry away from the application (C2): a raising sampler costs spans, never a request.

The SDK passes on to the application what a sampler or processor raises when a span starts or ends. Here each failure
is counted, and the first one is logged by its type.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, Tracer, get_current_span

logger = logging.getLogger("reference_impl.instrumentation.faults")


class FaultCount:
    """The number of failures of telemetry itself; the first one is logged, as `what` and its type."""

    def __init__(self, log: logging.Logger = logger, what: str = "telemetry failed") -> None:
        self._log = log
        self._what = what
        self._lock = threading.Lock()
        self.number = 0

    def __repr__(self) -> str:
        return f"<FaultCount {self.number}>"

    def add(self, fault: Exception) -> None:
        """Count one failure."""
        with self._lock:
            self.number += 1
            first = self.number == 1
        if first:
            self._log.warning("%s (%s); later failures are only counted", self._what, type(fault).__name__)


FAULTS: Final = FaultCount()
"""The failures of telemetry in this process that were kept from the application."""


def start_span(tracer: Tracer, name: str, context: Context | None = None, **options: Any) -> Span:
    """Start a span. If that fails, return a span that records nothing and has the parent's span context."""
    try:
        return tracer.start_span(name, context, **options)
    except Exception as fault:
        FAULTS.add(fault)
        # With the parent's span context, spans below become children of the parent.
        return NonRecordingSpan(get_current_span(context).get_span_context())


def call_safely(action: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """Call `action`, a step of telemetry. An exception is counted and not raised."""
    try:
        action(*arguments, **options)
    except Exception as fault:
        FAULTS.add(fault)
