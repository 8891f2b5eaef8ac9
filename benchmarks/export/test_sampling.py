"""Sampling keeps its rate over a hundred thousand roots, and its traces are complete (S1.4, S6.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import sqrt

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import set_span_in_context

from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing

ROOTS = 100_000
CHILDREN = 3
Z_99 = 2.576


class SpansOfTraces(SpanProcessor):
    """Counts the spans of each trace that were recorded."""

    def __init__(self) -> None:
        self.ended: Counter[int] = Counter()

    def on_end(self, span: ReadableSpan) -> None:
        """Count a span."""
        if span.context is not None:
            self.ended[span.context.trace_id] += 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_rate_and_whole_traces(rate: float, measured: Callable[..., None]) -> None:
    traces = SpansOfTraces()
    telemetry = configure_tracing(Settings.load({}, sampling_rate=rate), span_processors=[traces])
    tracer = telemetry.tracer("benchmarks")
    for _ in range(ROOTS):
        root = tracer.start_span("root")
        below = set_span_in_context(root)
        for _ in range(CHILDREN):
            tracer.start_span("child", below).end()
        root.end()
    telemetry.shutdown(5)
    interval = Z_99 * sqrt(rate * (1 - rate) / ROOTS)
    off = abs(len(traces.ended) / ROOTS - rate)
    fact = f"{len(traces.ended)} of {ROOTS} roots"
    measured(
        f"sampling at {rate:g}: off the rate, 99 % interval", [off], goal=round(interval, 5), unit="", sampled=fact
    )
    partial: Sequence[int] = [number for number in traces.ended.values() if number != 1 + CHILDREN]
    measured(f"sampling at {rate:g}: traces that are not whole", [len(partial)], goal=0, unit="traces", sampled=fact)
