"""Step 4: `every`, what must hold of each span, or each event, of a flow (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import NO_CONTENT, Content, Rule
from spanpact.engine.assignment.candidates import meets
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Breach, Check, Context, Outcome, Undecided
from spanpact.engine.checks.aggregates import check_aggregate
from spanpact.engine.checks.attribute_hints import with_attribute_hints
from spanpact.engine.checks.attributes import AttributeJudge, compile_attribute
from spanpact.engine.checks.closed import named_attributes
from spanpact.engine.checks.content import compile_content
from spanpact.engine.checks.events import (
    NamedEvent,
    count_events,
    has_severity,
    missing_event_capability,
    named_events,
)
from spanpact.engine.checks.leaks import event_texts, leaks
from spanpact.engine.checks.limits import compile_limits
from spanpact.engine.checks.outcomes import INCOMPLETE, all_kept
from spanpact.engine.checks.parent import compile_parents
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.expectations import ExpectationKey, rule_expectations
from spanpact.privacy import Scanner
from spanpact.trace.name_patterns import FittingNames

EventJudge: TypeAlias = Callable[[NamedEvent, Context], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its checks compiled.

    `fitting_names` are those of spans that it may select. `named` are the attributes that the rule names,
    `expectations` all that it expects of what it selects.
    """

    plan: Rule
    where: tuple[Check, ...]
    content: tuple[Check, ...]
    event_where: tuple[tuple[str, EventJudge], ...]
    event_content: tuple[tuple[str, EventJudge], ...]
    fitting_names: FittingNames
    named: frozenset[str]
    expectations: tuple[ExpectationKey, ...]

    @property
    def selects_every_span(self) -> bool:
        """Return whether the rule is about each span of a flow, whatever its name and content."""
        plan = self.plan
        return plan.span is not None and plan.span.any and plan.where == NO_CONTENT and plan.except_spans is None

    def selects(self, i: Index, context: Context) -> bool | Undecided:
        """Return whether a rule about spans selects the span."""
        span = context.topology.spans[i]
        fits = self.fitting_names[span.name]
        return fits and (not self.where or meets(self.where, span, context))


def spans_of_rule(rule: CompiledRule, spans: Sequence[Index], context: Context) -> Sequence[Index] | Undecided:
    """Return those of the spans that the rule selects; why this is undecided, if it is for one of them."""
    found: list[Index] = []
    for i in spans:
        selected = rule.selects(i, context)
        if isinstance(selected, Undecided):
            return selected
        if selected:
            found.append(i)
    return found


def names_of_rules(rules: Sequence[CompiledRule], i: Index, context: Context) -> frozenset[str]:
    """Return the attributes that the rules which select the span name."""
    return frozenset().union(*(rule.named for rule in rules if rule.selects(i, context)))


def compile_rule(rule: Rule) -> CompiledRule:
    """Return the rule with its checks compiled."""
    named = named_attributes(rule.where) | named_attributes(rule.content)
    named = named.union(*(aggregate.all_names for aggregate in rule.aggregates))
    names = FittingNames(rule.span, rule.except_spans)
    expected = tuple(each for each in rule_expectations(rule) if each[1] != "count")
    if rule.event is None:
        content = compile_content(rule.content)
        if rule.parents:
            content = (compile_parents(rule.parents, rule.places.get("parents")), *content)
        return CompiledRule(rule, compile_content(rule.where), content, (), (), names, named, expected)
    judges = [tuple(_compile_event_content(each)) for each in (rule.where, rule.content)]
    return CompiledRule(rule, (), (), judges[0], judges[1], names, named, expected)


def _compile_event_content(content: Content) -> Iterator[tuple[str, EventJudge]]:
    for attribute in content.attributes:
        yield f"attributes.{attribute.name}", _of_attributes(compile_attribute(attribute))
    if content.limits:
        yield "limits", _of_attributes(compile_limits(content.limits, "event"))
    if content.forbid:
        scanner = Scanner(content.forbid)
        yield (
            "forbid",
            lambda each, context: leaks(event_texts(each.carrier, content.exempt), scanner, context.capabilities),
        )


def _of_attributes(judge: AttributeJudge) -> EventJudge:
    return lambda event, context: judge(event.attributes, context)


def check_rule(
    rule: CompiledRule,
    spans: Sequence[Index],
    context: Context,
    results: ResultCollector,
    top: Index,
    placed: set[Index],
) -> None:
    """Check one rule on all spans of one flow, whose own span is `top`; add those that it selects to `placed`."""
    if rule.plan.event is None:
        selected, unknown = _check_spans(rule, spans, context, results)
        placed.update(selected)
    else:
        selected, unknown = _check_events(rule, spans, context, results)
    _check_number(rule, selected, unknown, context, results, top, len(spans))
    for aggregate in rule.plan.aggregates if selected or unknown else ():
        _check_aggregate(rule, aggregate, selected, unknown, context, results, top)
    if not context.complete:
        _mark_kept_so_far(rule.plan, results)


def _mark_kept_so_far(rule: Rule, results: ResultCollector) -> None:
    """Count all as undecided but a count without maximum: the rule may select spans that are still to come."""
    for id, keyword in rule_expectations(rule):
        if keyword != "count" or (rule.count and rule.count.high is not None):
            results.mark_kept_so_far(id, keyword)


def _check_number(
    rule: CompiledRule,
    selected: Sequence[Index],
    unknown: Undecided | None,
    context: Context,
    results: ResultCollector,
    top: Index,
    looked_at: int,
) -> None:
    """Check how many spans or events the rule selected; `unknown` says why some could not be decided.

    `selected` has the span of each, in the order of the tree; those beyond the maximum are in the finding. A rule that
    forbids (`count: 0`) is exercised by each of the `looked_at` spans.
    """
    plan = rule.plan
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
    selected: Sequence[Index],
    unknown: Undecided | None,
    context: Context,
    results: ResultCollector,
    top: Index,
) -> None:
    """Check one aggregate on the spans that the rule selected; `unknown` says why some could not be decided."""
    id, keyword = rule.plan.id, aggregate.path
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


def _check_spans(
    rule: CompiledRule, spans: Sequence[Index], context: Context, results: ResultCollector
) -> tuple[list[Index], Undecided | None]:
    """Return the spans that the rule selects, and why this is undecided for some; record the checks of each."""
    found: list[Index] = []
    unknown = None
    topology, fits = context.topology, rule.fitting_names
    for i in spans:
        span = topology.spans[i]
        if not fits[span.name]:
            continue
        selected = not rule.where or meets(rule.where, span, context)
        if isinstance(selected, Undecided):
            unknown = selected
            _mark_undecided(rule, selected, results)
        elif selected:
            found.append(i)
            for check in rule.content if context.is_final(span) else ():
                outcomes = check.judge(span, context)
                if outcomes and not check.entry:
                    outcomes = with_attribute_hints(outcomes, check.keyword, span.attributes)
                results.record(check.entry or rule.plan.id, check.keyword, outcomes, topology, i)
    return found, unknown


def _check_events(
    rule: CompiledRule, spans: Sequence[Index], context: Context, results: ResultCollector
) -> tuple[list[Index], Undecided | None]:
    """Return the spans of the events that the rule selects, and why this is undecided for some; record the checks."""
    spans = [i for i in spans if context.is_final(context.topology.spans[i])]
    candidates = [(i, e, selects_event(rule, e, context)) for i in spans for e in _events_of(rule, i, context)]
    selected = [(i, event) for i, event, outcome in candidates if outcome is True]
    counted = _spans_of_counted(rule, selected)
    if missing := missing_event_capability(context, rule.plan.via, found=bool(selected)):
        _mark_undecided(rule, missing, results)
        return counted, missing
    undecided = [outcome for *_, outcome in candidates if isinstance(outcome, Undecided)]
    for why in undecided:
        _mark_undecided(rule, why, results)
    for keyword, judge in rule.event_content:
        for i, event in selected:
            results.record(rule.plan.id, keyword, judge(event, context), context.topology, i)
    return counted, undecided[-1] if undecided else None


def _spans_of_counted(rule: CompiledRule, selected: Sequence[tuple[Index, NamedEvent]]) -> list[Index]:
    """Return the span of each event that counts: both signals of one exception count once."""
    by_span: dict[Index, list[NamedEvent]] = {}
    for i, event in selected:
        by_span.setdefault(i, []).append(event)
    return [i for i, events in by_span.items() for _ in range(count_events(events, rule.plan.via))]


def _events_of(rule: CompiledRule, i: Index, context: Context) -> Iterator[NamedEvent]:
    return named_events(context.topology.spans[i], context, rule.plan.via)


def selects_event(rule: CompiledRule, event: NamedEvent, context: Context) -> bool | Undecided:
    """Return whether a rule about events selects the event: by its name, its severity, and all of `where`."""
    plan = rule.plan
    if plan.event is None or not event.fits(plan.event):
        return False
    if plan.severities and not has_severity(event.carrier, plan.severities):
        return False
    return all_kept(outcome for _, judge in rule.event_where for outcome in judge(event, context))


def _mark_undecided(rule: CompiledRule, why: Undecided, results: ResultCollector) -> None:
    """Count the content of the rule as undecided, because it is not known what the rule selects."""
    for keyword in (*(["parents"] if rule.plan.parents else []), *rule.plan.content.keywords()):
        results.mark_undecided(rule.plan.id, keyword, why)
