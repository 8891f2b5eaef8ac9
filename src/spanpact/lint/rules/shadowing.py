"""Entries and alternatives that others make ineffective (sections 3 and 4 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from spanpact.contract.compiled import Condition, Content, Entry, Rule
from spanpact.engine.checks.values.shown import described, shown
from spanpact.lint.linted_contract import LintedContract, implies
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.name_coverage import covered_texts, covers
from spanpact.lint.rules.contradictions import all_attributes
from spanpact.lint.satisfiability import impossible_alternatives, value_possible
from spanpact.trace.name_patterns import NamePattern


def check_shadowing(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about entries that a sibling shadows, and about alternatives without effect."""
    ordered = _ordered(contract.plan.top)
    for entry in contract.plan.top.walk():
        yield from _covered_names(entry.id, "span", entry.span, entry)
        yield from _impossible_values(entry.id, entry.content)
        yield from _shadowed_entries(entry.children, ordered)
        yield from _shadowed_entries(entry.descendants, ordered)
    for rule in contract.plan.rules:
        yield from _covered_names(rule.id, "event" if rule.span is None else "span", rule.span or rule.event, rule)
        yield from _impossible_values(rule.id, rule.content)


def _ordered(top: Entry) -> frozenset[str]:
    """Return the ids that `order` names, anywhere in the contract."""
    entries = list(top.walk())
    holders: list[Entry | Condition] = [*entries, *(each for entry in entries for each in entry.conditions)]
    return frozenset(id for holder in holders for id in holder.order)


def _covered_names(id: str, keyword: str, pattern: NamePattern | None, part: Entry | Rule) -> Iterator[LintMessage]:
    for text, by in covered_texts(pattern) if pattern else ():
        message = f"`{text}` in `{keyword}` of `{id}` has no effect: `{by}` covers it"
        place = part.places.get(keyword, part.place)
        yield lint_message("alternative-shadowed", message, hint="remove one of the two", place=place)


def _impossible_values(id: str, content: Content) -> Iterator[LintMessage]:
    for holder, keyword, attribute in all_attributes(id, content):
        if not value_possible(replace(attribute.matcher, optional=False)):
            continue
        for value in impossible_alternatives(attribute.matcher):
            rest = described(replace(attribute.matcher, one_of=None))
            message = f"{shown(value)} in `one_of` of {holder}.{keyword} can never occur: the value must be {rest}"
            hint = "remove it, or fix the rest of the matcher"
            yield lint_message("alternative-shadowed", message, hint=hint, place=attribute.place)


def _shadowed_entries(siblings: Sequence[Entry], ordered: frozenset[str]) -> Iterator[LintMessage]:
    """Yield a message for each entry whose spans a sibling takes, in any number and without expectations.

    The maximum of an entry in `order` has an effect: it gets the earliest spans, the sibling the rest.
    """
    takers = [each for each in siblings if each.count.high is None and not _can_mismatch(each)]
    for entry in siblings:
        taker = next((each for each in takers if each is not entry and _takes_all(each, entry)), None)
        if taker is None:
            continue
        effects = []
        if entry.count.high is not None and not (entry.count.high and entry.id in ordered):
            effects.append(f"`count: {entry.count}` of `{entry.id}` can never be exceeded")
        if entry.count.low == 0 and (keywords := assignment_keywords(entry)):
            effects.append(f"{', '.join(f'`{each}`' for each in keywords)} of `{entry.id}` can never be broken")
        if effects:
            message = f"{' and '.join(effects)}: such spans are assigned to `{taker.id}`"
            hint = f"distinguish the two by `where`, or limit the `count` of `{taker.id}`"
            yield lint_message("entry-shadowed", message, hint=hint, place=entry.place)


def _can_mismatch(entry: Entry) -> bool:
    """Return whether assigning a span to the entry may have a cost: relations are checked only afterwards."""
    return bool(assignment_keywords(entry) or entry.children or entry.descendants or "children" in entry.closed)


def assignment_keywords(entry: Entry) -> list[str]:
    """Return the content keywords of an entry that count when spans are assigned to entries."""
    related = {f"attributes.{each.name}" for each in entry.content.attributes if each.matcher.same_as}
    if entry.content.name and entry.content.name.same_as:
        related.add("name")
    keywords = [keyword for keyword in entry.content.keywords() if keyword not in related]
    return keywords + [keyword for keyword in ("events", "links") if getattr(entry.content, keyword)]


def _takes_all(taker: Entry, entry: Entry) -> bool:
    if taker.span is None or entry.span is None:
        return False
    return covers(taker.span, entry.span) and implies(entry.where, taker.where)
