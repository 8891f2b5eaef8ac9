"""Check all rules of a contract on one flow: on each span, how many each rule selects, and its aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import Rule
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Breach, Context, Undecided
from spanpact.engine.checks.between_spans.aggregates import check_aggregate
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.expectations import rule_expectations
from spanpact.engine.rules.compiled_rules import CompiledRule
from spanpact.engine.rules.selections import Selection, check_selected
from spanpact.engine.rules.span_answers import SpanAnswer
from spanpact.trace.topology import TOP


@dataclass(frozen=True, slots=True)
class FlowRules:
    """The rules of one flow whose own span is `top`: its spans in the order of the tree, and what is known of them.

    `answers` has what the rules say of each span, None for those to be checked; it is empty if nothing is known.
    """

    rules: Sequence[CompiledRule]
    spans: Sequence[Index]
    top: Index
    answers: Sequence[SpanAnswer | None] = ()

    def selected(self, number: int, checked: Selection) -> Selection:
        """Return what the rule of this number selects: what was `checked`, and what is known, in the tree's order."""
        times = dict.fromkeys(checked.spans, 0)
        for i in checked.spans:
            times[i] += 1
        for i, answer in zip(self.spans, self.answers, strict=True):
            if answer and (known := answer.numbers[number]):
                times[i] = known
        return Selection([i for i in self.spans for _ in range(times.get(i, 0))], checked.unknown)


def check_rules(flow: FlowRules, context: Context, results: ResultCollector, placed: set[Index]) -> None:
    """Check the rules on the spans whose answer is not known, and then on the flow as a whole.

    What is known of single spans is not added to the results. The spans that rules about spans select are added to
    `placed`.
    """
    rest, selecting = flow.spans, 0
    if flow.answers:
        rest = [i for i, answer in zip(flow.spans, flow.answers, strict=True) if answer is None]
        for i, answer in zip(flow.spans, flow.answers, strict=True):
            if answer:
                selecting |= answer.selecting
                if answer.placed:
                    placed.add(i)
    for number, rule in enumerate(flow.rules):
        found = bool(selecting >> number & 1)
        selection = check_selected(rule, rest, context, results, found=found)
        if rule.plan.event is None:
            placed.update(selection.spans)
        if found:
            selection = flow.selected(number, selection)
        _check_as_a_whole(rule, selection, context, results, flow.top, len(flow.spans))


def flow_counts(
    rules: Sequence[CompiledRule], numbers: Sequence[int], looked_at: int, context: Context, results: ResultCollector
) -> None:
    """Record what the rules say of a flow as a whole: each selects so many of the `looked_at` spans or their events.

    `context` is that of any complete trace with a span: of a breach only matters that there is one.
    """
    for rule, number in zip(rules, numbers, strict=True):
        unknown = check_selected(rule, (), context, results, found=number > 0).unknown
        _check_as_a_whole(rule, Selection((TOP,) * number, unknown), context, results, TOP, looked_at)


def _check_as_a_whole(
    rule: CompiledRule, selection: Selection, context: Context, results: ResultCollector, top: Index, looked_at: int
) -> None:
    _check_number(rule, selection, context, results, top, looked_at)
    for aggregate in rule.plan.aggregates if selection.spans or selection.unknown else ():
        _check_aggregate(rule, aggregate, selection, context, results, top)
    if not context.complete:
        _mark_kept_so_far(rule.plan, results)


def _mark_kept_so_far(rule: Rule, results: ResultCollector) -> None:
    """Count all as undecided but a count without maximum: the rule may select spans that are still to come."""
    for id, keyword in rule_expectations(rule):
        if keyword != "count" or (rule.count and rule.count.high is not None):
            results.mark_kept_so_far(id, keyword)


def _check_number(
    rule: CompiledRule,
    selection: Selection,
    context: Context,
    results: ResultCollector,
    top: Index,
    looked_at: int,
) -> None:
    """Check how many spans or events the rule selected; those beyond the maximum are in the finding.

    A rule that forbids (`count: 0`) is exercised by each of the `looked_at` spans.
    """
    plan, selected, unknown = rule.plan, selection.spans, selection.unknown
    if not selected and not unknown:
        results.mark_unselected(plan.id, rule.expectations)
    if not context.complete:  # one that has not ended may still be named otherwise
        selected = [i for i in selected if context.is_final(context.topology.spans[i])]
    number = len(selected)
    if plan.count is None:
        return
    if unknown:
        results.mark_undecided(plan.id, "count", unknown)
        return
    exercised = looked_at if plan.count.high == 0 else bool(number or plan.count.low)
    results.mark_reached(plan.id, "count", exercised=exercised)
    if number in plan.count:
        return
    what = "span" if plan.event is None else "event"
    few = number < plan.count.low
    name = plan.span if plan.event is None else plan.event
    message = f"{what} {name} {'is missing' if few else 'occurs too often'} in the flow"
    breach = Breach(f"{what}-{'missing' if few else 'surplus'}", message, str(plan.count), f"{number} found")
    surplus = [] if few else list(dict.fromkeys(selected[plan.count.high or 0 :]))
    results.record_breach(plan.id, "count", breach, context.topology, top, spans=surplus)


def _check_aggregate(
    rule: CompiledRule,
    aggregate: Aggregate,
    selection: Selection,
    context: Context,
    results: ResultCollector,
    top: Index,
) -> None:
    """Check one aggregate on the spans that the rule selected."""
    id, keyword, selected, unknown = rule.plan.id, aggregate.path, selection.spans, selection.unknown
    outcomes = () if unknown else check_aggregate(aggregate, selected, context, str(rule.plan.span))
    if aggregate.keyword == "sum" and not (outcomes or unknown):
        results.note_sum(aggregate, selected)
    breaches = [each for each in outcomes if isinstance(each.outcome, Breach)]
    for why in [unknown] if unknown else [each.outcome for each in outcomes if isinstance(each.outcome, Undecided)]:
        if why is not INCOMPLETE:  # which `_mark_kept_so_far` counts
            results.mark_undecided(id, keyword, why)
    if breaches or not (outcomes or unknown):
        results.mark_reached(id, keyword)
    for each in breaches:
        assert isinstance(each.outcome, Breach)
        at = top if each.at is None else each.at
        results.record_breach(id, keyword, each.outcome, context.topology, at, spans=each.spans)
