"""Compile the rules of `every` once, and decide which spans and events they select (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.contract.compiled import NO_CONTENT, Content, Rule
from spanpact.engine.assignment.candidates import meets
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Check, Context, Outcome, Undecided
from spanpact.engine.checks.content import compile_content
from spanpact.engine.checks.keywords.attributes import AttributeJudge, compile_attribute
from spanpact.engine.checks.keywords.closed import named_attributes
from spanpact.engine.checks.keywords.events import NamedEvent, has_severity
from spanpact.engine.checks.keywords.leaks import event_texts, leaks
from spanpact.engine.checks.keywords.limits import compile_limits
from spanpact.engine.checks.keywords.parent import compile_parents
from spanpact.engine.checks.outcomes import all_kept
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


def selects_event(rule: CompiledRule, event: NamedEvent, context: Context) -> bool | Undecided:
    """Return whether a rule about events selects the event: by its name, its severity, and all of `where`."""
    plan = rule.plan
    if plan.event is None or not event.fits(plan.event):
        return False
    if plan.severities and not has_severity(event.carrier, plan.severities):
        return False
    return all_kept(outcome for _, judge in rule.event_where for outcome in judge(event, context))
