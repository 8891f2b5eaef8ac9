"""The sliding windows of a circuit breaker's rates: the last calls, or the last seconds.

Recording a call takes the same time for every window size. Not thread-safe: the breaker's lock guards the windows.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from reference_impl.circuit_breaker.settings import BreakerSettings

BUCKETS: Final = 60
"""The number of parts of a time window, which moves on by one part at a time (a minute's by one second)."""


class Counts:
    """Numbers of calls: all, failed and slow ones, with their rates, which are 0.0 without calls."""

    __slots__ = ("calls", "failed", "slow")

    def __init__(self) -> None:
        self.calls = self.failed = self.slow = 0

    def add(self, calls: int, failed: int, slow: int) -> None:
        """Add to the numbers, or take from them."""
        self.calls += calls
        self.failed += failed
        self.slow += slow

    @property
    def failure_rate(self) -> float:
        """Return the share of failures."""
        return self.failed / self.calls if self.calls else 0.0

    @property
    def slow_call_rate(self) -> float:
        """Return the share of slow calls."""
        return self.slow / self.calls if self.calls else 0.0


class CountWindow(Counts):
    """The last `size` calls, however long ago they were."""

    __slots__ = ("_outcomes", "_size")

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._outcomes: deque[tuple[bool, bool]] = deque()

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call; a full window drops its oldest."""
        if self.calls == self._size:
            old_failed, old_slow = self._outcomes.popleft()
            self.add(-1, -old_failed, -old_slow)
        self._outcomes.append((failed, slow))
        self.add(1, failed, slow)

    def advance(self, now: float) -> None:
        """Do nothing: calls do not age."""


class TimeWindow(Counts):
    """The calls of the last `seconds`, to a precision of a sixtieth. Memory and time do not grow with the calls."""

    __slots__ = ("_buckets", "_width_s")

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._width_s = seconds / BUCKETS
        self._buckets: deque[tuple[int, Counts]] = deque()

    def record(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at `now` (seconds of the breaker's clock)."""
        self.advance(now)
        number = int(now // self._width_s)
        # `<`, not `!=`: if an injected clock goes back, the newest bucket is used, and the buckets stay in order.
        if not self._buckets or self._buckets[-1][0] < number:
            self._buckets.append((number, Counts()))
        for counts in (self, self._buckets[-1][1]):
            counts.add(1, failed, slow)

    def advance(self, now: float) -> None:
        """Drop the buckets that are too old at `now`."""
        oldest = int(now // self._width_s) - BUCKETS + 1
        while self._buckets and self._buckets[0][0] < oldest:
            _, old = self._buckets.popleft()
            self.add(-old.calls, -old.failed, -old.slow)


def window_of(settings: BreakerSettings) -> CountWindow | TimeWindow:
    """Return the empty window of a closed breaker."""
    return CountWindow(settings.window_calls) if settings.window == "count" else TimeWindow(settings.window_s)
