"""What no span can keep: a matcher whose words exclude each other, and two contents that do (sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from spanpact.contract.compiled import AttributeExpectation, Content, DurationBound, Entry, Matcher
from spanpact.contract.loader.vocabulary import KINDS, STATUSES
from spanpact.engine.checks.values import described, shown
from spanpact.errors import Place
from spanpact.lint.contract_facts import Facts
from spanpact.lint.matchers import attribute_possible, impossible_alternatives, text_possible, value_possible
from spanpact.lint.messages import LintMessage, lint_message

_TEXTS = {"kind": KINDS, "status": STATUSES, "status_message": (), "scope": ()}
_MEND = "of expectations that exclude each other, one is wrong"


def contradictions(facts: Facts) -> Iterator[LintMessage]:
    """All of one contract but what conditions say."""
    for entry in facts.plan.top.walk():
        yield from _selects(entry.id, entry.where, entry.place)
        yield from _holds(entry.id, entry.content, entry.place)
        if entry.count.high != 0:  # what is said of spans that must not be there is another matter
            yield from _of_entry(facts, entry)
    for rule in facts.plan.rules:
        yield from _selects(rule.id, rule.where, rule.place)
        yield from _holds(rule.id, rule.content, rule.place)
        yield from _against(f"`{rule.id}`", rule.content, "its own `where`", rule.where, rule.place)


def _of_entry(facts: Facts, entry: Entry) -> Iterator[LintMessage]:
    yield from _against(f"`{entry.id}`", entry.content, "its own `where`", entry.where, entry.place)
    for rule in facts.rules_of(entry) if facts.binds(entry.id) else ():
        other = f"the rule `{rule.id}`, which selects the same spans"
        yield from _against(f"`{entry.id}`", entry.content, other, rule.content, entry.place)


def _selects(id: str, where: Content, place: Place | None) -> Iterator[LintMessage]:
    for keyword, at in impossible(where):
        message = f"`where` of `{id}` selects nothing: no span can be as its `{keyword}` says"
        yield lint_message("never-selects", message, hint="one of its words is wrong", place=at or place)


def _holds(id: str, content: Content, place: Place | None) -> Iterator[LintMessage]:
    for keyword, at in impossible(content):
        message = f"no span can be as `{keyword}` of `{id}` says"
        yield lint_message("never-holds", message, hint="one of its words is wrong", place=at or place)
    yield from _only_missing(id, content)
    yield from _alternatives(id, content)


def _against(who: str, content: Content, what: str, other: Content, place: Place | None) -> Iterator[LintMessage]:
    for keyword in conflicts(content, other):
        message = f"no span can keep `{keyword}` of {who} and {what}"
        yield lint_message("never-holds", message, hint=_MEND, place=content.places.get(keyword, place))


def impossible(content: Content) -> Iterator[tuple[str, Place | None]]:
    """The keywords of a content that no span can meet, each alone, with their places."""
    for keyword, vocabulary in _TEXTS.items():
        matcher = getattr(content, keyword)
        if matcher is not None and not text_possible([matcher], vocabulary):
            yield keyword, content.places.get(keyword)
    for keyword, attribute in _attributes(content):
        if not attribute_possible(attribute.matcher):
            yield keyword, attribute.place
    if _exactly_one_fails(content):
        yield "exactly_one_true", content.places.get("exactly_one_true")


def conflicts(one: Content, other: Content) -> Iterator[str]:
    """The keywords of a content that can each be met, but not together with what another content says."""
    for keyword, vocabulary in _TEXTS.items():
        pair = [getattr(one, keyword), getattr(other, keyword)]
        if None not in pair and not text_possible(pair, vocabulary) and _alone(pair, vocabulary):
            yield keyword
    if one.parent and other.parent and one.parent != other.parent:
        yield "parent"
    if one.duration and other.duration and _apart(one.duration, other.duration):
        yield "duration"
    others = {(keyword, a.names): a.matcher for keyword, a in _attributes(other)}
    for keyword, attribute in _attributes(one):
        against, matcher = others.get((keyword, attribute.names)), attribute.matcher
        if against is not None and attribute_possible(matcher) and attribute_possible(against):
            yield from () if attribute_possible(matcher, against) else (keyword,)


def _alone(pair: list[Matcher], vocabulary: tuple[str, ...]) -> bool:
    return all(text_possible([each], vocabulary) for each in pair)


def _apart(one: DurationBound, other: DurationBound) -> bool:
    """Whether no duration lies within both."""
    low = max(one.at_least_ns or 0, other.at_least_ns or 0)
    highs = [each.at_most_ns for each in (one, other) if each.at_most_ns is not None]
    return bool(highs) and min(highs) < low


def _exactly_one_fails(content: Content) -> bool:
    """Whether literals decide against `exactly_one_true`: two of its names are true, or none can be."""
    if not content.exactly_one_true:
        return False
    said = {attribute.names: attribute.matcher for attribute in content.attributes}
    matchers = [said.get(names) for names in content.exactly_one_true]
    true = sum(each is not None and each.equals is True for each in matchers)
    return true > 1 or all(each is not None and not value_possible(each, Matcher(equals=True)) for each in matchers)


def _attributes(content: Content) -> Iterator[tuple[str, AttributeExpectation]]:
    """`attributes.key` and the expectation; events and links have ids of their own, but the same matchers."""
    yield from ((f"attributes.{each.name}", each) for each in content.attributes)
    yield from ((f"resource.{each.name}", each) for each in content.resource)


def _everywhere(id: str, content: Content) -> Iterator[tuple[str, str, AttributeExpectation]]:
    yield from ((id, keyword, each) for keyword, each in _attributes(content))
    for event in content.events:
        yield from ((event.id, f"attributes.{each.name}", each) for each in event.attributes)
    for link in content.links:
        yield from ((link.id, f"attributes.{each.name}", each) for each in link.attributes)


def _only_missing(id: str, content: Content) -> Iterator[LintMessage]:
    """Attributes of events and links that cannot be, and `optional` ones that can only be missing."""
    own = {id for id, _, _ in _everywhere("", content)}
    for of, keyword, attribute in _everywhere(id, content):
        if of in own and not attribute_possible(attribute.matcher):
            message = f"nothing can be as `{keyword}` of `{of}` says"
            yield lint_message("never-holds", message, hint="one of its words is wrong", place=attribute.place)
        elif attribute.matcher.optional and not value_possible(replace(attribute.matcher, optional=False)):
            message = f"no value meets `{keyword}` of `{of}`: it can only be missing"
            yield lint_message("never-holds", message, hint="write `absent`, or mend its words", place=attribute.place)


def _alternatives(id: str, content: Content) -> Iterator[LintMessage]:
    for of, keyword, attribute in _everywhere(id, content):
        if not value_possible(replace(attribute.matcher, optional=False)):
            continue
        for value in impossible_alternatives(attribute.matcher):
            rest = described(replace(attribute.matcher, one_of=None))
            message = f"{shown(value)} in `one_of` of {of}.{keyword} can never be, as the value must be {rest}"
            hint = "remove it, or mend the other words"
            yield lint_message("alternative-shadowed", message, hint=hint, place=attribute.place)
