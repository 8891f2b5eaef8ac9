"""The flows of a search: those of traces that were only counted are looked up in ClickHouse when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spanpact.engine.flows.late_flows import FlowSpan, LateFlows
from spanpact.errors import SourceUnavailable
from spanpact.sources.clickhouse.grouping import KeyParts, TraceGroups
from spanpact.trace.topology import TOP


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


def flows_of(found: FoundFlows, groups: TraceGroups, parts: KeyParts, spans: int) -> LateFlows:
    """Return all flows of a contract, in the order of reading. Reading them raises SourceUnavailable."""
    number = len(found.judged) + found.counted

    def read() -> Iterator[FlowSpan]:
        judged = {each.trace_id for each in found.judged}
        flows = [(each.newest, each.trace_id, i, each.flow) for i, each in enumerate(found.judged)]
        for trace in groups.traces_of(parts, list(found.places), spans):
            if trace.trace_id not in judged:
                for i, place in enumerate(found.places[trace.key]):
                    span_id = "" if place == TOP else trace.span_ids[place]
                    flows.append((-trace.newest, trace.trace_id, i, (trace.trace_id, span_id)))
        if len(flows) != number:
            raise SourceUnavailable(
                "ClickHouse: the traces of the search have changed", hint="verify again, with until=1min"
            )
        for *_, flow in sorted(flows):
            yield flow

    return LateFlows(number, read)
