"""Capture the spans of one test, from the tracer provider that the program uses, without an exporter.

A provider gets one processor for the whole process, at its first capture; a processor cannot be removed again. It keeps
nothing between captures. A span that began before a capture is not in it, such as one that an earlier test left open.

Needs the OpenTelemetry SDK.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from spanpact.errors import UsageError

try:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON
except ImportError:  # the fixture says so, at the line of the test
    raise UsageError("spans are captured from the OpenTelemetry SDK", hint="pip install opentelemetry-sdk") from None

from spanpact.testing.deterministic import CountedIds

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span
    from opentelemetry.trace import SpanContext, Tracer


class CapturedSpans:
    """The spans that began in one test and have ended, in the order in which they ended. Thread-safe.

    It is accepted wherever an `InMemorySpanExporter` is. `provider` is the tracer provider that is watched.
    """

    why_empty: Final = (
        "no span arrived: does the code use the global tracer provider (spanpact_spans.watch(provider) watches another "
        "one), does it sample, and is OTEL_SDK_DISABLED not set?"
    )
    """The hint where no span was captured."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._lock = threading.Lock()
        self._open: dict[int, SpanContext] = {}  # by id(): a reseeded `random` gives several spans equal ids
        self._ended: list[ReadableSpan] = []
        self._taps: list[_Tap] = []

    def watch(self, provider: TracerProvider) -> None:
        """Capture the spans of another provider too, for a program that keeps one of its own."""
        tap = _tap_of(provider)
        if tap not in self._taps:
            self._taps.append(tap)
            tap.captures = (*tap.captures, self)

    def tracer(self, name: str = "test") -> Tracer:
        """Return a tracer of the provider."""
        return self.provider.get_tracer(name)

    def get_finished_spans(self) -> tuple[ReadableSpan, ...]:
        """Return the spans that have ended by now."""
        with self._lock:
            return tuple(self._ended)

    def clear(self) -> None:
        """Forget the spans so far, those that are still open too."""
        with self._lock:
            self._open.clear()
            self._ended.clear()

    def __len__(self) -> int:
        return len(self._ended)

    def __repr__(self) -> str:
        return f"<CapturedSpans {len(self)} ended, {len(self._open)} open>"

    def _start(self, context: SpanContext) -> None:
        with self._lock:
            self._open[id(context)] = context

    def _end(self, span: ReadableSpan, context: SpanContext) -> None:
        with self._lock:
            if self._open.pop(id(context), None) is not None:
                self._ended.append(span)

    def _stop(self) -> None:
        for tap in self._taps:
            tap.captures = tuple(each for each in tap.captures if each is not self)


class _Tap(SpanProcessor):
    """Passes the spans of a provider to the captures that are running."""

    def __init__(self) -> None:
        self.captures: tuple[CapturedSpans, ...] = ()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for each in self.captures:
            each._start(span.get_span_context())

    def on_end(self, span: ReadableSpan) -> None:
        if context := span.get_span_context():
            for each in self.captures:
                each._end(span, context)


_TAPS: Final[WeakKeyDictionary[Any, _Tap]] = WeakKeyDictionary()


def _tap_of(provider: TracerProvider) -> _Tap:
    tap = _TAPS.get(provider)
    if tap is None:
        if not hasattr(provider, "add_span_processor"):
            what = f"spans cannot be captured from {type(provider).__qualname__}, which takes no span processor"
            raise UsageError(what, hint="accepted: a TracerProvider of the OpenTelemetry SDK")
        tap = _TAPS[provider] = _Tap()
        provider.add_span_processor(tap)
    return tap


@contextmanager
def capture_spans() -> Iterator[CapturedSpans]:
    """Capture the spans of the global tracer provider until the block ends.

    Where none is set, one is set for the rest of the process: tracers that modules took at import then work. It samples
    every span, and its ids are counted, so that tests which reseed `random` do not mix their traces. Raise UsageError
    for a global provider that takes no span processor.
    """
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        own = TracerProvider(sampler=ALWAYS_ON, id_generator=CountedIds(), shutdown_on_exit=False)
        trace.set_tracer_provider(own)
    provider: Any = trace.get_tracer_provider()
    spans = CapturedSpans(provider)
    spans.watch(provider)
    try:
        yield spans
    finally:
        spans._stop()
