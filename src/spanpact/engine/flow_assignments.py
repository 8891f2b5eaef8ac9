"""Which spans stand for which entry in every flow, without judging them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.coverage import Tally
from spanpact.engine.judging import CompiledContract, SpanLookup, context_of, flows_of
from spanpact.trace.model import Reading, Span
from spanpact.trace.topology import Topology


@dataclass(frozen=True, slots=True)
class FlowAssignment:
    """The spans of one flow by entry id: the counted ones, then the surplus ones."""

    trace_id: str
    spans: Mapping[str, Sequence[Span]]


def assignments(plan: ContractPlan, reading: Reading) -> list[FlowAssignment]:
    """Which spans stand for which entry, in every flow of every trace."""
    contract, found = CompiledContract.of(plan), SpanLookup(reading.traces)
    result = []
    for trace in reading.traces:
        context = context_of(plan, Topology(trace), reading, found)
        for flow in flows_of(contract, context, Tally(contract.blueprint)):
            spans = {
                entry: [context.topology.spans[i] for i in indexes] for entry, indexes in flow.all_members().items()
            }
            result.append(FlowAssignment(trace.trace_id, spans))
    return result
