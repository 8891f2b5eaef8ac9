"""Step 5: `conditions`. If `when` holds of the spans of a flow, `then` must hold of them too (section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from spanpact.contract.compiled import AT_LEAST_ONE, Count
from spanpact.engine.assignment.candidates import meets
from spanpact.engine.assignment.compiled_entries import CompiledCondition, CompiledEntry, CompiledSide
from spanpact.engine.assignment.hints import found_elsewhere
from spanpact.engine.assignment.placements import Index, Placement
from spanpact.engine.checks import Breach, Check, Context, Undecided
from spanpact.engine.checks.attribute_hints import with_attribute_hints
from spanpact.engine.checks.between_spans.order import out_of_order
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.results.collector import ResultCollector
from spanpact.trace.topology import TOP

_MODES = {"present": AT_LEAST_ONE, "absent": Count(0, 0)}


def check_conditions(
    holder: Placement, context: Context, results: ResultCollector, open_entries: AbstractSet[str] = frozenset()
) -> None:
    """Check the conditions of an entry for one of its spans.

    Conditions that name one of `open_entries` are not decided yet: a span of those may still be assigned elsewhere.
    """
    placements = list(holder.walk())
    spans, undecided = _spans_by_entry(placements, context), undecided_entries(placements)
    for condition in holder.entry.conditions:
        named = (*condition.plan.order, *(side.entry for side in (*condition.when, *condition.then)))
        if not open_entries.isdisjoint(named):
            results.mark_undecided(condition.plan.id, "then", INCOMPLETE)
            continue
        _ConditionChecker(condition, holder.entry, holder.span, spans, undecided, context, results).check()


def _spans_by_entry(placements: Sequence[Placement], context: Context) -> dict[str, list[Index]]:
    spans: dict[str, list[Index]] = {}
    for placement in placements:
        if placement.span != TOP:
            spans.setdefault(placement.entry.id, []).append(placement.span)
    if placements[0].span == TOP:
        spans["top"] = list(context.topology.children(TOP)[:1])
    return spans


def undecided_entries(placements: Sequence[Placement]) -> dict[str, Undecided]:
    """Return the entries whose spans are unknown, as their selection or that of an entry above is not decided."""
    return {
        entry.id: why
        for placement in placements
        for group in placement.groups
        if group.undecided
        for above in group.entries
        if (why := group.undecided.get(above.id))
        for entry in above.plan.walk()
    }


@dataclass(frozen=True, slots=True)
class _ConditionChecker:
    """The check of one condition of the entry `top` for one span `holder`; `spans` and `undecided` are by entry."""

    condition: CompiledCondition
    top: CompiledEntry
    holder: Index
    spans: Mapping[str, list[Index]]
    undecided: Mapping[str, Undecided]
    context: Context
    results: ResultCollector

    def check(self) -> None:
        """Decide whether `when` holds; if so, check every side of `then` and the order."""
        results, condition, name = self.results, self.condition, self.condition.plan.id
        held = [self.undecided.get(side.entry) or self._holds(side) for side in condition.when]
        results.mark_kept_so_far(name, "then")
        if False in held:
            results.mark_reached(name, "then", exercised=False)
            return
        if not self.context.complete and not all(_is_final(side) for side in condition.when):
            return
        if unknown := next((each for each in held if isinstance(each, Undecided)), None):
            results.mark_undecided(name, "then", unknown)
            return
        results.mark_reached(name, "then")
        for side in condition.then:
            if why := self.undecided.get(side.entry):
                results.mark_undecided(name, "then", why)
                continue
            self._check_side(side)
        self._check_order()

    def _holds(self, side: CompiledSide) -> bool | Undecided:
        """Return whether a side of `when` holds: as many spans of its entry as its count allows meet its content."""
        count, spans = _count(side), self.spans.get(side.entry, [])
        if not side.content:
            return len(spans) in count
        outcomes = [meets(side.content, self.context.topology.spans[i], self.context) for i in spans]
        certain = sum(outcome is True for outcome in outcomes)
        unknown = [outcome for outcome in outcomes if isinstance(outcome, Undecided)]
        if certain in count and certain + len(unknown) in count:
            return True
        possible = any(number in count for number in range(certain, certain + len(unknown) + 1))
        return unknown[0] if unknown and possible else False

    def _check_side(self, side: CompiledSide) -> None:
        """Check one side of `then`: its count of spans, and the content of each of them."""
        spans, count, name = self.spans.get(side.entry, []), _count(side), self.condition.plan.id
        if len(spans) not in count:
            few = len(spans) < count.low
            what = "is missing" if few else "must be absent" if count.high == 0 else "occurs too often"
            breach = Breach(
                "span-missing" if few else "span-surplus",
                f"{side.entry} {what} when {name} holds",
                str(count),
                f"{len(spans)} found",
                self._elsewhere(side.entry) if few else "",
            )
            self.results.record_breach(
                side.entry,
                "count",
                breach,
                self.context.topology,
                self.holder,
                condition=name,
                place=side.place,
                spans=() if few else spans,
            )
        for i in spans:
            for check in side.content:
                self._check_content(side, check, i)

    def _elsewhere(self, id: str) -> str:
        """Return where the trace has a span of the entry outside its place, as a hint; "" if the trace may grow."""
        if not self.context.complete:
            return ""
        here = frozenset(i for spans in self.spans.values() for i in spans)
        return next((found_elsewhere(entry, here, self.context) for entry in self.top.walk() if entry.id == id), "")

    def _check_content(self, side: CompiledSide, check: Check, i: Index) -> None:
        name, topology = self.condition.plan.id, self.context.topology
        outcomes = check.judge(topology.spans[i], self.context)
        if outcomes and not check.entry:
            outcomes = with_attribute_hints(outcomes, check.keyword, topology.spans[i].attributes)
        for outcome in outcomes:
            if isinstance(outcome, Breach):
                entry, place = check.entry or side.entry, check.place or side.place
                self.results.record_breach(entry, check.keyword, outcome, topology, i, condition=name, place=place)
            elif isinstance(outcome, Undecided):
                self.results.mark_undecided(name, "then", outcome)

    def _check_order(self) -> None:
        plan, topology = self.condition.plan, self.context.topology
        groups = [(each, [topology.spans[i] for i in self.spans.get(each, [])]) for each in plan.order]
        for outcome in out_of_order(groups, self.context):
            if isinstance(outcome, Undecided):
                self.results.mark_undecided(plan.id, "then", outcome)
                continue
            self.results.record_breach(
                plan.id, "order", outcome, topology, self.holder, condition=plan.id, place=plan.place
            )
            self.results.mark_involved(plan.order)


def _count(side: CompiledSide) -> Count:
    """Return the count of a side: its own, or that of its mode, or at least one."""
    return side.count or _MODES.get(side.mode, AT_LEAST_ONE)


def _is_final(side: CompiledSide) -> bool:
    """Return whether a side of `when` that holds will still hold whatever spans come."""
    return _count(side).high is None
