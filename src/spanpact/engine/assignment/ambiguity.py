"""Find where another assignment would have been as good, so that a report can mention it (section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

from spanpact.contract.compiled import Count
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Group, Index, Placement
from spanpact.engine.checks.values.shown import shown
from spanpact.trace.equality import equal
from spanpact.trace.topology import Topology


@dataclass(frozen=True, slots=True)
class Tie:
    """Two entries of one group, and the spans that could change places (or the one that could move)."""

    first: CompiledEntry
    second: CompiledEntry
    spans: tuple[Index, ...]


def ties(group: Group) -> Iterator[Tie]:
    """Yield the pairs of entries between which moving one span or swapping two costs nothing."""
    if not group.costs:
        return
    entries = [entry for entry in group.entries if entry.id in group.counted]
    for one, other in combinations(entries, 2):
        forth, back = _best_move(group, one, other), _best_move(group, other, one)
        if forth and back and forth[0] + back[0] == 0:
            yield Tie(one, other, (forth[1], back[1]))
        elif forth and _is_as_good(group, one, other, forth[0]):
            yield Tie(one, other, (forth[1],))
        # Never the other way: a span that fits the better ranked entry as well is assigned to that one.


def _best_move(group: Group, source: CompiledEntry, target: CompiledEntry) -> tuple[int, Index] | None:
    changes = [
        (costs[target.id] - costs[source.id], placement.span)
        for placement in group.counted[source.id]
        if target.id in (costs := group.costs.get(placement.span, {})) and source.id in costs
    ]
    return min(changes) if changes else None


def _is_as_good(group: Group, source: CompiledEntry, target: CompiledEntry, change: int) -> bool:
    """Return whether one span less in `source` and one more in `target` costs the same."""
    in_source, in_target = len(group.counted[source.id]), len(group.counted[target.id])
    if target.plan.count.high is not None and in_target >= target.plan.count.high:
        return False
    before = _missing(source.plan.count, in_source) + _missing(target.plan.count, in_target)
    after = _missing(source.plan.count, in_source - 1) + _missing(target.plan.count, in_target + 1)
    return before == after and change == 0


def _missing(count: Count, number: int) -> int:
    return max(0, count.low - number)


@contextmanager
def exchanged(group: Group, tie: Tie, place: Callable[[CompiledEntry, Index], Placement]) -> Iterator[None]:
    """Give the spans of a tie to the other entry for as long as the context lasts."""
    before = dict(group.counted)
    here, there = tie.spans[0], tie.spans[1:]
    for entry, leaves, comes in ((tie.first, (here,), there), (tie.second, there, (here,))):
        spans = [each.span for each in before[entry.id] if each.span not in leaves]
        group.counted[entry.id] = [place(entry, i) for i in sorted([*spans, *comes])]
    try:
        yield
    finally:
        group.counted.update(before)


def suggested_where(topology: Topology, tie: Tie) -> str:
    """Return a `where` that would distinguish the spans: the first attribute in which they differ."""
    if len(tie.spans) < 2:
        return "a where on one of them would decide"
    one, other = (topology.spans[i] for i in tie.spans)
    for name, value in one.attributes.items():
        if not equal(value, other.attributes.get(name)):
            return f"where: {{attributes: {{{name}: {shown(value)}}}}} on one of them would decide"
    if one.status != other.status:
        return f"where: {{status: {one.status}}} on one of them would decide"
    return "the spans are alike; a where on one of them would decide"
