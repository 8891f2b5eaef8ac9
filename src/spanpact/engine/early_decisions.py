"""Step 6, while spans still arrive: decide what is broken already (section 10 of docs/contract-format.md).

A breach is a finding of an incomplete trace only if no further span can undo it. It waits if
- something is missing that may still come, or spans are compared with each other (`may_be_undone`);
- its span may still be assigned elsewhere (`find_open_spans`): several entries select it, or too many spans of its
  entry break nothing, so that a span to come may take its place; or it seems to be a child of the whole trace and
  waits for its parent; or it has not ended, so that its name may change. Whatever is assigned below such a span moves
  with it;
- all of it may be undone (`may_flow_end`): the flow's own span has not ended, or the contract lets spans share an id,
  so that one to come may take the place of any;
- it belongs to an order, a concurrency or a condition that names an entry with such a span
  (`entries_with_open_spans`).

What is kept so far is final only if no further span can break it:
- `find_open_entries`: every expectation of an entry that may get more spans waits, and so does all below it;
- `ResultCollector.mark_kept_so_far`: so does what compares spans, or speaks of all spans of a flow;
- `may_break_later`: another flow, and a span that breaks integrity, may come as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from spanpact.engine.checks import Breach
from spanpact.findings.catalogue import CATALOGUE, INTEGRITY
from spanpact.trace.topology import TOP, Topology

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.engine.assignment.compiled_entries import CompiledEntry
    from spanpact.engine.assignment.placements import Group, Placement
    from spanpact.findings import Level

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


def find_open_spans(top: Placement, topology: Topology, plan: ContractPlan) -> frozenset[int]:
    """Return the spans of an incomplete flow whose place or content is not final."""
    found, displaceable = set(), displaceable_entries(plan)
    stack = [(top, False)]
    while stack:
        placement, moves = stack.pop()
        moves = moves or (placement.span != TOP and not topology.spans[placement.span].end_ns)
        if moves:
            found.add(placement.span)
        for group in placement.groups:
            for id, below in group.counted.items():
                stack += [
                    (each, moves or id in displaceable or _may_move(group, each.span, topology)) for each in below
                ]
    return frozenset(found)


def displaceable_entries(plan: ContractPlan) -> frozenset[str]:
    """Return the entries whose spans may give their place to one still to come: too many do not break the contract."""
    entries = plan.entries()
    pending = {each.id for name in plan.pending if name in entries for each in entries[name].walk()}
    return frozenset(
        id
        for id, entry in entries.items()
        if entry.count.high is not None and (id in pending or level_of(plan, "span-surplus", id) != "violation")
    )


def _may_move(group: Group, i: int, topology: Topology) -> bool:
    if len(group.costs.get(i, ())) > 1:
        return True
    return group.kind == "children" and group.holder == TOP and topology.spans[i].parent_id != ""


def may_be_emptied(group: Group, topology: Topology) -> bool:
    """Return whether a span of the group has not ended, so that its place may become free for a surplus one."""
    assigned = [each.span for several in group.counted.values() for each in several]
    return any(not topology.spans[i].end_ns for i in (*assigned, *chain.from_iterable(group.surplus.values())))


def may_flow_end(plan: ContractPlan, own: int, topology: Topology) -> bool:
    """Return whether spans still to come may undo a flow, whose own span is `own`, without breaking the contract.

    Its span may be named otherwise when it ends. Of several spans with one id one is judged; if that they share it is
    no violation, what another of them broke may count no longer.
    """
    return (own != TOP and not topology.spans[own].end_ns) or level_of(plan, "span-duplicate") != "violation"


def level_of(plan: ContractPlan, id: str, entry: str = "integrity") -> Level:
    """Return the level of a finding in a contract."""
    return plan.levels.get(f"{entry}/{id}") or plan.levels.get(id) or CATALOGUE[id].level


def entries_with_open_spans(placements: Iterable[Placement], spans: AbstractSet[int]) -> frozenset[str]:
    """Return the entries that hold an open span, and `top` if it is the whole trace: its first span may change."""
    return frozenset(placement.entry.id for placement in placements if placement.span in spans or placement.span == TOP)


class OpenEntry(NamedTuple):
    """An entry that may get more spans.

    `has_spans`: whether it has some. `may_repeat`: whether a further span may come above it, so that its count starts
    anew there.
    """

    entry: CompiledEntry
    has_spans: bool
    may_repeat: bool


def find_open_entries(top: Placement) -> Iterator[OpenEntry]:
    """Yield the entries below a flow's own span that may get more spans: no maximum, not reached, or below such one."""
    stack = [(top, False)]
    while stack:
        placement, repeats = stack.pop()
        for group in placement.groups:
            for entry in group.entries:
                counted, high = group.counted.get(entry.id, ()), entry.plan.count.high
                is_open = repeats or high is None or len(counted) < high
                if is_open:
                    yield OpenEntry(entry, bool(counted), repeats)
                if is_open and not counted:
                    yield from (OpenEntry(below, False, True) for below in entry.walk() if below is not entry)
                stack += [(each, is_open) for each in counted]


def may_break_later(plan: ContractPlan) -> bool:
    """Return whether spans still to come may break the contract although all that it says of its flows is final.

    Another flow may come where `span` selects flows, and a span that breaks integrity.
    """
    return plan.top.span is not None or any(level_of(plan, id) == "violation" for id in INTEGRITY)
