"""Assign the spans of a flow to the entries of a contract, one to one (section 5).

`SpanAssigner.place` returns the tree of one flow. Costs are computed only where entries compete for spans or where
there are more spans than are counted, and once for each entry and span. Recursion follows the contract's tree (32
levels at most), never the trace's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from spanpact.engine.assignment.candidates import find_candidates, find_extra_children
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.least_cost import AssignmentProblem, assign
from spanpact.engine.assignment.nested_costs import NestedCosts
from spanpact.engine.assignment.placements import Group, Index, Placement
from spanpact.engine.checks import Breach, Context
from spanpact.engine.checks.keywords.closed import check_closed

_FEW: Final = 32
"""Spans below one that are looked at as they are: fewer are not worth an index of the trace."""


class SpanAssigner:
    """The assignment of the spans of one trace to the entries of one contract; it remembers placements and costs.

    `names_of_rules` returns the attributes that rules of `every` name for a span: a closed place allows them.
    """

    def __init__(self, context: Context, names_of_rules: Callable[[Index], frozenset[str]]) -> None:
        self._context = context
        self._names_of_rules = names_of_rules
        self._placements: dict[tuple[str, Index], Placement] = {}
        self._costs: dict[tuple[str, Index], int] = {}
        self._groups: dict[tuple[str, str, Index], Group] = {}
        self._nested: dict[str, NestedCosts] = {}

    def place(self, entry: CompiledEntry, i: Index) -> Placement:
        """Return the span in the place of the entry, with everything below it assigned."""
        known = self._placements.get((entry.id, i))
        if known is None:
            known = Placement(entry, i)
            self._placements[entry.id, i] = known
            if entry.groups:
                known.groups = [self._group(kind, entries, entry, i) for kind, entries in entry.groups]
        return known

    def cost(self, entry: CompiledEntry, i: Index) -> int:
        """Return how many findings the span would have in this place, on itself and below it."""
        known = self._costs.get((entry.id, i))
        if known is None:
            span = self._context.topology.spans[i]
            outcomes = chain.from_iterable(check.judge(span, self._context) for check in entry.content)
            known = sum(isinstance(outcome, Breach) for outcome in outcomes)
            if entry.plan.closed:
                named = entry.named | self._names_of_rules(i)
                closed = chain.from_iterable(found for _, found in check_closed(entry.plan, span, self._context, named))
                known += sum(isinstance(outcome, Breach) for outcome in closed)
            known += sum(self._cost_below(kind, entries, entry, i) for kind, entries in entry.groups)
            self._costs[entry.id, i] = known
        return known

    def _group(self, kind: str, entries: tuple[CompiledEntry, ...], holder: CompiledEntry, i: Index) -> Group:
        """Return what is assigned below a span in the place of the holder; it is worked out once."""
        known = self._groups.get((kind, holder.id, i))
        if known is None:
            known = self._groups[kind, holder.id, i] = self._assign_group(kind, entries, holder, i)
        return known

    def _cost_below(self, kind: str, entries: tuple[CompiledEntry, ...], holder: CompiledEntry, i: Index) -> int:
        if kind == "descendants":
            first, end = self._context.topology.range_below(i)
            if end - first > _FEW:
                nested = self._nested.get(holder.id)
                if nested is None:
                    nested = self._nested[holder.id] = NestedCosts(entries, self._context, self.cost)
                if (cost := nested.below(i)) is not None:
                    return cost
        return self._group_cost(self._group(kind, entries, holder, i))

    def _group_cost(self, group: Group) -> int:
        cost = len(group.extra)
        for entry in group.entries:
            counted = group.counted.get(entry.id, [])
            cost += len(counted) < entry.plan.count.low and entry.id not in group.undecided
            cost += bool(group.surplus.get(entry.id))
            cost += sum(self.cost(entry, placement.span) for placement in counted)
        return cost

    def _assign_group(self, kind: str, entries: tuple[CompiledEntry, ...], holder: CompiledEntry, i: Index) -> Group:
        group = Group(kind, i, entries)
        candidates = find_candidates(group, self._context)
        alone: dict[str, list[Index]] = {}
        shared: list[Index] = []
        for span, chosen in candidates.items():
            if len(chosen) == 1:
                alone.setdefault(chosen[0].id, []).append(span)
            else:
                shared.append(span)
        competing = {entry.id for span in shared for entry in candidates[span]}
        for entry in entries:
            if entry.id not in competing:
                self._assign_uncontested(group, entry, alone.get(entry.id, []))
        if competing:
            items = [span for span, chosen in candidates.items() if chosen[0].id in competing]
            self._assign_contested(group, [e for e in entries if e.id in competing], sorted(items), candidates)
        if kind == "children" and "children" in holder.plan.closed:
            group.extra = find_extra_children(group, holder, candidates, self._context)
        return group

    def _assign_uncontested(self, group: Group, entry: CompiledEntry, spans: list[Index]) -> None:
        high = entry.plan.count.high
        spans.sort()
        if high is not None and len(spans) > high:
            best = sorted(spans, key=lambda span: (self.cost(entry, span), span)) if high else spans
            group.surplus[entry.id] = sorted(best[high:])
            spans = sorted(best[:high])
        group.counted[entry.id] = [self.place(entry, span) for span in spans]

    def _assign_contested(
        self,
        group: Group,
        entries: Sequence[CompiledEntry],
        spans: Sequence[Index],
        candidates: dict[Index, list[CompiledEntry]],
    ) -> None:
        index = {entry.id: e for e, entry in enumerate(entries)}
        costs = [{index[e.id]: self.cost(e, span) for e in candidates[span]} for span in spans]
        answer = assign(AssignmentProblem([e.plan.count for e in entries], costs))
        for e, entry in enumerate(entries):
            group.counted[entry.id] = [self.place(entry, spans[item]) for item in answer.counted[e]]
            if answer.surplus[e]:
                group.surplus[entry.id] = [spans[item] for item in answer.surplus[e]]
        group.costs = {
            span: {entries[e].id: cost for e, cost in costs[item].items()} for item, span in enumerate(spans)
        }
