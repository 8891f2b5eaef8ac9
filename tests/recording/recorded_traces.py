"""Traces to record contracts from: flows of a small shop, each with ids, times and values of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from spanpact.recording import Recorded, RecordedContract, record
from spanpact.trace.model import Reading, Resource, SourceInfo, Span, Trace

START = 1_767_225_600_000_000_000
MS = 1_000_000


class Flow:
    """A trace that is made span by span; each span starts when the one before it ended, unless `at` says otherwise."""

    def __init__(self, number: int) -> None:
        self.trace_id = f"{number + 1:032x}"
        self.spans: list[Span] = []
        self.now = START + number * 1000 * MS

    def span(self, name: str, parent: Span | None = None, *, at: int | None = None, **fields: Any) -> Span:
        """Add a span of 1 ms and return it; the first one lasts for 100 ms."""
        start = self.now if at is None else at
        length = MS if self.spans else 100 * MS
        self.now = start + (MS if self.spans else 0)
        made = Span(
            self.trace_id,
            f"{len(self.spans) + 1:016x}",
            name,
            parent.span_id if parent else "",
            start_ns=start,
            end_ns=start + length,
            resource=fields.pop("resource", Resource({"service.name": "shop"})),
            **fields,
        )
        self.spans.append(made)
        return made

    @property
    def trace(self) -> Trace:
        """Return the trace."""
        return Trace(self.trace_id, self.spans)


def reading_of(make: Callable[[Flow, int], None], times: int = 20) -> Reading:
    """Return as many traces, each of which `make` fills."""
    flows = [Flow(number) for number in range(times)]
    for number, flow in enumerate(flows):
        make(flow, number)
    return Reading(SourceInfo("made"), [flow.trace for flow in flows])


def recorded_from(make: Callable[[Flow, int], None], *, times: int = 20, span: str = "") -> RecordedContract:
    """Return the contract for the only kind of root of such traces, or for `span`."""
    recorded = Recorded(reading_of(make, times))
    return record(recorded, span or only(list(recorded.roots())))


def only(items: Sequence[str]) -> str:
    """Return the only item."""
    (item,) = items
    return item
