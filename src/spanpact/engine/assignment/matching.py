"""Which span stands for which entry: candidates, groups, and the assignment of each group (section 5).

`Matcher.place` gives the tree of one flow. Costs are computed only where entries compete for spans or where
more spans are there than are counted, and once for each entry and span. Recursion follows the contract's
tree (32 deep at most), never the trace's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from spanpact.contract.compiled import Condition, Count, Entry, Side
from spanpact.engine.assignment.least_cost import Contested, assign
from spanpact.engine.checks.base import Breach, Check, Context, Undecided, met
from spanpact.engine.checks.closed import named_attributes
from spanpact.engine.checks.content import compile_content
from spanpact.errors import Place
from spanpact.trace.topology import TOP

Index: TypeAlias = int


@dataclass(frozen=True, slots=True)
class CompiledEntry:
    """An entry with its checks compiled.

    `named` are the attributes that the contract names for its spans, `ids_within` the ids of its own events, links
    and conditions, `groups` its places that hold entries or are closed.

    Siblings stand in the order of their rank: the earlier of equal spans goes to the first.
    """

    plan: Entry
    where: tuple[Check, ...]
    content: tuple[Check, ...]
    children: tuple[CompiledEntry, ...]
    descendants: tuple[CompiledEntry, ...]
    conditions: tuple[CompiledCondition, ...]
    named: frozenset[str]
    id: str
    ids_within: tuple[str, ...]
    groups: tuple[tuple[str, tuple[CompiledEntry, ...]], ...]


@dataclass(frozen=True, slots=True)
class CompiledSide:
    """One id of a condition with its checks compiled."""

    entry: str
    mode: str
    content: tuple[Check, ...]
    count: Count | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A condition with its sides compiled."""

    plan: Condition
    when: tuple[CompiledSide, ...]
    then: tuple[CompiledSide, ...]


@dataclass(slots=True)
class Group:
    """The `children` or the `descendants` of one span, assigned.

    `extra`: children that no entry beside them selects. `undecided`: entries whose selection the source cannot
    decide, with the reason. `costs`: of each span in each entry that selects it, where entries competed.
    """

    kind: str
    holder: Index
    entries: tuple[CompiledEntry, ...]
    counted: dict[str, list[Placed]] = field(default_factory=dict)
    surplus: dict[str, list[Index]] = field(default_factory=dict)
    extra: list[Index] = field(default_factory=list)
    undecided: dict[str, Undecided] = field(default_factory=dict)
    costs: dict[Index, dict[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Placed:
    """A span in the place of an entry, with all that is placed below it."""

    entry: CompiledEntry
    span: Index
    groups: list[Group] = field(default_factory=list)

    def walk(self) -> Iterator[Placed]:
        """This and every counted span below it."""
        stack = [self]
        while stack:
            placed = stack.pop()
            yield placed
            if placed.groups:
                below = [each for group in placed.groups for several in group.counted.values() for each in several]
                stack += reversed(below)

    def used(self) -> Iterator[Index]:
        """Every span that has a place in or below this one, surplus ones too."""
        for placed in self.walk():
            yield placed.span
            for group in placed.groups:
                for indexes in group.surplus.values():
                    yield from indexes


def compile_entry(
    entry: Entry, order: tuple[str, ...] = (), said: Mapping[str, frozenset[str]] | None = None
) -> CompiledEntry:
    """The entry and all below it, compiled; siblings in the order of their rank (`order` first, then by name).

    `order` and `said` (the attributes that conditions name) come from the entries above.
    """
    order = order + entry.order
    said = _named_by_conditions(entry) if said is None else said

    def ranked(entries: Sequence[Entry]) -> tuple[CompiledEntry, ...]:
        listed = {name: i for i, name in reversed(list(enumerate(order)))}
        chosen = sorted(entries, key=lambda e: (listed.get(e.id, len(order)), e.id))
        return tuple(compile_entry(e, order, said) for e in chosen)

    children, descendants = ranked(entry.children), ranked(entry.descendants)
    places = (("children", children), ("descendants", descendants))
    return CompiledEntry(
        entry,
        compile_content(entry.where),
        compile_content(entry.content),
        children,
        descendants,
        tuple(_compile_condition(c) for c in entry.conditions),
        named_attributes(entry.where) | named_attributes(entry.content) | said.get(entry.id, frozenset()),
        entry.id,
        tuple(_ids_within(entry)),
        tuple((kind, entries) for kind, entries in places if entries or kind in entry.closed),
    )


def _ids_within(entry: Entry) -> Iterator[str]:
    yield from (event.id for event in entry.content.events)
    yield from (link.id for link in entry.content.links)
    yield from (condition.id for condition in entry.conditions)


def _named_by_conditions(top: Entry) -> dict[str, frozenset[str]]:
    """The attributes that conditions name, by entry."""
    named: dict[str, frozenset[str]] = {}
    for entry in top.walk():
        for condition in entry.conditions:
            for side in (*condition.when, *condition.then):
                named[side.entry] = named.get(side.entry, frozenset()) | named_attributes(side.content)
    return named


def _compile_condition(condition: Condition) -> CompiledCondition:
    def sides(plans: Sequence[Side]) -> tuple[CompiledSide, ...]:
        return tuple(CompiledSide(s.entry, s.mode, compile_content(s.content), s.count, s.place) for s in plans)

    return CompiledCondition(condition, sides(condition.when), sides(condition.then))


class Matcher:
    """Assigns the spans of one trace to the entries of one contract."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._topology = context.topology
        self._placed: dict[tuple[str, Index], Placed] = {}
        self._costs: dict[tuple[str, Index], int] = {}

    def selects(self, entry: CompiledEntry, i: Index) -> bool | Undecided:
        """Whether `span` and `where` select the span."""
        span = self._topology.spans[i]
        pattern = entry.plan.span
        if pattern is None or not pattern.fits(span.name):
            return False
        return self.meets(entry.where, i)

    def meets(self, checks: Sequence[Check], i: Index) -> bool | Undecided:
        """Whether a span meets all checks; a breach of one outweighs that another cannot be decided."""
        span = self._topology.spans[i]
        return met(outcome for check in checks for outcome in check.judge(span, self._context))

    def place(self, entry: CompiledEntry, i: Index) -> Placed:
        """The span in the place of the entry, with everything below assigned."""
        known = self._placed.get((entry.id, i))
        if known is None:
            known = Placed(entry, i)
            self._placed[entry.id, i] = known
            if entry.groups:
                known.groups = [self._group(kind, entries, entry, i) for kind, entries in entry.groups]
        return known

    def cost(self, entry: CompiledEntry, i: Index) -> int:
        """How many findings the span would have in this place, in it and below it."""
        known = self._costs.get((entry.id, i))
        if known is None:
            span = self._topology.spans[i]
            outcomes = (o for check in entry.content for o in check.judge(span, self._context))
            known = sum(isinstance(outcome, Breach) for outcome in outcomes)
            known += sum(self._group_cost(group) for group in self.place(entry, i).groups)
            self._costs[entry.id, i] = known
        return known

    def _group_cost(self, group: Group) -> int:
        cost = len(group.extra)
        for entry in group.entries:
            counted = group.counted.get(entry.id, [])
            cost += len(counted) < entry.plan.count.low and entry.id not in group.undecided
            cost += bool(group.surplus.get(entry.id))
            cost += sum(self.cost(entry, placed.span) for placed in counted)
        return cost

    def _group(self, kind: str, entries: tuple[CompiledEntry, ...], holder: CompiledEntry, i: Index) -> Group:
        group = Group(kind, i, entries)
        selecting = self._candidates(group)
        alone: dict[str, list[Index]] = {}
        shared: list[Index] = []
        for span, chosen in selecting.items():
            if len(chosen) == 1:
                alone.setdefault(chosen[0].id, []).append(span)
            else:
                shared.append(span)
        competing = {entry.id for span in shared for entry in selecting[span]}
        for entry in entries:
            if entry.id not in competing:
                self._fill(group, entry, alone.get(entry.id, []))
        if competing:
            items = [span for span, chosen in selecting.items() if chosen[0].id in competing]
            self._share(group, [e for e in entries if e.id in competing], sorted(items), selecting)
        if kind == "children" and "children" in holder.plan.closed:
            self._find_extra(group, holder, selecting)
        return group

    def _candidates(self, group: Group) -> dict[Index, list[CompiledEntry]]:
        selecting: dict[Index, list[CompiledEntry]] = {}
        for entry in group.entries:
            for span in self._pool(group, entry):
                selected = self.selects(entry, span)
                if selected is True:
                    selecting.setdefault(span, []).append(entry)
                elif isinstance(selected, Undecided):
                    group.undecided[entry.id] = selected
        for chosen in selecting.values():
            chosen[:] = [entry for entry in chosen if entry.id not in group.undecided]
        return {span: chosen for span, chosen in selecting.items() if chosen}

    def _pool(self, group: Group, entry: CompiledEntry) -> Sequence[Index]:
        if group.kind == "children":
            return self._topology.children(group.holder)
        assert entry.plan.span is not None
        return self._topology.named_below(group.holder, entry.plan.span)

    def _fill(self, group: Group, entry: CompiledEntry, spans: list[Index]) -> None:
        high = entry.plan.count.high
        spans.sort()
        if high is not None and len(spans) > high:
            best = sorted(spans, key=lambda span: (self.cost(entry, span), span)) if high else spans
            group.surplus[entry.id] = sorted(best[high:])
            spans = sorted(best[:high])
        group.counted[entry.id] = [self.place(entry, span) for span in spans]

    def _share(
        self,
        group: Group,
        entries: Sequence[CompiledEntry],
        spans: Sequence[Index],
        selecting: dict[Index, list[CompiledEntry]],
    ) -> None:
        index = {entry.id: e for e, entry in enumerate(entries)}
        costs = [{index[e.id]: self.cost(e, span) for e in selecting[span]} for span in spans]
        answer = assign(Contested([e.plan.count for e in entries], costs))
        for e, entry in enumerate(entries):
            group.counted[entry.id] = [self.place(entry, spans[item]) for item in answer.counted[e]]
            if answer.surplus[e]:
                group.surplus[entry.id] = [spans[item] for item in answer.surplus[e]]
        group.costs = {
            span: {entries[e].id: cost for e, cost in costs[item].items()} for item, span in enumerate(spans)
        }

    def _find_extra(self, group: Group, holder: CompiledEntry, selecting: dict[Index, list[CompiledEntry]]) -> None:
        beside = (*holder.children, *holder.descendants)
        for child in self._topology.children(group.holder):
            if child not in selecting and all(self.selects(entry, child) is False for entry in beside):
                group.extra.append(child)


def flow_tops(top: CompiledEntry, matcher: Matcher, context: Context) -> tuple[list[Index], list[Undecided]]:
    """The flows of a trace: the spans that the body selects, and why some could not be decided."""
    pattern = top.plan.span
    if pattern is None:
        return ([TOP] if context.topology.spans else []), []
    tops, undecided = [], []
    for i in context.topology.named_below(TOP, pattern):
        selected = matcher.selects(top, i)
        if selected is True:
            tops.append(i)
        elif isinstance(selected, Undecided):
            undecided.append(selected)
    return tops, undecided
