"""`every`: what holds for each span, or each event, of a flow (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.contract.compiled import Content, Rule
from spanpact.engine.assignment.matching import Index, Matcher
from spanpact.engine.checks.attributes import AttributeJudge, compile_attribute
from spanpact.engine.checks.base import Breach, Check, Context, Outcome, Undecided, met
from spanpact.engine.checks.closed import named_attributes
from spanpact.engine.checks.content import compile_content
from spanpact.engine.checks.events import Happening, happenings, unseen_carrier
from spanpact.engine.checks.leaks import event_texts, leaks
from spanpact.engine.coverage import Tally, said_by
from spanpact.privacy import Scanner

EventJudge: TypeAlias = Callable[[Happening, Context], Sequence[Outcome]]

_REMEMBERED = 4096  # span names; a trace with more has names that are not low-cardinality


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its checks compiled; `names` remembers which span names fit; `named` are its attributes."""

    plan: Rule
    where: tuple[Check, ...]
    content: tuple[Check, ...]
    event_where: tuple[tuple[str, EventJudge], ...]
    event_content: tuple[tuple[str, EventJudge], ...]
    names: dict[str, bool]
    named: frozenset[str]

    def selects(self, i: Index, context: Context, matcher: Matcher) -> bool | Undecided:
        """Whether a rule about spans selects the span."""
        if self.plan.span is None:
            return False
        name = context.topology.spans[i].name
        fits = self.names.get(name)
        if fits is None:
            if len(self.names) > _REMEMBERED:
                self.names.clear()
            fits = self.names[name] = self.plan.span.fits(name)
        return fits and (not self.where or matcher.meets(self.where, i))


def compile_rule(rule: Rule) -> CompiledRule:
    """The rule with its checks compiled."""
    named = named_attributes(rule.where) | named_attributes(rule.content)
    if rule.event is None:
        return CompiledRule(rule, compile_content(rule.where), compile_content(rule.content), (), (), {}, named)
    where, content = _compile_event_content(rule.where), _compile_event_content(rule.content)
    return CompiledRule(rule, (), (), tuple(where), tuple(content), {}, named)


def judge_rule(
    rule: CompiledRule, spans: Sequence[Index], context: Context, matcher: Matcher, tally: Tally, top: Index
) -> None:
    """Judges one rule on all spans of one flow, whose own span is `top`."""
    if rule.plan.event is None:
        number, unknown = _judge_spans(rule, spans, context, matcher, tally)
    else:
        number, unknown = _judge_events(rule, spans, context, tally)
    _judge_number(rule, number, unknown, context, tally, top)
    if not context.complete:
        _stay_open(rule.plan, tally)


def _stay_open(rule: Rule, tally: Tally) -> None:
    """More spans may come that the rule selects: nothing but a number without maximum is kept early."""
    for id, keyword in said_by(rule):
        if keyword != "count" or (rule.count and rule.count.high is not None):
            tally.unsettled(id, keyword)


def _judge_number(
    rule: CompiledRule, number: int, unknown: Undecided | None, context: Context, tally: Tally, top: Index
) -> None:
    plan = rule.plan
    if not number and not unknown:
        for id, keyword in said_by(plan):
            if keyword != "count":
                tally.reach(id, keyword, exercised=False)
    if plan.count is None:
        return
    if unknown:
        tally.undecided(plan.id, "count", unknown)
        return
    tally.reach(plan.id, "count", exercised=bool(number or plan.count.low))
    if number in plan.count:
        return
    what = "span" if plan.event is None else "event"
    few = number < plan.count.low
    name = plan.span if plan.event is None else plan.event
    message = f"{what} {name} {'is missing' if few else 'is there too often'} in the flow"
    breach = Breach(f"{what}-{'missing' if few else 'surplus'}", message, str(plan.count), f"{number} found")
    tally.breach(plan.id, "count", breach, context.topology, top)


def _judge_spans(
    rule: CompiledRule, spans: Sequence[Index], context: Context, matcher: Matcher, tally: Tally
) -> tuple[int, Undecided | None]:
    number, unknown = 0, None
    topology = context.topology
    for i in spans:
        selected = rule.selects(i, context, matcher)
        if isinstance(selected, Undecided):
            unknown = selected
            _undecided(rule, selected, tally)
        elif selected:
            number += 1
            for check in rule.content:
                outcomes = check.judge(topology.spans[i], context)
                tally.judged(check.entry or rule.plan.id, check.keyword, outcomes, topology, i)
    return number, unknown


def _judge_events(
    rule: CompiledRule, spans: Sequence[Index], context: Context, tally: Tally
) -> tuple[int, Undecided | None]:
    looked_at = [(i, h, _selects_event(rule, h, context)) for i in spans for h in _named(rule, i, context)]
    found = [(i, happening) for i, happening, selected in looked_at if selected is True]
    if unseen := unseen_carrier(context, rule.plan.via, found=bool(found)):
        _undecided(rule, unseen, tally)
        return len(found), unseen
    untold = [selected for *_, selected in looked_at if isinstance(selected, Undecided)]
    for why in untold:
        _undecided(rule, why, tally)
    for keyword, judge in rule.event_content:
        for i, happening in found:
            tally.judged(rule.plan.id, keyword, judge(happening, context), context.topology, i)
    return len(found), untold[-1] if untold else None


def _named(rule: CompiledRule, i: Index, context: Context) -> Iterator[Happening]:
    assert rule.plan.event is not None
    for happening in happenings(context.topology.spans[i], context, rule.plan.via):
        if rule.plan.event.fits(happening.name):
            yield happening


def _selects_event(rule: CompiledRule, happening: Happening, context: Context) -> bool | Undecided:
    """Whether an event meets all of `where`."""
    return met(outcome for _, judge in rule.event_where for outcome in judge(happening, context))


def _undecided(rule: CompiledRule, why: Undecided, tally: Tally) -> None:
    """All that the rule asks of what it selects cannot be decided, as it is not known what that is."""
    for keyword in rule.plan.content.keywords():
        tally.undecided(rule.plan.id, keyword, why)


def _compile_event_content(content: Content) -> Iterator[tuple[str, EventJudge]]:
    for attribute in content.attributes:
        yield f"attributes.{attribute.name}", _of_attributes(compile_attribute(attribute))
    if content.forbid:
        scanner = Scanner(content.forbid)
        yield (
            "forbid",
            lambda each, context: leaks(event_texts(each.carrier, content.exempt), scanner, context.capabilities),
        )


def _of_attributes(judge: AttributeJudge) -> EventJudge:
    return lambda happening, context: judge(happening.attributes, context)
