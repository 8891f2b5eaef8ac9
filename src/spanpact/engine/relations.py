"""Step 5: relate the spans of a flow to each other: `order` and `concurrency` of an entry (sections 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from spanpact.contract.compiled import Count
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Group, Index, Placement
from spanpact.engine.checks import Breach, Context, Undecided
from spanpact.engine.checks.between_spans.concurrency import concurrency_outcome, most_open_at_once
from spanpact.engine.checks.between_spans.order import out_of_order
from spanpact.engine.flows.flow import Flow
from spanpact.engine.results.collector import ResultCollector


def check_order(
    flow: Flow, placement: Placement, context: Context, results: ResultCollector, open_entries: AbstractSet[str]
) -> None:
    """Check the `order` of a placement's entry, unless it names one of `open_entries`."""
    order, entry, spans = placement.entry.plan.order, placement.entry.id, context.topology.spans
    groups = [(name, [spans[i] for i in flow.members_below(placement, name)]) for name in order]
    compared = sum(bool(found) for _, found in groups) - 1
    outcomes = out_of_order(groups, context) if open_entries.isdisjoint(order) else []
    undecided = sum(isinstance(outcome, Undecided) for outcome in outcomes)
    results.mark_reached(entry, "order", exercised=compared > undecided or compared > 0 == undecided)
    results.mark_kept_so_far(entry, "order")
    for outcome in outcomes:
        results.record(entry, "order", (outcome,), context.topology, placement.span)
        results.mark_involved(order)


def check_concurrency(
    group: Group,
    entry: CompiledEntry,
    wanted: Count,
    spans: Sequence[Index],
    context: Context,
    results: ResultCollector,
    open_entries: AbstractSet[str],
) -> None:
    """Check how many of the entry's counted spans in a group are open at once."""
    found = [context.topology.spans[i] for i in spans]
    outcome = concurrency_outcome(found, wanted, context)
    too_few = most_open_at_once(found) < wanted.low
    not_final = too_few or (outcome is None and wanted.high is not None) or entry.id in open_entries
    if isinstance(outcome, Undecided):
        results.mark_undecided(entry.id, "concurrency", outcome)
    results.mark_reached(entry.id, "concurrency", exercised=not isinstance(outcome, Undecided))
    if not context.complete and not_final:
        results.mark_kept_so_far(entry.id, "concurrency")
    elif isinstance(outcome, Breach):
        results.record_breach(entry.id, "concurrency", outcome, context.topology, group.holder, spans=spans)
