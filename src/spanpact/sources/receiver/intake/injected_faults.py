"""Faults on purpose, for tests of exporters: late answers, refused requests, partial successes.

The same seed and the same order of requests give the same faults.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InjectedFaults:
    """The faults of a receiver. Shares are of all requests, 0 to 1.

    Every request is answered after `delay_seconds`. `refuse_share` of them are refused with the HTTP status `refuse`.
    Of `partial_share` of the others half of the spans or log records are rejected, the last ones.
    """

    delay_seconds: float = 0.0
    refuse: int = 503
    refuse_share: float = 0.0
    partial_share: float = 0.0
    seed: int = 0


NO_FAULTS = InjectedFaults()


@dataclass(slots=True)
class FaultCounts:
    """How many requests were refused, and spans or log records rejected, on purpose."""

    refused: int = 0
    rejected: int = 0


class FaultInjector:
    """Chooses the fault of each request, in the order in which they come. Any thread may call it."""

    def __init__(self, faults: InjectedFaults) -> None:
        self.faults = faults
        self.counts = FaultCounts()
        self._random = random.Random(faults.seed)
        self._lock = threading.Lock()

    def refuses(self) -> bool:
        """Return whether the next request is refused, and count it."""
        with self._lock:
            refused = self._random.random() < self.faults.refuse_share
            self.counts.refused += refused
            return refused

    def rejected_of(self, number: int) -> int:
        """Return how many of this number of spans or log records are rejected, and count them."""
        with self._lock:
            rejected = (number + 1) // 2 if self._random.random() < self.faults.partial_share else 0
            self.counts.rejected += rejected
            return rejected
