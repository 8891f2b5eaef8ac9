"""Step 6, while spans still arrive: decide what is broken already (section 10 of docs/contract-format.md).

A breach is a finding of an incomplete trace only if no further span can undo it. It waits if
- something is missing that may still come, or spans are compared with each other (`may_be_undone`);
- its span may still be assigned elsewhere (`find_open_spans`): several entries select it, so that a span to come may
  take its place; or it seems to be a child of the whole trace and waits for its parent; or it has not ended. Whatever
  is assigned below such a span moves with it;
- it belongs to an order, a concurrency or a condition that names an entry with such a span
  (`entries_with_open_spans`).

What is kept so far is not decided here: `ResultCollector.mark_kept_so_far` counts it as undecided.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

from spanpact.engine.checks import Breach
from spanpact.trace.topology import TOP, Topology

if TYPE_CHECKING:
    from spanpact.engine.assignment.placements import Group, Placement

_MISSING: Final = frozenset(["span-missing", "span-misplaced", "link-missing"])

NOTHING_OPEN: Final[frozenset[int]] = frozenset()


def may_be_undone(breach: Breach, keyword: str, i: int) -> bool:
    """Return whether spans still to come may undo a breach of this keyword at span `i`, however that is assigned."""
    if breach.compared:
        return True
    if breach.id == "attribute-relation":
        return keyword != "exactly_one_true"
    if breach.id == "event-missing":
        return keyword == "count"  # of a rule: how many there are in the flow
    # Without `span`, what seems to be a child of the trace may only wait for its parent.
    return breach.id in _MISSING or (i == TOP and breach.id == "span-surplus")


def find_open_spans(top: Placement, topology: Topology) -> frozenset[int]:
    """Return the spans of an incomplete flow whose place or content is not final."""
    found = set()
    stack = [(top, False)]
    while stack:
        placement, moves = stack.pop()
        if moves or (placement.span != TOP and not topology.spans[placement.span].end_ns):
            found.add(placement.span)
        for group in placement.groups:
            below = [each for several in group.counted.values() for each in several]
            stack += [(each, moves or _may_move(group, each.span, topology)) for each in below]
    return frozenset(found)


def _may_move(group: Group, i: int, topology: Topology) -> bool:
    if len(group.costs.get(i, ())) > 1:
        return True
    return group.kind == "children" and group.holder == TOP and topology.spans[i].parent_id != ""


def entries_with_open_spans(placements: Iterable[Placement], spans: AbstractSet[int]) -> frozenset[str]:
    """Return the entries that hold an open span, and `top` if it is the whole trace: its first span may change."""
    return frozenset(placement.entry.id for placement in placements if placement.span in spans or placement.span == TOP)
