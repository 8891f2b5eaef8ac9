"""Trace and span ids that are the same on every run, for documentation that shows them."""

from __future__ import annotations

import random

from opentelemetry.sdk.trace.id_generator import IdGenerator


class SeededIds(IdGenerator):
    """Generates ids from a seed; never for production."""

    def __init__(self, seed: int) -> None:
        # Two streams: the number of spans in one trace must not change the id of the next trace.
        self._traces, self._spans = random.Random(f"trace {seed}"), random.Random(f"span {seed}")

    def generate_trace_id(self) -> int:
        """Return the next trace id."""
        return self._traces.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        """Return the next span id."""
        return self._spans.getrandbits(64) or 1
