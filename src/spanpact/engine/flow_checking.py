"""Step 4: check every expectation of a contract on the spans of one flow (sections 3 to 9)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from spanpact.contract.compiled import ANY, Count
from spanpact.engine.assignment.ambiguity import Tie, exchanged, suggested_where, ties
from spanpact.engine.assignment.assigner import SpanAssigner
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.hints import Shortfall, hint_of, misplaced, nearest
from spanpact.engine.assignment.placements import Group, Index, Placement
from spanpact.engine.checks import Breach, Context
from spanpact.engine.checks.attribute_hints import with_attribute_hints
from spanpact.engine.checks.keywords.closed import check_closed
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.conditions import check_conditions
from spanpact.engine.early_decisions import (
    NOTHING_OPEN,
    entries_with_open_spans,
    find_open_entries,
    find_open_spans,
    may_be_emptied,
    may_flow_end,
)
from spanpact.engine.flow_memory import FlowMemory
from spanpact.engine.flows.flow import Flow
from spanpact.engine.relations import check_concurrency, check_order
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.coverage import Counts
from spanpact.engine.rules import CompiledRule, FlowRules, check_rules, names_of_rules
from spanpact.engine.same_counts import check_same_counts
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP

_MOST_TIES = 50  # of one flow, each checked with its spans exchanged


@dataclass(frozen=True, slots=True)
class TraceScope:
    """The results, context and rules that all flows of one trace share when one contract judges them.

    The spans that rules select are added to `placed`.
    """

    results: ResultCollector
    context: Context
    rules: tuple[CompiledRule, ...]
    assigner: SpanAssigner
    placed: set[Index]


def check_flow(flow: Flow, scope: TraceScope, used: set[Index], memory: FlowMemory | None = None) -> None:
    """Check one flow. `used` is every span that some flow of the contract uses; misplaced spans are added to it.

    `memory` has what the entries of a flow without a breach add to the counts, or is told; and what the rules say of
    spans with the same content.
    """
    used_before = frozenset(used)
    checker = _FlowChecker(flow, scope, used, memory)
    checker.check()
    if scope.context.complete:  # last: a tie matters where there are findings
        before = scope.results.breach_count
        for placement in flow.placements:
            for group in placement.groups:
                checker.report_ties(group, used_before)
        if memory and checker.counts_of_entries and scope.results.breach_count == before:
            memory.note_entries(flow, checker.counts_of_entries)


def finding_ids(flow: Flow, scope: TraceScope, used: AbstractSet[Index]) -> list[str]:
    """Return the ids of all findings that one flow has, sorted, without recording them."""
    results = ResultCollector(scope.results.expectations)
    _FlowChecker(flow, replace(scope, results=results), set(used)).check()
    return sorted(finding.id for finding in results.findings)


class _FlowChecker:
    """The check of one flow. Spans that may still be assigned elsewhere, and their entries, are not decided yet."""

    def __init__(self, flow: Flow, scope: TraceScope, used: set[Index], memory: FlowMemory | None = None) -> None:
        self._flow, self._scope = flow, scope
        self._results, self._context, self._rules = scope.results, scope.context, scope.rules
        self._placed = scope.placed
        self._topology = flow.topology
        self._used = used
        self._memory = memory
        self.counts_of_entries: Counts | None = None
        """What the entries add to the counts, if none of them is broken and there is a memory."""
        self._may_end = False
        self._open_spans = NOTHING_OPEN
        self._open_entries: frozenset[str] = frozenset()
        self._own_finding_ids: list[str] | None = None
        self._compared_ties = 0

    def check(self) -> None:
        """Check all placements, then the rules, then report ties."""
        flow, context, results = self._flow, self._context, self._results
        results.begin_flow()
        context.values_of = flow.values_of
        try:
            if not context.complete:
                plan = results.expectations.plan
                self._may_end = may_flow_end(plan, flow.placement.span, self._topology)
                self._open_spans = find_open_spans(flow.placement, self._topology, plan)
                self._open_entries = entries_with_open_spans(flow.placements, self._open_spans)
            if not (self._memory and self._memory.apply_entries(flow.placement.span)):
                self._check_placements()
            results.span_may_move = self._may_end
            answers = self._memory.answers(flow, context) if self._memory else ()
            rules = FlowRules(self._rules, flow.spans, flow.placement.span, answers)
            check_rules(rules, context, results, self._placed)
            if not context.complete:
                for open_entry in find_open_entries(flow.placement):
                    results.mark_open_entry(open_entry)
        finally:
            context.values_of = None

    def _check_placements(self) -> None:
        results = self._results
        before = results.breach_count
        if self._memory:
            results.begin_counts()
        for placement in self._flow.placements:
            results.span_may_move = self._may_end or placement.span in self._open_spans
            self._check_placement(placement)
        if self._memory:
            counts = results.end_counts()
            self.counts_of_entries = counts if results.breach_count == before else None

    def _check_placement(self, placement: Placement) -> None:
        entry, i = placement.entry, placement.span
        if i != TOP:
            self._check_content(entry, i)
        for group in placement.groups:
            self._check_group(group, entry)
        if entry.plan.order:
            check_order(self._flow, placement, self._context, self._results, self._open_entries)
        if entry.same_counts:
            check_same_counts(self._flow, placement, self._context, self._results)
        if entry.conditions:
            check_conditions(placement, self._context, self._results, self._open_entries)

    def _check_content(self, entry: CompiledEntry, i: Index) -> None:
        results, span, context = self._results, self._topology.spans[i], self._context
        results.mark_reached(entry.id, "span", exercised=i not in self._open_spans)
        for check in entry.content:
            outcomes = (INCOMPLETE,) if i in self._open_spans else check.judge(span, context)
            if outcomes and not check.entry:
                outcomes = with_attribute_hints(outcomes, check.keyword, span.attributes)
            if check.phase == "relation" and not outcomes:
                results.mark_kept_so_far(check.entry or entry.id, check.keyword)
            results.record(check.entry or entry.id, check.keyword, outcomes, self._topology, i)
        if entry.plan.closed:
            self._check_closed(entry, span, i)

    def _check_closed(self, entry: CompiledEntry, span: Span, i: Index) -> None:
        named = entry.named | names_of_rules(self._rules, i, self._context)
        for part, outcomes in check_closed(entry.plan, span, self._context, named):
            self._results.record(entry.id, f"closed.{part}", outcomes, self._topology, i)

    def _check_group(self, group: Group, holder: CompiledEntry) -> None:
        for entry in group.entries:
            if why := group.undecided.get(entry.id):
                self._results.mark_undecided(entry.id, "span", why)
                continue
            self._check_count(group, entry)
        if group.kind == "children" and "children" in holder.plan.closed:
            self._check_closed_children(group, holder)

    def _check_closed_children(self, group: Group, holder: CompiledEntry) -> None:
        results = self._results
        results.mark_reached(holder.id, "closed.children")
        results.mark_kept_so_far(holder.id, "closed.children")
        if group.holder == TOP and not self._context.complete:
            return  # what seems to be a child of the trace may only wait for its parent
        for child in group.extra:
            if not self._context.is_final(self._topology.spans[child]):
                continue
            name = self._topology.spans[child].name
            breach = Breach("span-extra", f"{name} is not named in a closed place", "only what is named", name)
            results.record_breach(holder.id, "closed.children", breach, self._topology, child)

    def report_ties(self, group: Group, used: AbstractSet[Index]) -> None:
        """Report entries of the group to which spans could be assigned otherwise, with the same findings."""
        results = self._results
        for tie in ties(group):
            involved = results.is_involved(tie.first.id) or results.is_involved(tie.second.id)
            if involved and self._has_same_findings(group, tie, used):
                message = f"another assignment of spans to {tie.first.id} and {tie.second.id} is as good"
                breach = Breach("match-ambiguous", message, hint=suggested_where(self._topology, tie))
                results.record_breach(tie.first.id, "span", breach, self._topology, group.holder, spans=tie.spans)

    def _has_same_findings(self, group: Group, tie: Tie, used: AbstractSet[Index]) -> bool:
        if self._compared_ties == _MOST_TIES:
            return False
        self._compared_ties += 1
        if self._own_finding_ids is None:
            self._own_finding_ids = finding_ids(self._flow, self._scope, used)
        with exchanged(group, tie, self._scope.assigner.place):
            other = Flow(self._topology, self._flow.placement)
            return finding_ids(other, self._scope, used) == self._own_finding_ids

    def _check_count(self, group: Group, entry: CompiledEntry) -> None:
        results, count = self._results, entry.plan.count
        counted = [placement.span for placement in group.counted.get(entry.id, ())]
        surplus = group.surplus.get(entry.id, [])
        stays = any(i not in self._open_spans for i in counted)
        results.mark_reached(entry.id, "span", exercised=bool(stays or surplus or count.low or count.high == 0))
        if not counted:
            results.mark_vacuous(entry.id)
            for id in entry.ids_within:
                results.mark_vacuous(id)
        if surplus and not self._context.complete and may_be_emptied(group, self._topology):
            results.mark_kept_so_far(entry.id, "count")
        elif surplus:
            message = f"{len(counted) + len(surplus)} found for {_places(count)}"
            breach = Breach("span-surplus", message, str(count), f"{len(counted) + len(surplus)} found")
            results.record_breach(entry.id, "count", breach, self._topology, group.holder, spans=surplus)
        if len(counted) < count.low:
            self._report_missing(Shortfall(entry, group, len(counted)))
        elif count.high is not None:
            results.mark_kept_so_far(entry.id, "count")
        elif self._open_spans and sum(i not in self._open_spans for i in counted) < count.low:
            results.mark_kept_so_far(entry.id, "span")  # a counted span may still be assigned elsewhere
        if (wanted := entry.plan.concurrency) and counted:
            check_concurrency(group, entry, wanted, counted, self._context, results, self._open_entries)

    def _report_missing(self, shortfall: Shortfall) -> None:
        results, entry, holder = self._results, shortfall.entry, shortfall.group.holder
        wanted, name = str(entry.plan.count), str(entry.plan.span)
        if not self._context.complete:
            results.mark_kept_so_far(entry.id, "span")
            return
        elsewhere = misplaced(shortfall, self._context, self._used)
        self._used.update(elsewhere)  # one misplaced span explains one missing span only
        if elsewhere:
            parent = self._topology.parent[elsewhere[0]]
            under = f"found under {self._topology.spans[parent].name}" if parent != TOP else "found as a root"
            breach = Breach("span-misplaced", f"{name} is {under}", f"{wanted} in this place", under)
            results.record_breach(entry.id, "span", breach, self._topology, holder, spans=elsewhere)
        if len(elsewhere) < shortfall.missing:
            edit = nearest(shortfall, self._context, self._used)
            observed = f"{shortfall.found} found"
            breach = Breach("span-missing", f"{name} is missing", wanted, observed, hint_of(edit), nearest=edit)
            results.record_breach(entry.id, "span", breach, self._topology, holder)


def _places(count: Count) -> str:
    if count.high == 0:
        return "a place that must stay empty"
    return "one place" if count.high == 1 else f"{count.high} places" if count != ANY else "any place"
