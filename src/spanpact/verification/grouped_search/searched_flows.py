"""The flows of traces that were counted and not read: their ids are asked for when somebody wants them.

A report as text needs only their number, unless it has findings; the JSON report lists them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, overload

from spanpact.engine.flows.flow_spans import FlowSpans
from spanpact.errors import SourceUnavailable
from spanpact.sources.clickhouse.grouping import KeyParts, TraceGroups
from spanpact.trace.topology import TOP

FlowSpan: TypeAlias = tuple[str, str]
"""The ids of a trace and of the flow's own span, "" if that is the whole trace."""


class JudgedFlow(NamedTuple):
    """A flow of a trace that was judged; the first two fields are the place of the trace in the order of reading."""

    newest: int
    trace_id: str
    flow: FlowSpan


@dataclass(slots=True)
class FoundFlows:
    """The flows of one contract: those judged, in the order of reading, and the places of those in each key's traces.

    `counted` is how many there are in traces that were only counted.
    """

    judged: list[JudgedFlow] = field(default_factory=list)
    places: dict[str, Sequence[int]] = field(default_factory=dict)
    counted: int = 0


class SearchedFlows(Sequence[FlowSpan]):
    """The flows of one contract, in the order of reading. Their number is known; they are read once."""

    def __init__(self, found: FoundFlows, groups: TraceGroups, parts: KeyParts, spans: int) -> None:
        self._found, self._groups, self._parts, self._spans = found, groups, parts, spans
        self._read: FlowSpans | None = None

    def __len__(self) -> int:
        return len(self._found.judged) + self._found.counted

    def __iter__(self) -> Iterator[FlowSpan]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> FlowSpan: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FlowSpan]: ...
    def __getitem__(self, index: int | slice) -> FlowSpan | Sequence[FlowSpan]:
        return self._all()[index]

    def _all(self) -> FlowSpans:
        if self._read is None:
            judged = {each.trace_id for each in self._found.judged}
            flows = [(each.newest, each.trace_id, i, each.flow) for i, each in enumerate(self._found.judged)]
            for trace in self._groups.traces_of(self._parts, list(self._found.places), self._spans):
                if trace.trace_id not in judged:
                    for i, place in enumerate(self._found.places[trace.key]):
                        span_id = "" if place == TOP else trace.span_ids[place]
                        flows.append((-trace.newest, trace.trace_id, i, (trace.trace_id, span_id)))
            if len(flows) != len(self):
                raise SourceUnavailable(
                    "ClickHouse: the traces of the search have changed", hint="verify again, with until=1min"
                )
            read = FlowSpans()
            for *_, flow in sorted(flows):
                read.append(*flow)
            self._read = read
        return self._read
