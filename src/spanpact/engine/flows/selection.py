"""Step 1: select the flows of a trace, the spans that the contract's top entry selects (section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from spanpact.engine.assignment.candidates import meets, selects
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Context, Undecided
from spanpact.trace.topology import TOP


@dataclass(slots=True)
class SelectedFlows:
    """The flows of a trace.

    `spans` are the spans that begin one, `rejected` those whose name fits but not `where`, `undecided` the reasons for
    which the selection of others could not be decided.
    """

    spans: list[Index] = field(default_factory=list)
    rejected: list[Index] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)


def select_flows(top: CompiledEntry, context: Context) -> SelectedFlows:
    """Select the flows of a trace. A contract without `span` has one, the whole trace: its index is TOP."""
    pattern, found = top.plan.span, SelectedFlows()
    if pattern is None:
        found.spans += [TOP] if context.topology.spans else []
        return found
    for i in context.topology.named_below(TOP, pattern):
        outcome = selects(top, i, context)
        if isinstance(outcome, Undecided):
            found.undecided.append(outcome)
        else:
            (found.spans if outcome else found.rejected).append(i)
    return found


def selects_duplicate(top: CompiledEntry, context: Context) -> bool:
    """Return whether the contract would have a flow in the trace if another span with the id of one were judged."""
    pattern = top.plan.span
    return pattern is not None and any(
        pattern.fits(each.name) and meets(top.where, each, context) is True for each in context.topology.duplicates
    )
