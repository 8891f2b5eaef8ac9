"""Expectations that no span can meet: contradictory matchers, and contradictory contents.

Sections 3 and 4 of docs/contract-format.md define contents and matchers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import AttributeExpectation, Content, DurationBound, Entry, Matcher, Rule
from spanpact.contract.loader.vocabulary import KINDS, STATUSES
from spanpact.errors import Place
from spanpact.lint.attribute_sizes import exceeded
from spanpact.lint.linted_contract import LintedContract, items_of, matchers_of
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.satisfiability import attribute_possible, literals, text_possible, value_possible

_TEXTS: Final = {"name": (), "kind": KINDS, "status": STATUSES, "status_message": (), "scope": ()}
"""The keywords of texts that every span has, with their vocabulary (empty: any text)."""
_NUMBER: Final = Matcher(type="number")
_FIX_MATCHER: Final = "fix the part that contradicts the others"


def check_contradictions(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about everything in one contract except its conditions."""
    parts: list[Entry | Rule] = [*contract.plan.top.walk(), *contract.plan.rules]
    for part in parts:
        yield from _check_where(part.id, part.where, part.place)
        yield from _check_content(part.id, part.content, part.place)
        yield from _check_name(part)
        yield from _check_aggregates(part) if isinstance(part, Rule) else ()
        if isinstance(part, Rule) or part.count.high != 0:  # spans that must not exist: see `never_judged`
            yield from _check_pair(f"`{part.id}`", part.content, "its own `where`", part.where, part.place)
        if isinstance(part, Entry) and part.count.high != 0 and contract.is_binding(part.id):
            for rule in contract.rules_of(part):
                other = f"the rule `{rule.id}`, which selects the same spans"
                yield from _check_pair(f"`{part.id}`", part.content, other, rule.content, part.place)


def _check_where(id: str, where: Content, place: Place | None) -> Iterator[LintMessage]:
    for keyword, at in impossible(where):
        message = f"`where` of `{id}` selects nothing: no span can meet its `{keyword}`"
        yield lint_message("never-selects", message, hint=_FIX_MATCHER, place=at or place)


def _check_name(part: Entry | Rule) -> Iterator[LintMessage]:
    """Yield a message where `span` selects none of the names that `name` lists."""
    name, span = part.content.name, part.span
    listed = literals(name) if name else None
    if span is None or not listed or any(isinstance(each, str) and span.fits(each) for each in listed):
        return
    message = f"no span can meet `name` of `{part.id}` and also its own `span`"
    yield lint_message("never-holds", message, hint="fix one of the two", place=part.content.places.get("name"))


def _check_aggregates(rule: Rule) -> Iterator[LintMessage]:
    """Yield a message for each sum that no numbers have, and each range that nothing can be in."""
    for aggregate in rule.aggregates:
        why = _why_never(rule, aggregate)
        if why:
            message = f"`{aggregate.path}` of `{rule.id}` never holds: {why}"
            yield lint_message("never-holds", message, hint=_FIX_MATCHER, place=aggregate.place)


def _why_never(rule: Rule, aggregate: Aggregate) -> str:
    wanted = aggregate.within
    if isinstance(wanted, Matcher):
        matchers = matchers_of(rule, aggregate.names[0])
        if not value_possible(wanted, _NUMBER):
            return "no number is within its limits"
        possible = attribute_possible(*matchers) and all(each.presence != "absent" for each in matchers)
        return "the attribute is no number" if possible and not value_possible(*matchers, _NUMBER) else ""
    most = rule.count.high if rule.count and aggregate.keyword == "repeats" else None
    if wanted.high == 0:
        return "there is at least one where an attribute is there; to forbid it, write `absent`"
    return f"the `count` of the rule is {rule.count}" if most is not None and wanted.low > most else ""


def _check_content(id: str, content: Content, place: Place | None) -> Iterator[LintMessage]:
    for keyword, at in impossible(content):
        message = f"no span can meet `{keyword}` of `{id}`"
        yield lint_message("never-holds", message, hint=_FIX_MATCHER, place=at or place)
    yield from _check_attributes(id, content)


def _check_pair(who: str, content: Content, what: str, other: Content, place: Place | None) -> Iterator[LintMessage]:
    for keyword in conflicts(content, other):
        message = f"no span can meet `{keyword}` of {who} and also {what}"
        yield lint_message("never-holds", message, hint="fix one of the two", place=content.places.get(keyword, place))


def impossible(content: Content) -> Iterator[tuple[str, Place | None]]:
    """Yield each keyword of a content that no span can meet, with its place."""
    for keyword, vocabulary in _TEXTS.items():
        matcher = getattr(content, keyword)
        if matcher is not None and not text_possible([matcher], vocabulary):
            yield keyword, content.places.get(keyword)
    for keyword, attribute in _attributes(content):
        if not attribute_possible(attribute.matcher):
            yield keyword, attribute.place
    if exceeded(content, content):
        yield "limits", content.places.get("limits")
    if _exactly_one_fails(content):
        yield "exactly_one_true", content.places.get("exactly_one_true")


def conflicts(one: Content, other: Content) -> Iterator[str]:
    """Yield each keyword of a content that can be met, but not together with another content."""
    for keyword, vocabulary in _TEXTS.items():
        pair = [getattr(one, keyword), getattr(other, keyword)]
        if None not in pair and not text_possible(pair, vocabulary) and _each_possible(pair, vocabulary):
            yield keyword
    if one.parent and other.parent and one.parent != other.parent:
        yield "parent"
    if one.duration and other.duration and _disjoint(one.duration, other.duration):
        yield "duration"
    too_much = exceeded(one, other) or exceeded(other, one)
    if too_much and not exceeded(one, one) and not exceeded(other, other):
        yield "limits" if one.limits else too_much
    others = {(keyword, a.names): a.matcher for keyword, a in _attributes(other)}
    for keyword, attribute in _attributes(one):
        against, matcher = others.get((keyword, attribute.names)), attribute.matcher
        if against is not None and attribute_possible(matcher) and attribute_possible(against):
            yield from () if attribute_possible(matcher, against) else (keyword,)


def _each_possible(pair: list[Matcher], vocabulary: tuple[str, ...]) -> bool:
    return all(text_possible([each], vocabulary) for each in pair)


def _disjoint(one: DurationBound, other: DurationBound) -> bool:
    """Return whether no duration is within both bounds."""
    low = max(one.at_least_ns or 0, other.at_least_ns or 0)
    highs = [each.at_most_ns for each in (one, other) if each.at_most_ns is not None]
    return bool(highs) and min(highs) < low


def _exactly_one_fails(content: Content) -> bool:
    """Return whether `exactly_one_true` certainly fails: two of its attributes must be true, or none can be."""
    if not content.exactly_one_true:
        return False
    by_names = {attribute.names: attribute.matcher for attribute in content.attributes}
    matchers = [by_names.get(names) for names in content.exactly_one_true]
    true = sum(each is not None and each.equals is True for each in matchers)
    return true > 1 or all(each is not None and not value_possible(each, Matcher(equals=True)) for each in matchers)


def _attributes(content: Content) -> Iterator[tuple[str, AttributeExpectation]]:
    """Yield the keyword (`attributes.key`) and the expectation of each attribute of a span and its resource."""
    yield from ((f"attributes.{each.name}", each) for each in content.attributes)
    yield from ((f"resource.{each.name}", each) for each in content.resource)


def all_attributes(id: str, content: Content) -> Iterator[tuple[str, str, AttributeExpectation]]:
    """Yield id, keyword and expectation of each attribute, those of events and links under their own ids."""
    yield from ((id, keyword, each) for keyword, each in _attributes(content))
    for item in items_of(content):
        yield from ((item.id, f"attributes.{each.name}", each) for each in item.attributes)


def _check_attributes(id: str, content: Content) -> Iterator[LintMessage]:
    """Yield messages about impossible attributes of events and links, and `optional` ones that can only be missing."""
    items = {each.id for each in items_of(content)}
    selecting = [(event.id, each) for event in content.events for each in event.where_attributes]
    for event, attribute in selecting:
        if not attribute_possible(attribute.matcher):
            message = f"`where` of `{event}` selects nothing: no event can meet its `attributes.{attribute.name}`"
            yield lint_message("never-selects", message, hint=_FIX_MATCHER, place=attribute.place)
    for holder, keyword, attribute in all_attributes(id, content):
        if holder in items and not attribute_possible(attribute.matcher):
            message = f"no event or link can meet `{keyword}` of `{holder}`"
            yield lint_message("never-holds", message, hint=_FIX_MATCHER, place=attribute.place)
        elif attribute.matcher.optional and not value_possible(replace(attribute.matcher, optional=False)):
            message = f"no value can meet `{keyword}` of `{holder}`: it can only be missing"
            yield lint_message("never-holds", message, hint="write `absent`, or fix the matcher", place=attribute.place)
