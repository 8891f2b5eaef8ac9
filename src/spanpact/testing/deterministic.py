"""Deterministic ids and time for tests: an id generator that counts, and a clock that only moves when advanced."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.id_generator import IdGenerator
else:
    try:
        from opentelemetry.sdk.trace.id_generator import IdGenerator
    except ImportError:  # the rest of this module works without the SDK
        IdGenerator = object

_START_NS: Final = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z, as in the examples of contracts


class CountedIds(IdGenerator):
    """An OpenTelemetry id generator that counts: the same ids in every run.

    With seed 0, trace ids are 00…01, 00…02 and so on, and span ids likewise. `seed` (0 to 2**32 - 1) fills the upper
    bits, so that processes with different seeds never create the same id. A `TraceIdRatioBased` sampler keeps all
    these traces because it compares the low bits; to test sampling rates, use random ids. Thread-safe.
    """

    def __init__(self, seed: int = 0) -> None:
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed must be between 0 and 2**32 - 1, not {seed}")
        self._trace_base, self._span_base = seed << 96, seed << 32
        self._traces, self._spans = itertools.count(1), itertools.count(1)  # next() is atomic

    def generate_trace_id(self) -> int:
        """Return the next trace id."""
        return self._trace_base | next(self._traces)

    def generate_span_id(self) -> int:
        """Return the next span id."""
        return self._span_base | next(self._spans)

    def is_trace_id_random(self) -> bool:
        """Return False: the random flag of W3C trace context is not set."""
        return False


class ManualClock:
    """A clock that only moves when advanced: wall time, monotonic time, and a sleep that returns at once.

    Calling it returns monotonic seconds, as `time.monotonic` does. Thread-safe.
    """

    def __init__(self, *, start_ns: int = _START_NS) -> None:
        self._start_ns = self._now_ns = start_ns
        self._lock = threading.Lock()

    def advance(self, seconds: float = 0.0, *, nanoseconds: int = 0) -> None:
        """Move forward by `seconds` and `nanoseconds`. Raise `ValueError` if together they are negative."""
        step = round(seconds * 1_000_000_000) + nanoseconds
        if step < 0:
            raise ValueError(f"a clock does not go back by {-step} ns")
        with self._lock:
            self._now_ns += step

    def time_ns(self) -> int:
        """Return wall time in nanoseconds since the Unix epoch."""
        return self._now_ns

    def time(self) -> float:
        """Return wall time in seconds since the Unix epoch."""
        return self._now_ns / 1_000_000_000

    def monotonic_ns(self) -> int:
        """Return the nanoseconds since the clock was created."""
        return self._now_ns - self._start_ns

    def monotonic(self) -> float:
        """Return the seconds since the clock was created."""
        return self.monotonic_ns() / 1_000_000_000

    __call__ = monotonic

    def sleep(self, seconds: float) -> None:
        """Move forward instead of waiting."""
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Move forward instead of waiting, as a coroutine."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"<ManualClock {self.monotonic():g} s>"
