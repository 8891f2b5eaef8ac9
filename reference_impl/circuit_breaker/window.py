"""The sliding windows over which a circuit breaker takes its rates: the last calls, or the last seconds.

Recording a call costs the same however large the window is. Not safe for threads: the breaker's lock guards them.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from reference_impl.circuit_breaker.settings import BreakerSettings

BUCKETS: Final = 60
"""Into how many parts a time window is cut: it moves on by one part at a time (a minute's by one second)."""


class Window(Protocol):
    """How many calls are in the window, and how many of them failed and were slow."""

    calls: int
    failed: int
    slow: int

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at `now` (seconds of the breaker's clock)."""

    def advance(self, now: float) -> None:
        """Forget what is too old at `now`."""


class CountWindow:
    """The last `size` calls, however long ago they were."""

    __slots__ = ("_outcomes", "_size", "calls", "failed", "slow")

    def __init__(self, size: int) -> None:
        self._size = size
        self._outcomes: deque[tuple[bool, bool]] = deque()
        self.calls = self.failed = self.slow = 0

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call; the oldest one leaves a full window."""
        if self.calls == self._size:
            old_failed, old_slow = self._outcomes.popleft()
            self.failed -= old_failed
            self.slow -= old_slow
            self.calls -= 1
        self._outcomes.append((failed, slow))
        self.calls += 1
        self.failed += failed
        self.slow += slow

    def advance(self, now: float) -> None:
        """Nothing: a call does not age."""


class TimeWindow:
    """The calls of the last `seconds`, to the sixtieth of it: memory and work do not grow with the calls."""

    __slots__ = ("_buckets", "_width_s", "calls", "failed", "slow")

    def __init__(self, seconds: float) -> None:
        self._width_s = seconds / BUCKETS
        self._buckets: deque[_Bucket] = deque()
        self.calls = self.failed = self.slow = 0

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at `now`."""
        self.advance(now)
        bucket = self._bucket(int(now // self._width_s))
        for tally in (self, bucket):
            tally.calls += 1
            tally.failed += failed
            tally.slow += slow

    def advance(self, now: float) -> None:
        """Forget the buckets that are too old at `now`."""
        oldest = int(now // self._width_s) - BUCKETS + 1
        while self._buckets and self._buckets[0].number < oldest:
            gone = self._buckets.popleft()
            self.calls -= gone.calls
            self.failed -= gone.failed
            self.slow -= gone.slow

    def _bucket(self, number: int) -> _Bucket:
        # Not `==`: should an injected clock step back, the newest bucket goes on, and the buckets stay in order.
        if not self._buckets or self._buckets[-1].number < number:
            self._buckets.append(_Bucket(number))
        return self._buckets[-1]


class _Bucket:
    __slots__ = ("calls", "failed", "number", "slow")

    def __init__(self, number: int) -> None:
        self.number = number
        self.calls = self.failed = self.slow = 0


def window_of(settings: BreakerSettings) -> Window:
    """The empty window of a closed breaker."""
    return CountWindow(settings.window_calls) if settings.window == "count" else TimeWindow(settings.window_s)
