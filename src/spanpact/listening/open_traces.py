"""The traces to which something may still come, in bounded memory.

    growing ──nothing came for `settle`──▶ settled ──nothing came for `late`──▶ over: dropped, its id is remembered
       ▲                                      │
       └──────────── something came ──────────┘

If there is no room, the trace to which nothing came for longest goes on early.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from spanpact.listening.events import TraceVerdict
from spanpact.trace.model import LogRecord, Span

_MOST_REMEMBERED: Final = 100_000  # ids of traces that are over


@dataclass(slots=True)
class OpenTrace:
    """What has come of one trace, when the last of it came (s), its verdict so far, and how many spans came since."""

    trace_id: str
    last: float
    spans: list[Span] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    verdict: TraceVerdict | None = None
    late: int = 0

    @property
    def size(self) -> int:
        """Return the number of its spans and log records."""
        return len(self.spans) + len(self.logs)


class OpenTraces:
    """All traces that are not over. Times are in seconds, by the caller's clock.

    As a `FindSpan` it finds the spans that links lead to.
    """

    def __init__(self, *, settle: float, late: float, most: int) -> None:
        self._settle, self._late, self._most = settle, late, most
        self._growing: OrderedDict[str, OpenTrace] = OrderedDict()  # both by the time of the last span
        self._settled: OrderedDict[str, OpenTrace] = OrderedDict()
        self._over: OrderedDict[bytes, None] = OrderedDict()
        self._size = self._unnamed = 0
        self.too_late = 0
        """Spans and log records that came after their trace was over; they are not judged."""
        self.early = 0
        """Traces that were judged before they had settled, for want of room."""

    def __len__(self) -> int:
        return len(self._growing) + len(self._settled)

    @property
    def growing(self) -> int:
        """Return the number of traces that have not settled."""
        return len(self._growing)

    @property
    def is_full(self) -> bool:
        """Return whether more is held than there is room for."""
        return self._size > self._most

    def add(self, spans: Iterable[Span], logs: Iterable[LogRecord], now: float) -> None:
        """Add what has come now. Log records without a trace id are a trace of their own each time."""
        self._unnamed += 1
        for span in spans:
            if (trace := self._grown(span.trace_id, span.trace_id, now)) is not None:
                trace.spans.append(span)
                trace.late += 1
        for log in logs:
            key = log.trace_id or f"\0{self._unnamed}"
            if (trace := self._grown(key, log.trace_id, now)) is not None:
                trace.logs.append(log)

    def _grown(self, key: str, trace_id: str, now: float) -> OpenTrace | None:
        """Return the trace that something comes to, as a growing one; None if it is over."""
        trace = self._growing.get(key)
        if trace is None:
            trace = self._settled.pop(key, None)
            if trace is None:
                if _packed(key) in self._over:
                    self.too_late += 1
                    return None
                trace = OpenTrace(trace_id, now)
            self._growing[key] = trace
        trace.last = now
        self._growing.move_to_end(key)
        self._size += 1
        return trace

    def settle(self, now: float, *, everything: bool = False) -> Iterator[OpenTrace]:
        """Yield the traces that settle now, or all; the caller gives each its verdict."""
        while self._growing:
            key, trace = next(iter(self._growing.items()))
            quiet = everything or now - trace.last >= self._settle
            if not quiet:
                if self._size <= self._most or self._settled:
                    return
                self.early += 1
            del self._growing[key]
            self._settled[key] = trace
            yield trace

    def end(self, now: float, *, everything: bool = False) -> Iterator[OpenTrace]:
        """Yield the settled traces that are over now, or all; they are dropped."""
        while self._settled:
            key, trace = next(iter(self._settled.items()))
            if not everything and self._size <= self._most and now - trace.last < self._late:
                return
            del self._settled[key]
            self._size -= trace.size
            self._remember(key)
            yield trace

    def _remember(self, key: str) -> None:
        self._over[_packed(key)] = None
        if len(self._over) > _MOST_REMEMBERED:
            self._over.popitem(last=False)

    def settled(self) -> Iterator[OpenTrace]:
        """Return the traces that have settled, and are not over."""
        return iter(list(self._settled.values()))

    def __call__(self, trace_id: str, span_id: str) -> Span | None:
        """Return a span that is held."""
        trace = self._held(trace_id)
        return next((span for span in trace.spans if span.span_id == span_id), None) if trace else None

    def lacks(self, trace_id: str, span_id: str) -> bool:
        """Return whether a trace has settled without such a span."""
        trace = self._settled.get(trace_id)
        return trace is not None and all(span.span_id != span_id for span in trace.spans)

    def _held(self, trace_id: str) -> OpenTrace | None:
        return self._growing.get(trace_id) or self._settled.get(trace_id)


def _packed(key: str) -> bytes:
    """Return a trace id in few bytes."""
    try:
        return bytes.fromhex(key)
    except ValueError:
        return key.encode("utf-8", "surrogatepass")
