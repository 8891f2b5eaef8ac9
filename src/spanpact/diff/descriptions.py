"""Values of keywords in words, as a comparison shows what they were and are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spanpact.contract.compiled import (
    Condition,
    Content,
    Count,
    DurationBound,
    Entry,
    EventExpectation,
    LinkExpectation,
    Matcher,
    Rule,
    Side,
    Statement,
)
from spanpact.engine.checks.shown import described as described_matcher
from spanpact.engine.checks.shown import shown_ns
from spanpact.privacy import PrivacyClass


def described(value: Any) -> str:
    """The value in a few words; "" for what is not said."""
    match value:
        case None | "":
            return ""
        case Matcher():
            return described_matcher(value)
        case DurationBound():
            return _bound(value)
        case Content():
            return "; ".join(content_words(value))
        case Entry() | Rule() | EventExpectation() | LinkExpectation():
            return "; ".join(_named(value))
        case Condition():
            return f"when {_sides(value.when)}, {_demands(value)}"
        case Side():
            return _side(value)
        case Statement():
            return "; ".join(_statement(value))
        case PrivacyClass():
            return value.name
        case frozenset() | set():
            return ", ".join(sorted(map(described, value)))
        case tuple() | list():
            return ", ".join(map(described, value))
        case bool():
            return str(value).lower()
    return str(value)


def _bound(bound: DurationBound) -> str:
    low = f"at least {shown_ns(bound.at_least_ns)}" if bound.at_least_ns is not None else ""
    high = f"at most {shown_ns(bound.at_most_ns)}" if bound.at_most_ns is not None else ""
    return " and ".join(filter(None, (low, high)))


def _named(value: Entry | Rule | EventExpectation | LinkExpectation) -> Iterable[str]:
    name = getattr(value, "span", None) or getattr(value, "event", None)
    yield str(name or "whole traces")
    if value.count is not None:
        yield f"count {value.count}"
    if isinstance(value, EventExpectation | LinkExpectation):
        yield from (f"attributes.{a.name}: {described(a.matcher)}" for a in value.attributes)
    else:
        yield from (f"where {words}" for words in content_words(value.where))
        yield from content_words(value.content)


def content_words(content: Content) -> Iterable[str]:
    """Each expectation of a content, `kind: client`."""
    for keyword in ("kind", "status", "status_message", "scope", "parent", "duration"):
        if (said := getattr(content, keyword)) is not None:
            yield f"{keyword}: {described(said)}"
    for attribute in content.attributes:
        yield f"attributes.{attribute.name}: {described(attribute.matcher)}"
    for attribute in content.resource:
        yield f"resource.{attribute.name}: {described(attribute.matcher)}"
    if content.exactly_one_true:
        yield f"exactly_one_true: {', '.join(names[0] for names in content.exactly_one_true)}"
    yield from (f"event {described(event)}" for event in content.events)
    yield from (f"link {described(link)}" for link in content.links)
    if content.forbid:
        yield f"forbid: {described(content.forbid)}"


def _side(side: Side) -> str:
    if side.mode != "content":
        return side.mode
    count: tuple[Count, ...] = (side.count,) if side.count else ()
    return "; ".join((*(f"count {each}" for each in count), *content_words(side.content)))


def _sides(sides: Iterable[Side]) -> str:
    return ", ".join(f"{side.entry} {_side(side)}" for side in sides)


def _demands(condition: Condition) -> str:
    order = f"order {', '.join(condition.order)}" if condition.order else ""
    then = f"then {_sides(condition.then)}" if condition.then else ""
    return ", ".join(filter(None, (then, order)))


def _statement(statement: Statement) -> Iterable[str]:
    if statement.sampling is not None:
        yield f"sampling {statement.sampling:g}"
    if statement.error_rate is not None:
        yield f"error_rate {statement.error_rate:g}"
    yield from (f"p{percent:g} {shown_ns(bound)}" for percent, bound in statement.percentiles)
    yield f"of {statement.of}"
