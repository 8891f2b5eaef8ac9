"""Step 1: select the flows of a trace, the spans that the contract's top entry selects (section 5)."""

from __future__ import annotations

from spanpact.engine.assignment.candidates import selects
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Context, Undecided
from spanpact.trace.topology import TOP


def select_flows(top: CompiledEntry, context: Context) -> tuple[list[Index], list[Undecided]]:
    """Return the spans that begin a flow, and why the selection of others could not be decided.

    A contract without `span` has one flow, the whole trace: its index is TOP.
    """
    pattern = top.plan.span
    if pattern is None:
        return ([TOP] if context.topology.spans else []), []
    selected, undecided = [], []
    for i in context.topology.named_below(TOP, pattern):
        outcome = selects(top, i, context)
        if outcome is True:
            selected.append(i)
        elif isinstance(outcome, Undecided):
            undecided.append(outcome)
    return selected, undecided
