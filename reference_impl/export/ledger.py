"""Counts every exported span: `ended = stored + lost{reason} + pending`, exact at every moment (S1.1, S1.5).

OpenTelemetry's SDK reports a flush as successful even if nothing was stored, and does not report dropped spans. So
admission to its queue, the outcome of every export and the spans left at shutdown are counted here, under one lock.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from reference_impl.export.worker_losses import WorkerLosses

QUEUE_FULL = "queue_full"
"""The queue was full when the span ended."""
ENCODE = "encode"
"""The span cannot be encoded, or makes the exporter raise."""
EXPORT = "export"
"""The endpoint did not accept the batch: unreachable, timed out, or an error status."""
REJECTED = "rejected"
"""The endpoint accepted the batch but reported spans that it did not store (partial success)."""
DEADLINE = "deadline"
"""The shutdown's deadline passed before the span was sent."""
AFTER_SHUTDOWN = "after_shutdown"
"""The span ended after the shutdown began."""
WORKER = "worker"
"""The span ended in a forked worker, which ended without storing it: killed, or with losses of its own."""
SPOOL_FULL = "spool_full"
"""The spool had no room when the span ended: its bound is reached, or its disk is full."""
SPOOL_EXPIRED = "spool_expired"
"""The span was in the spool for longer than its age allows."""
SPOOL_TORN = "spool_torn"
"""The span's record cannot be read: the process was killed while it was written, or it is corrupt."""


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """The ledger at one moment: numbers of sampled spans; `lost` by reason; `altered` were sanitized before export.

    Of those that `ended`, `recovered` did so in earlier processes, whose spool this one took over.
    """

    ended: int
    stored: int
    lost: Mapping[str, int]
    altered: int = 0
    recovered: int = 0

    @property
    def lost_total(self) -> int:
        """Return how many spans are known to be lost."""
        return sum(self.lost.values())

    @property
    def pending(self) -> int:
        """Return how many spans are neither stored nor lost yet."""
        return self.ended - self.stored - self.lost_total


class SpanLedger:
    """Counts sampled spans from their end until they are stored or lost. Thread-safe; a forked child starts at zero.

    Its parent counts what it loses, once it has ended; with a spool that takes over what it has not sent.
    """

    def __init__(self, *, has_spool: bool = False) -> None:
        self._workers = None if has_spool else WorkerLosses()
        self._reset()
        if hasattr(os, "register_at_fork"):
            # The parent counts its own spans. The SDK empties the child's queue too.
            fresh = weakref.WeakMethod(self._reset)
            os.register_at_fork(after_in_child=lambda: (method := fresh()) and method())

    def __repr__(self) -> str:
        now = self.read()
        return f"<SpanLedger {now.ended} ended, {now.stored} stored, {dict(now.lost)} lost, {now.pending} pending>"

    def _reset(self) -> None:
        self._lock = threading.RLock()  # entered itself: a condition passes each entry on by a call
        self._changed = threading.Condition(self._lock)
        self._ended = self._stored = self._altered = self._admitted = self._settled = self._reported = 0
        self._recovered = 0
        self._lost: Counter[str] = Counter()
        self._closed = self._sealed = False

    def read(self) -> LedgerReading:
        """Return the numbers at this moment, consistent with each other."""
        with self._lock:
            by_workers = self._workers.read() if self._workers else 0
            lost = {**self._lost, WORKER: by_workers} if by_workers else dict(self._lost)
            return LedgerReading(self._ended + by_workers, self._stored, lost, self._altered, self._recovered)

    def admit(self, limit: int) -> bool:
        """Count a span that ended. Return False, and count it as lost, if `limit` spans wait or after `close`."""
        with self._lock:
            self._ended += 1
            if self._workers:
                self._workers.note(self._ended - self._stored)
            if self._closed or self._admitted - self._settled >= limit:
                self._lost[AFTER_SHUTDOWN if self._closed else QUEUE_FULL] += 1
                return False
            self._admitted += 1
            return True

    def recover(self, number: int) -> None:
        """Count spans of earlier processes as ended here."""
        with self._lock:
            self._ended += number
            self._admitted += number
            self._recovered += number

    def settle(self, stored: int = 0, lost: int = 0, reason: str = EXPORT) -> None:
        """Count admitted spans as stored or lost. Ignored after `seal`, which counted them as lost."""
        with self._lock:
            if self._sealed or not stored + lost:
                return
            self._stored += stored
            if self._workers:
                self._workers.note(self._ended - self._stored)
            self._settled += stored + lost
            if lost:
                self._lost[reason] += lost
            self._changed.notify_all()

    def alter(self, number: int) -> None:
        """Count spans that were sanitized before export."""
        with self._lock:
            self._altered += number

    def target(self) -> int:
        """Return the number of spans admitted so far, for `wait`."""
        with self._lock:
            return self._admitted

    def wait(self, target: int, timeout_s: float) -> bool:
        """Wait until the spans up to `target` are stored or lost. Return False if the time is up first."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            return self._changed.wait_for(lambda: self._settled >= target, max(0.0, deadline - time.monotonic()))

    def report_losses(self) -> int:
        """Return how many spans were lost since the last call."""
        with self._lock:
            total = sum(self._lost.values())
            new, self._reported = total - self._reported, total
            return new

    def close(self) -> None:
        """Count every span that ends from now on as lost."""
        with self._lock:
            self._closed = True

    def seal(self) -> None:
        """Count all pending spans as lost by the deadline; ignore later outcomes."""
        with self._lock:
            waiting = self._admitted - self._settled
            if waiting and not self._sealed:
                self._lost[DEADLINE] += waiting
                self._settled = self._admitted
            self._closed = self._sealed = True
            self._changed.notify_all()
