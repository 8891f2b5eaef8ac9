"""The export path's book-keeping: `ended = stored + lost{reason} + pending`, exact at every moment (S1.1, S1.5).

OpenTelemetry's SDK says "flushed" also when nothing was stored, and does not say what it dropped. So admission to
its queue, the outcome of every export and what a shutdown leaves behind are counted here, under one lock.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

QUEUE_FULL = "queue_full"
"""The queue held its maximum when the span ended."""
ENCODE = "encode"
"""The span itself cannot be encoded or makes the exporter raise."""
EXPORT = "export"
"""The endpoint did not take it: unreachable, timed out, or an error status."""
REJECTED = "rejected"
"""The endpoint took the batch and said how many of its spans it did not store (partial success)."""
DEADLINE = "deadline"
"""The shutdown's deadline passed first."""
AFTER_SHUTDOWN = "after_shutdown"
"""The span ended when the shutdown had begun."""


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """The ledger at one moment: numbers of sampled spans; `lost` by reason; `altered` were made safe, then sent."""

    ended: int
    stored: int
    lost: Mapping[str, int]
    altered: int = 0

    @property
    def lost_total(self) -> int:
        """How many spans are known to be lost."""
        return sum(self.lost.values())

    @property
    def pending(self) -> int:
        """How many spans are neither stored nor lost yet."""
        return self.ended - self.stored - self.lost_total


class SpanLedger:
    """Counts every sampled span from its end to its fate; safe for threads, and starts afresh in a forked child."""

    def __init__(self) -> None:
        self._start_afresh()
        if hasattr(os, "register_at_fork"):
            # The parent's spans are the parent's to count: the SDK empties the child's queue too.
            fresh = weakref.WeakMethod(self._start_afresh)
            os.register_at_fork(after_in_child=lambda: (method := fresh()) and method())

    def __repr__(self) -> str:
        now = self.read()
        return f"<SpanLedger {now.ended} ended, {now.stored} stored, {dict(now.lost)} lost, {now.pending} pending>"

    def _start_afresh(self) -> None:
        self._changed = threading.Condition()
        self._ended = self._stored = self._altered = self._admitted = self._settled = self._reported = 0
        self._lost: Counter[str] = Counter()
        self._closed = self._sealed = False

    def read(self) -> LedgerReading:
        """The numbers at this moment, consistent with each other."""
        with self._changed:
            return LedgerReading(self._ended, self._stored, dict(self._lost), self._altered)

    def admit(self, limit: int) -> bool:
        """Count a span that ended; False (and lost) where `limit` spans wait already or the ledger is closed."""
        with self._changed:
            self._ended += 1
            if self._closed or self._admitted - self._settled >= limit:
                self._lost[AFTER_SHUTDOWN if self._closed else QUEUE_FULL] += 1
                return False
            self._admitted += 1
            return True

    def settle(self, stored: int = 0, lost: int = 0, reason: str = EXPORT) -> None:
        """Count the fate of admitted spans; nothing once sealed, as they were counted as lost then."""
        with self._changed:
            if self._sealed or not stored + lost:
                return
            self._stored += stored
            self._settled += stored + lost
            if lost:
                self._lost[reason] += lost
            self._changed.notify_all()

    def alter(self, number: int) -> None:
        """Count spans whose values were made safe before they left."""
        with self._changed:
            self._altered += number

    def target(self) -> int:
        """The mark that `wait` waits for: all spans admitted until now."""
        with self._changed:
            return self._admitted

    def wait(self, target: int, timeout_s: float) -> bool:
        """Wait until all spans up to `target` have met their fate; False when the time is up."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            return self._changed.wait_for(lambda: self._settled >= target, max(0.0, deadline - time.monotonic()))

    def has_backlog(self, limit: int) -> bool:
        """Whether more than so many spans wait for their fate; a glance, without the lock."""
        return self._admitted - self._settled > limit

    def report_losses(self) -> int:
        """How many spans were lost since this was last asked."""
        with self._changed:
            total = sum(self._lost.values())
            news, self._reported = total - self._reported, total
            return news

    def close(self) -> None:
        """From now on a span that ends is lost to the shutdown."""
        with self._changed:
            self._closed = True

    def seal(self) -> None:
        """Count all that is still pending as lost to the deadline; later outcomes change nothing."""
        with self._changed:
            waiting = self._admitted - self._settled
            if waiting and not self._sealed:
                self._lost[DEADLINE] += waiting
                self._settled = self._admitted
            self._closed = self._sealed = True
            self._changed.notify_all()
