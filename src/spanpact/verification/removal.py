"""A contract without one of its expectations: what proving asks of the examples (section 11 of the contract format)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from spanpact.contract.compiled import (
    ANY,
    AttributeExpectation,
    Condition,
    Content,
    ContractPlan,
    Entry,
    EventExpectation,
    LinkExpectation,
    Rule,
)

Part = TypeVar("Part")
Made = TypeVar("Made", Content, ContractPlan, Entry, Rule, EventExpectation, LinkExpectation)
Counted = TypeVar("Counted", EventExpectation, LinkExpectation)

_SINGLE = ("kind", "status", "status_message", "scope", "parent", "duration")
_SEVERAL = ("exactly_one_true", "forbid")


def without(plan: ContractPlan, id: str, keyword: str) -> ContractPlan:
    """The plan without the expectation `keyword` of `id`, as coverage names it; the same plan if nothing is demanded.

    Nothing is demanded by the body's `span` without a scenario, and by a count of `0..`. An entry's `span` is
    removed by letting any number of spans be there: what it selects stays.
    """
    if (id, keyword) == ("top", "span"):
        return replace(plan, scenario="") if plan.scenario else plan
    across = tuple(statement for statement in plan.across if statement.id != id)
    if len(across) < len(plan.across):
        return replace(plan, across=across)
    rules = _changed(plan.rules, lambda rule: _rule(rule, id, keyword))
    if rules is not plan.rules:
        return replace(plan, rules=rules)
    return _with(plan, top=_entry(plan.top, id, keyword))


def _entry(entry: Entry, id: str, keyword: str) -> Entry:
    changes: dict[str, Any] = {
        "content": _content(entry.content, entry.id, id, keyword),
        "children": _changed(entry.children, lambda each: _entry(each, id, keyword)),
        "descendants": _changed(entry.descendants, lambda each: _entry(each, id, keyword)),
        "conditions": _conditions(entry.conditions, id),
    }
    if entry.id == id:
        changes |= _own(entry, keyword)
    return _with(entry, **changes)


def _own(entry: Entry, keyword: str) -> dict[str, Any]:
    """The change of a keyword that only an entry has."""
    if keyword == "span":
        return {"count": entry.count if entry.count == ANY else ANY}
    if keyword == "order":
        return {"order": ()}
    if keyword == "concurrency":
        return {"concurrency": None}
    return {"closed": entry.closed - {keyword.removeprefix("closed.")}} if keyword.startswith("closed.") else {}


def _conditions(conditions: tuple[Condition, ...], id: str) -> tuple[Condition, ...]:
    left = tuple(condition for condition in conditions if condition.id != id)
    return left if len(left) < len(conditions) else conditions


def _rule(rule: Rule, id: str, keyword: str) -> Rule:
    if (rule.id, "count") == (id, keyword):
        return rule if rule.count == ANY else replace(rule, count=None)
    return _with(rule, content=_content(rule.content, rule.id, id, keyword))


def _content(content: Content, holder: str, id: str, keyword: str) -> Content:
    if id != holder:
        return _with(
            content,
            events=_changed(content.events, lambda each: _counted(each, id, keyword, "event")),
            links=_changed(content.links, lambda each: _counted(each, id, keyword, "link")),
        )
    field, _, name = keyword.partition(".")
    if field in ("attributes", "resource"):
        return _with(content, **{field: _unnamed(getattr(content, field), name)})
    nothing: Any = None if field in _SINGLE else ()
    return _with(content, **{field: nothing}) if field in (*_SINGLE, *_SEVERAL) else content


def _counted(part: Counted, id: str, keyword: str, count: str) -> Counted:
    """An event or a link without its count, or without one of its attributes."""
    if part.id != id:
        return part
    if keyword == count:
        return part if part.count == ANY else replace(part, count=ANY)
    return _with(part, attributes=_unnamed(part.attributes, keyword.removeprefix("attributes.")))


def _unnamed(attributes: tuple[AttributeExpectation, ...], name: str) -> tuple[AttributeExpectation, ...]:
    left = tuple(each for each in attributes if each.name != name)
    return left if len(left) < len(attributes) else attributes


def _changed(parts: tuple[Part, ...], change: Callable[[Part], Part]) -> tuple[Part, ...]:
    """The parts changed; the very same tuple where none is."""
    made = tuple(map(change, parts))
    return made if _differ(made, parts) else parts


def _with(part: Made, **changes: Any) -> Made:
    """The part with the changes; the very same part where nothing changes."""
    return replace(part, **changes) if any(new is not getattr(part, name) for name, new in changes.items()) else part


def _differ(some: Sequence[object], others: Sequence[object]) -> bool:
    return any(one is not other for one, other in zip(some, others, strict=True))
