"""The sessions of a receiver: parallel tests share one receiver, and each has its own traffic and its own report."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final, Protocol

from spanpact.sources.receiver.intake.received_traffic import ReceivedTraffic
from spanpact.sources.receiver.intake.request_body import CheckedBody
from spanpact.sources.receiver.responses import Refusal

_NO_SESSION: Final = ""


class TrafficLimits(Protocol):
    """The limits of all traffic: spans and log records, bytes, and sessions, the ended ones included."""

    @property
    def spans(self) -> int: ...

    @property
    def logs(self) -> int: ...

    @property
    def kept(self) -> int: ...

    @property
    def sessions(self) -> int: ...


class Sessions:
    """The traffic by session; what has none is in the session "". Any thread may call every method."""

    def __init__(self, limits: TrafficLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._open: dict[str, ReceivedTraffic] = {_NO_SESSION: ReceivedTraffic()}
        self._ended: set[str] = set()
        self._bytes = 0
        self.spans = self.logs = 0
        """Spans and log records that are kept, without those of ended sessions."""
        self.dropped = 0
        """Spans and log records that did not fit, in all sessions."""
        self.unread = 0
        """What the unknown fields of all bodies hold, in spans, log records and so on."""

    @property
    def default(self) -> ReceivedTraffic:
        """Return the traffic without a session."""
        return self._open[_NO_SESSION]

    def keep(self, name: str, body: CheckedBody, *, rejected: int = 0) -> int:
        """Keep a body in a session, and return how many of its spans and log records did not fit.

        The last `rejected` of its spans and log records are not kept, and not counted here. Raise Refusal where the
        session has ended, there are too many sessions, or the body cannot be kept.
        """
        with self._lock:
            traffic = self._session(name)
            fits = self._bytes + len(body.data) <= self._limits.kept
            room = (self._limits.spans - self.spans, self._limits.logs - self.logs) if fits else (0, 0)
            try:
                kept = traffic.keep(body, room, rejected)
            except OSError as error:
                reason = f"the receiver cannot keep the body: {error.strerror}"
                raise Refusal(503, reason, ("retry-after", "1"), cause="room") from None
            self.spans += kept.spans
            self.logs += kept.logs
            self._bytes += kept.size
            self.dropped += kept.dropped
            self.unread += sum(each.count for each in body.content.unread)
            return kept.dropped

    def _session(self, name: str) -> ReceivedTraffic:
        traffic = self._open.get(name)
        if traffic is None:
            if name in self._ended:
                raise Refusal(410, f"the session {name} has ended", cause="stopped")
            if len(self._open) + len(self._ended) > self._limits.sessions:
                raise Refusal(
                    429, f"there are {self._limits.sessions:,} sessions, and no more are accepted", cause="room"
                )
            traffic = self._open[name] = ReceivedTraffic(name)
        return traffic

    def check(self, name: str) -> None:
        """Raise Refusal for a session that has ended, or that would be one too many."""
        with self._lock:
            self._session(name)

    def find(self, name: str) -> ReceivedTraffic | None:
        """Return the traffic of a session; None where nothing arrived in it, or it has ended."""
        with self._lock:
            return self._open.get(name)

    def has_ended(self, name: str) -> bool:
        """Return whether `end` was called for a session."""
        with self._lock:
            return name in self._ended

    def end(self, name: str) -> ReceivedTraffic:
        """Return the traffic of a session, and refuse what is sent to it from now on. The caller closes the traffic."""
        with self._lock:
            self._ended.add(name)
            traffic = self._open.pop(name, None) or ReceivedTraffic(name)
            self.spans -= traffic.spans
            self.logs -= traffic.logs
            self._bytes -= len(traffic.bodies)
            return traffic

    def drain(self) -> list[ReceivedTraffic]:
        """Return the traffic of all sessions, which begin anew. The caller closes it."""
        with self._lock:
            taken = [each for each in self._open.values() if len(each.bodies) or each.dropped]
            self._open = {_NO_SESSION: ReceivedTraffic()}
            self.spans = self.logs = self._bytes = 0
            return taken

    def __iter__(self) -> Iterator[ReceivedTraffic]:
        """Return the traffic of all sessions that have not ended, in the order in which they began."""
        with self._lock:
            return iter(list(self._open.values()))
