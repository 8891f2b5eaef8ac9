"""Hand over what a receiver has to a listener, and tell what the receiver has lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from spanpact.cli.losses import Header, lost
from spanpact.listening import Event, Listener, Notice
from spanpact.otlp import SharedValues
from spanpact.sources import OtlpReceiver
from spanpact.sources.receiver.intake.received_traffic import decoded

_RATE_SECONDS: Final = 10.0


class ReceiverIntake:
    """Takes what has arrived at a receiver out of it, so that it is held once."""

    def __init__(self, receiver: OtlpReceiver) -> None:
        self._receiver = receiver
        self._shared = SharedValues()
        self._known: Header = []
        self.spans = 0
        """Spans and log records that were handed over."""

    def hand_over(self, listener: Listener, now: float) -> Iterator[Event]:
        """Give the listener what has arrived. Yield what it judges meanwhile for want of room, and what was lost."""
        for traffic in self._receiver.sessions.drain():
            for _, body in traffic.bodies.iterate():
                batch = decoded(body, self._shared)
                listener.add(batch.spans, batch.logs, now)
                self.spans += len(batch.spans)
                if listener.is_full:
                    yield from listener.judge(now)
            listener.note_unread(traffic.unread)
            traffic.close()
        yield from self._losses()

    def _losses(self) -> Iterator[Event]:
        losses = self.losses()
        known, self._known = self._known, losses
        for row in losses:
            if row not in known:
                yield Notice("lost", "  ".join(row))

    def losses(self) -> Header:
        """Return what the receiver has dropped and refused so far, as rows of a report's header."""
        return lost(self._receiver.counts)


class Rate:
    """How much a count grew each second over the last ten seconds."""

    def __init__(self, now: float) -> None:
        self._seen = deque([(now, 0)])

    def per_second(self, now: float, count: int) -> float:
        """Note the count as it is now (s), and return its growth a second."""
        self._seen.append((now, count))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _RATE_SECONDS:
            self._seen.popleft()
        start, before = self._seen[0]
        return (count - before) / (now - start) if now > start else 0.0
