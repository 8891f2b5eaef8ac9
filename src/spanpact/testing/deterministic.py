"""Deterministic ids and time for tests: an id generator that counts, and a clock that moves only when told."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.id_generator import IdGenerator
else:
    try:
        from opentelemetry.sdk.trace.id_generator import IdGenerator
    except ImportError:  # spans of the neutral model are judged without an SDK as well
        IdGenerator = object

_START_NS: Final = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z, where the examples of contracts start too


class CountedIds(IdGenerator):
    """An OpenTelemetry id generator that counts: the same ids in every run.

    With seed 0, trace ids are 00…01, 00…02, and span ids likewise. `seed` (0 to 2**32 - 1) stands in front of the
    count, so that processes with different seeds never make the same id. A `TraceIdRatioBased` sampler keeps all
    such traces, as it looks at the low bits: for its statistics use random ids. Safe to use from several threads.
    """

    def __init__(self, seed: int = 0) -> None:
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed must be between 0 and 2**32 - 1, not {seed}")
        self._trace_base, self._span_base = seed << 96, seed << 32
        self._traces, self._spans = itertools.count(1), itertools.count(1)  # next() is atomic

    def generate_trace_id(self) -> int:
        """The next trace id."""
        return self._trace_base | next(self._traces)

    def generate_span_id(self) -> int:
        """The next span id."""
        return self._span_base | next(self._spans)

    def is_trace_id_random(self) -> bool:
        """False: W3C's random flag is not set."""
        return False


class ManualClock:
    """A clock that moves only when told: wall time, monotonic time, and a sleep that takes none.

    Calling it gives monotonic seconds, as `time.monotonic` does. Safe to use from several threads.
    """

    def __init__(self, *, start_ns: int = _START_NS) -> None:
        self._start_ns = self._now_ns = start_ns
        self._lock = threading.Lock()

    def advance(self, seconds: float = 0.0, *, nanoseconds: int = 0) -> None:
        """Moves on by this much; ValueError for going back."""
        step = round(seconds * 1_000_000_000) + nanoseconds
        if step < 0:
            raise ValueError(f"a clock does not go back by {-step} ns")
        with self._lock:
            self._now_ns += step

    def time_ns(self) -> int:
        """Wall time in nanoseconds since the Unix epoch."""
        return self._now_ns

    def time(self) -> float:
        """Wall time in seconds since the Unix epoch."""
        return self._now_ns / 1_000_000_000

    def monotonic_ns(self) -> int:
        """Nanoseconds since the clock was made."""
        return self._now_ns - self._start_ns

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.monotonic_ns() / 1_000_000_000

    __call__ = monotonic

    def sleep(self, seconds: float) -> None:
        """Moves on instead of waiting."""
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Moves on instead of waiting, where a coroutine is asked for."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"<ManualClock {self.monotonic():g} s>"
