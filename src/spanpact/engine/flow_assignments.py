"""Assign spans to entries without judging them: for examples that are built from other examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.compiled_contract import CompiledContract, compiled
from spanpact.engine.early_decisions import displaceable_entries
from spanpact.engine.judging import select_and_assign, trace_context
from spanpact.engine.linked_spans import SpanFinder
from spanpact.engine.results.collector import ResultCollector
from spanpact.trace.model import Reading, Span
from spanpact.trace.topology import Topology


@dataclass(frozen=True, slots=True)
class FlowAssignment:
    """The spans of one flow by entry id: the counted ones, then the surplus ones."""

    trace_id: str
    spans: Mapping[str, Sequence[Span]]


def contested_entries(contract: CompiledContract, reading: Reading) -> frozenset[str]:
    """Return the entries that compete for spans in some flow, or have more spans than they count.

    So do entries of incomplete traces whose spans may be displaced. For all others, the spans that they are assigned do
    not depend on what the contract expects of them.
    """
    find_span, found = SpanFinder(reading.traces), set[str]()
    for trace in reading.traces:
        context = trace_context(contract.plan, Topology(trace), reading, find_span)
        *_, flows = select_and_assign(contract, context, ResultCollector(contract.expectations))
        for group in (group for flow in flows for placement in flow.placements for group in placement.groups):
            found.update(entry for costs in group.costs.values() for entry in costs)
            found.update(entry for entry, spans in group.surplus.items() if spans)
        if not trace.complete:
            found |= displaceable_entries(contract.plan)
    return frozenset(found)


def assignments(plan: ContractPlan | CompiledContract, reading: Reading) -> list[FlowAssignment]:
    """Return the spans of each entry in every flow of every trace."""
    contract = compiled(plan)
    find_span = SpanFinder(reading.traces)
    result = []
    for trace in reading.traces:
        context = trace_context(contract.plan, Topology(trace), reading, find_span)
        *_, flows = select_and_assign(contract, context, ResultCollector(contract.expectations))
        for flow in flows:
            members = flow.members_with_surplus()
            spans = {entry: [context.topology.spans[i] for i in indexes] for entry, indexes in members.items()}
            result.append(FlowAssignment(trace.trace_id, spans))
    return result
