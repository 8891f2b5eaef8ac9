"""Find the span that a link leads to, in whichever trace it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from spanpact.trace.copies import sort_copies
from spanpact.trace.model import Span, Trace
from spanpact.trace.topology import span_ids_if_whole

_MOST_REMEMBERED: Final = 1000  # traces


class FindSpan(Protocol):
    """What the engine may ask about the spans of other traces."""

    def __call__(self, trace_id: str, span_id: str, /) -> Span | None:
        """Return the span with this trace id and span id, None if it was not read."""

    def lacks(self, trace_id: str, span_id: str, /) -> bool:
        """Return whether the trace was read whole, and has no such span."""


class SpanFinder:
    """An index of all spans by trace id and span id, built when a link is first followed."""

    def __init__(self, traces: Iterable[Trace]) -> None:
        self._traces = traces
        self._spans: dict[tuple[str, str], Span] | None = None
        self._by_id: dict[str, Trace] | None = None
        self._ids: dict[str, frozenset[str] | None] = {}

    def __call__(self, trace_id: str, span_id: str) -> Span | None:
        if self._spans is None:
            self._spans = _by_ids(span for trace in self._traces for span in trace.spans)
        return self._spans.get((trace_id, span_id))

    def lacks(self, trace_id: str, span_id: str) -> bool:
        """Return whether the trace was read whole, and has no such span."""
        if trace_id not in self._ids:
            if self._by_id is None:
                self._by_id = {trace.trace_id: trace for trace in self._traces}
            if len(self._ids) >= _MOST_REMEMBERED:
                self._ids.clear()
            trace = self._by_id.get(trace_id)
            self._ids[trace_id] = span_ids_if_whole(trace) if trace else None
        ids = self._ids[trace_id]
        return ids is not None and span_id not in ids


def _by_ids(spans: Iterable[Span]) -> dict[tuple[str, str], Span]:
    """Return the spans by trace id and span id; of several with one id, the one that `Topology.by_id` has."""
    found: dict[tuple[str, str], Span] = {}
    repeated: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        ids = (span.trace_id, span.span_id)
        known = found.setdefault(ids, span)
        if known is not span:
            repeated.setdefault(ids, [known]).append(span)
    for ids, several in repeated.items():
        found[ids] = next(sort_copies(several)).judged[-1]
    return found
