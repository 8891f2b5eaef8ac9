"""The sliding windows of a circuit breaker's rates: the last calls, or the last seconds.

Recording a call takes the same time for every window size. Not thread-safe: the breaker's lock guards the windows.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from reference_impl.circuit_breaker.settings import BreakerSettings

BUCKETS: Final = 60
"""The number of parts of a time window, which moves on by one part at a time (a minute's by one second)."""


class Window(Protocol):
    """The numbers of calls in the window: all, failed and slow ones."""

    calls: int
    failed: int
    slow: int

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at `now` (seconds of the breaker's clock)."""

    def advance(self, now: float) -> None:
        """Drop the calls that are too old at `now`."""


class CountWindow:
    """The last `size` calls, however long ago they were."""

    __slots__ = ("_outcomes", "_size", "calls", "failed", "slow")

    def __init__(self, size: int) -> None:
        self._size = size
        self._outcomes: deque[tuple[bool, bool]] = deque()
        self.calls = self.failed = self.slow = 0

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call; a full window drops its oldest."""
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
        """Do nothing: calls do not age."""


class TimeWindow:
    """The calls of the last `seconds`, to a precision of a sixtieth. Memory and time do not grow with the calls."""

    __slots__ = ("_buckets", "_width_s", "calls", "failed", "slow")

    def __init__(self, seconds: float) -> None:
        self._width_s = seconds / BUCKETS
        self._buckets: deque[_Bucket] = deque()
        self.calls = self.failed = self.slow = 0

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at `now`."""
        self.advance(now)
        bucket = self._bucket(int(now // self._width_s))
        for counts in (self, bucket):
            counts.calls += 1
            counts.failed += failed
            counts.slow += slow

    def advance(self, now: float) -> None:
        """Drop the buckets that are too old at `now`."""
        oldest = int(now // self._width_s) - BUCKETS + 1
        while self._buckets and self._buckets[0].number < oldest:
            old = self._buckets.popleft()
            self.calls -= old.calls
            self.failed -= old.failed
            self.slow -= old.slow

    def _bucket(self, number: int) -> _Bucket:
        # `<`, not `!=`: if an injected clock goes back, the newest bucket is used, and the buckets stay in order.
        if not self._buckets or self._buckets[-1].number < number:
            self._buckets.append(_Bucket(number))
        return self._buckets[-1]


class _Bucket:
    __slots__ = ("calls", "failed", "number", "slow")

    def __init__(self, number: int) -> None:
        self.number = number
        self.calls = self.failed = self.slow = 0


def window_of(settings: BreakerSettings) -> Window:
    """Return the empty window of a closed breaker."""
    return CountWindow(settings.window_calls) if settings.window == "count" else TimeWindow(settings.window_s)
