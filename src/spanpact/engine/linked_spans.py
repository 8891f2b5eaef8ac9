"""Find the span that a link leads to, in whichever trace it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from spanpact.trace.copies import sort_copies
from spanpact.trace.model import Span, Trace

FindSpan: TypeAlias = Callable[[str, str], Span | None]
"""Return the span with this trace id and span id, None if it was not read."""


class SpanFinder:
    """An index of all spans by trace id and span id, built when a link is first followed."""

    def __init__(self, traces: Iterable[Trace]) -> None:
        self._traces = traces
        self._spans: dict[tuple[str, str], Span] | None = None

    def __call__(self, trace_id: str, span_id: str) -> Span | None:
        if self._spans is None:
            self._spans = _by_ids(span for trace in self._traces for span in trace.spans)
        return self._spans.get((trace_id, span_id))


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
