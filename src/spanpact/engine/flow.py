"""One flow judged: every expectation of a contract on the spans assigned to it (sections 3 to 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spanpact.contract.compiled import ANY, Count, Reference
from spanpact.engine.assignment.ambiguity import suggested_where, ties
from spanpact.engine.assignment.hints import Shortfall, misplaced, nearest
from spanpact.engine.assignment.matching import CompiledEntry, Group, Index, Matcher, Placed
from spanpact.engine.checks.base import INCOMPLETE, Breach, Context, Undecided
from spanpact.engine.checks.closed import extra_attributes, extra_events, extra_links
from spanpact.engine.checks.timing import concurrency_breach, most_open_at_once, out_of_order
from spanpact.engine.conditions import judge_conditions
from spanpact.engine.coverage import Tally
from spanpact.engine.early_decisions import NOTHING_OPEN, open_entries, open_spans
from spanpact.engine.rules import CompiledRule, judge_rule
from spanpact.trace.model import Span, Value
from spanpact.trace.topology import TOP


@dataclass(frozen=True, slots=True)
class Scope:
    """What the judging of one trace by one contract shares: the tally, the trace, the matcher, the rules."""

    tally: Tally
    context: Context
    matcher: Matcher
    rules: tuple[CompiledRule, ...]


class Flow:
    """One flow, assigned and ready to judge. `top` is TOP for a contract without `span`: the whole trace."""

    def __init__(self, scope: Scope, placed: Placed) -> None:
        self.scope = scope
        self.placed = placed
        self.topology = scope.context.topology
        self._values: dict[Reference, list[Value]] = {}
        self._open = NOTHING_OPEN
        self._open_entries: frozenset[str] = frozenset()
        self._walked = list(placed.walk())
        self.members: dict[str, list[Index]] = {}
        for each in self._walked:
            self.members.setdefault(each.entry.id, []).append(each.span)
        if placed.span == TOP:
            self.members["top"] = list(self.topology.children(TOP)[:1])

    def all_members(self) -> dict[str, list[Index]]:
        """The spans of each entry, the surplus ones last."""
        everything = {entry: list(indexes) for entry, indexes in self.members.items()}
        for placed in self._walked:
            for group in placed.groups:
                for entry, indexes in group.surplus.items():
                    everything.setdefault(entry, []).extend(indexes)
        return everything

    @property
    def spans(self) -> Sequence[Index]:
        """The flow's spans: its own and all below."""
        below = self.topology.below(self.placed.span)
        return below if self.placed.span == TOP else [self.placed.span, *below]

    def judge(self, used: set[Index]) -> None:
        """Judges everything; `used` is every span that some flow of the contract has placed (or found misplaced)."""
        context = self.scope.context
        self.scope.tally.begin_flow()
        context.values_of = self._values_of
        try:
            if not context.complete:
                self._open = open_spans(self.placed, self.topology)
                self._open_entries = open_entries(self._walked, self._open)
            for placed in self._walked:
                self.scope.tally.open = placed.span in self._open
                self._judge_placed(placed, used)
            self.scope.tally.open = False
            spans = self.spans
            for rule in self.scope.rules:
                judge_rule(rule, spans, context, self.scope.matcher, self.scope.tally, self.placed.span)
            for placed in self._walked if context.complete else ():  # last: a tie matters where there are findings
                for group in placed.groups:
                    self._report_ties(group)
        finally:
            context.values_of = None

    def _values_of(self, reference: Reference) -> list[Value]:
        values = self._values.get(reference)
        if values is None:
            names = reference.names or (reference.attribute,)
            carriers = [self.topology.spans[i].attributes for i in self.members.get(reference.entry, ())]
            values = [attributes[name] for attributes in carriers for name in names if name in attributes]
            self._values[reference] = values
        return values

    def _judge_placed(self, placed: Placed, used: set[Index]) -> None:
        entry, i, tally = placed.entry, placed.span, self.scope.tally
        if i != TOP:
            tally.reach(entry.id, "span")
            span, context = self.topology.spans[i], self.scope.context
            for check in entry.content:
                outcomes = (INCOMPLETE,) if i in self._open else check.judge(span, context)
                if check.phase == "relation" and not outcomes:
                    tally.unsettled(check.entry or entry.id, check.keyword)
                tally.judged(check.entry or entry.id, check.keyword, outcomes, self.topology, i)
            if entry.plan.closed:
                self._judge_closed(entry, span, i)
        for group in placed.groups:
            self._judge_group(group, entry, used)
        if entry.plan.order:
            self._judge_order(placed)
        if entry.conditions:
            judge_conditions(placed, self.scope.context, self.scope.matcher, tally, self._open_entries)

    def _judge_closed(self, entry: CompiledEntry, span: Span, i: Index) -> None:
        context, closed = self.scope.context, entry.plan.closed
        if "attributes" in closed:
            ruled = [rule.named for rule in self.scope.rules if rule.selects(i, context, self.scope.matcher)]
            self._closed(entry.id, "attributes", extra_attributes(span, entry.named.union(*ruled)), i)
        if "events" in closed:
            self._closed(entry.id, "events", extra_events(span, context, entry.plan.content.events), i)
        if "links" in closed:
            self._closed(entry.id, "links", extra_links(span, context, entry.plan.content.links), i)

    def _closed(self, entry: str, what: str, outcomes: Sequence[Breach | Undecided], i: Index) -> None:
        self.scope.tally.judged(entry, f"closed.{what}", outcomes, self.topology, i)

    def _judge_group(self, group: Group, holder: CompiledEntry, used: set[Index]) -> None:
        tally = self.scope.tally
        for entry in group.entries:
            if why := group.undecided.get(entry.id):
                tally.undecided(entry.id, "span", why)
                continue
            self._judge_count(group, entry, used)
        if group.kind == "children" and "children" in holder.plan.closed:
            self._judge_extra(group, holder)

    def _judge_extra(self, group: Group, holder: CompiledEntry) -> None:
        tally, complete = self.scope.tally, self.scope.context.complete
        tally.reach(holder.id, "closed.children")
        tally.unsettled(holder.id, "closed.children")
        if group.holder == TOP and not complete:
            return  # what seems to be a child of the trace may only wait for its parent
        for child in group.extra:
            name = self.topology.spans[child].name
            breach = Breach("span-extra", f"{name} is not named in a closed place", "only what is named", name)
            tally.breach(holder.id, "closed.children", breach, self.topology, child)

    def _report_ties(self, group: Group) -> None:
        tally = self.scope.tally
        for tie in ties(group):
            if tally.troubled(tie.first.id) or tally.troubled(tie.second.id):
                message = f"another assignment of spans to {tie.first.id} and {tie.second.id} is as good"
                breach = Breach("match-ambiguous", message, hint=suggested_where(self.topology, tie))
                tally.breach(tie.first.id, "span", breach, self.topology, group.holder, spans=tie.spans)

    def _judge_count(self, group: Group, entry: CompiledEntry, used: set[Index]) -> None:
        tally, count = self.scope.tally, entry.plan.count
        counted = [placed.span for placed in group.counted.get(entry.id, ())]
        surplus = group.surplus.get(entry.id, [])
        tally.reach(entry.id, "span", exercised=bool(counted or surplus or count.low))
        if not counted:
            tally.vacuous(entry.id)
            for id in entry.ids_within:
                tally.vacuous(id)
        if surplus:
            message = f"{len(counted) + len(surplus)} found for {_places(count)}"
            breach = Breach("span-surplus", message, str(count), f"{len(counted) + len(surplus)} found")
            tally.breach(entry.id, "count", breach, self.topology, group.holder, spans=surplus)
        if len(counted) < count.low:
            self._report_missing(Shortfall(entry, group, len(counted)), used)
        elif count.high is not None:
            tally.unsettled(entry.id, "count")
        if entry.plan.concurrency and counted:
            self._judge_concurrency(group, entry, entry.plan.concurrency, counted)

    def _judge_concurrency(self, group: Group, entry: CompiledEntry, wanted: Count, spans: list[Index]) -> None:
        tally, context = self.scope.tally, self.scope.context
        tally.reach(entry.id, "concurrency")
        found = [self.topology.spans[i] for i in spans]
        breach = concurrency_breach(found, wanted, context)
        too_few = breach is not None and most_open_at_once(found) < wanted.low
        not_final = too_few or (breach is None and wanted.high is not None) or entry.id in self._open_entries
        if not context.complete and not_final:
            tally.unsettled(entry.id, "concurrency")
        elif breach:
            tally.breach(entry.id, "concurrency", breach, self.topology, group.holder, spans=spans)

    def _report_missing(self, shortfall: Shortfall, used: set[Index]) -> None:
        tally, entry, holder = self.scope.tally, shortfall.entry, shortfall.group.holder
        wanted, name = str(entry.plan.count), str(entry.plan.span)
        if not self.scope.context.complete:
            tally.unsettled(entry.id, "span")
            return
        elsewhere = misplaced(shortfall, self.scope.matcher, self.scope.context, used)
        used.update(elsewhere)  # one stray span stands for one that is missing
        if elsewhere:
            parent = self.topology.parent[elsewhere[0]]
            under = f"found under {self.topology.spans[parent].name}" if parent != TOP else "found as a root"
            breach = Breach("span-misplaced", f"{name} is {under}", f"{wanted} in this place", under)
            tally.breach(entry.id, "span", breach, self.topology, holder, spans=elsewhere)
        if len(elsewhere) < shortfall.missing:
            hint = nearest(shortfall, self.scope.context, used)
            breach = Breach("span-missing", f"{name} is missing", wanted, f"{shortfall.found} found", hint)
            tally.breach(entry.id, "span", breach, self.topology, holder)

    def _members_below(self, placed: Placed, entry: str) -> list[Index]:
        """The counted spans of an entry at or below a placed span."""
        if placed is self.placed:
            return self.members.get(entry, [])
        return [each.span for each in placed.walk() if each.entry.id == entry]

    def _judge_order(self, placed: Placed) -> None:
        order = placed.entry.plan.order
        groups = [(name, [self.topology.spans[i] for i in self._members_below(placed, name)]) for name in order]
        tally, entry = self.scope.tally, placed.entry.id
        tally.reach(entry, "order", exercised=sum(bool(spans) for _, spans in groups) > 1)
        tally.unsettled(entry, "order")
        if not self._open_entries.isdisjoint(order):
            return
        for outcome in out_of_order(groups, self.scope.context):
            tally.judged(entry, "order", (outcome,), self.topology, placed.span)
            tally.trouble(order)


def _places(count: Count) -> str:
    if count.high == 0:
        return "a place that must stay empty"
    return "one place" if count.high == 1 else f"{count.high} places" if count != ANY else "any place"
