"""Short texts for the values of keywords, as a report shows the old and the new value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spanpact.contract.compiled import (
    AttributeExpectation,
    Condition,
    Content,
    Count,
    DurationBound,
    Entry,
    EventExpectation,
    LinkExpectation,
    Matcher,
    Reference,
    Rule,
    Side,
    Statement,
)
from spanpact.engine.checks.values.shown import described as describe_matcher
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.privacy import PrivacyClass


def describe(value: Any) -> str:
    """Return a short text for the value, "" for none."""
    match value:
        case None | "":
            return ""
        case Matcher():
            return describe_matcher(value)
        case Reference():
            return f"same as {value.entry}{'.' if value.attribute else ''}{value.attribute}"
        case DurationBound():
            return _bound(value)
        case Content():
            return "; ".join(describe_content(value))
        case AttributeExpectation():
            return f"{value.name}: {describe(value.matcher)}"
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
            return ", ".join(sorted(map(describe, value)))
        case tuple() | list():
            return ", ".join(map(describe, value))
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
    if isinstance(value, Entry) and value.same_count:
        yield f"count {describe(value.same_count)}"
    elif value.count is not None:
        yield f"count {value.count}"
    if isinstance(value, Rule):
        yield from (f"except_spans {each}" for each in (value.except_spans,) if each)
        yield from (f"parents {each}" for each in (value.parents,) if each)
        yield from (f"{each.path}: {describe(each.within)}" for each in value.aggregates)
    if isinstance(value, Rule | EventExpectation) and value.severities:
        yield f"severity {describe(value.severities)}"
    if isinstance(value, EventExpectation):
        yield from (f"where attributes.{describe(a)}" for a in value.where_attributes)
    if isinstance(value, EventExpectation | LinkExpectation):
        yield from (f"attributes.{a.name}: {describe(a.matcher)}" for a in value.attributes)
    else:
        yield from (f"where {each}" for each in describe_content(value.where))
        yield from describe_content(value.content)


def describe_content(content: Content) -> Iterable[str]:
    """Yield a text for each expectation of a content, such as `kind: client`."""
    for keyword in ("name", "kind", "status", "status_message", "scope", "parent", "duration", "limits"):
        if (value := getattr(content, keyword)) is not None:
            yield f"{keyword}: {describe(value)}"
    for attribute in content.attributes:
        yield f"attributes.{attribute.name}: {describe(attribute.matcher)}"
    for attribute in content.resource:
        yield f"resource.{attribute.name}: {describe(attribute.matcher)}"
    if content.exactly_one_true:
        yield f"exactly_one_true: {', '.join(names[0] for names in content.exactly_one_true)}"
    yield from (f"event {describe(event)}" for event in content.events)
    yield from (f"link {describe(link)}" for link in content.links)
    if content.forbid:
        yield f"forbid: {describe(content.forbid)}"


def _side(side: Side) -> str:
    if side.mode != "content":
        return side.mode
    count: tuple[Count, ...] = (side.count,) if side.count else ()
    return "; ".join((*(f"count {each}" for each in count), *describe_content(side.content)))


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
    if statement.distinct_names is not None:
        yield f"distinct_names {statement.distinct_names}"
    yield from (f"p{percent:g} {shown_ns(bound)}" for percent, bound in statement.percentiles)
    yield f"of {statement.of}" if statement.of else "of all spans"
