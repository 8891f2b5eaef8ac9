"""What may be decided while spans still arrive, and what not yet (section 10 of docs/contract-format.md).

Broken early is only what no further span can mend. A breach waits where
- something is missing that may still come, or that is compared across spans (`mendable`);
- its span may still get another place (`open_spans`): more entries than one select it, so that a span to come may take
  its place; or it seems to be a child of the whole trace and waits for its parent; or it has not ended. Whatever is
  placed below a span that may move, moves with it;
- it is of an order, a concurrency or a condition that speaks of such a span (`open_entries`).

Kept early is not decided here: `Tally.unsettled` notes, where an expectation is kept, that a further span may break it.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

from spanpact.engine.checks.base import Breach
from spanpact.trace.topology import TOP, Topology

if TYPE_CHECKING:
    from spanpact.engine.assignment.matching import Group, Placed

_MISSING: Final = frozenset(["span-missing", "span-misplaced", "link-missing"])

NOTHING_OPEN: Final[frozenset[int]] = frozenset()


def mendable(breach: Breach, keyword: str, i: int) -> bool:
    """Whether spans still to come may undo a breach of this keyword at span `i`, wherever that span belongs."""
    if breach.id == "attribute-relation":
        return keyword != "exactly_one_true"
    if breach.id == "event-missing":
        return keyword == "count"  # of a rule: how many there are in the flow
    # Without `span`, what seems to be a child of the trace may only wait for its parent.
    return breach.id in _MISSING or (i == TOP and breach.id == "span-surplus")


def open_spans(top: Placed, topology: Topology) -> frozenset[int]:
    """The spans of an incomplete flow whose place, or content, is not final."""
    found = set()
    stack = [(top, False)]
    while stack:
        placed, moves = stack.pop()
        if moves or (placed.span != TOP and not topology.spans[placed.span].end_ns):
            found.add(placed.span)
        for group in placed.groups:
            below = [each for several in group.counted.values() for each in several]
            stack += [(each, moves or _may_move(group, each.span, topology)) for each in below]
    return frozenset(found)


def _may_move(group: Group, i: int, topology: Topology) -> bool:
    if len(group.costs.get(i, ())) > 1:
        return True
    return group.kind == "children" and group.holder == TOP and topology.spans[i].parent_id != ""


def open_entries(walked: Iterable[Placed], spans: AbstractSet[int]) -> frozenset[str]:
    """The entries that hold an open span; `top` too where the flow is the whole trace, as its first span may change."""
    return frozenset(placed.entry.id for placed in walked if placed.span in spans or placed.span == TOP)
