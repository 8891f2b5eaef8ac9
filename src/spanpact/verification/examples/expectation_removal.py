"""Remove one expectation from a contract, to prove that the examples need it (section 11)."""

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
Replaced = TypeVar("Replaced", Content, ContractPlan, Entry, Rule, EventExpectation, LinkExpectation)
Counted = TypeVar("Counted", EventExpectation, LinkExpectation)

_SINGLE = ("name", "kind", "status", "status_message", "scope", "parent", "duration", "limits")
_SEVERAL = ("exactly_one_true", "forbid")


def without(plan: ContractPlan, id: str, keyword: str) -> ContractPlan:
    """Return the plan without the expectation `keyword` of `id`; the same plan if the expectation demands nothing.

    The top entry's `span` demands nothing without a scenario, and neither does a count of `0..`. An entry's `span` is
    removed by allowing any number of spans: it still selects them.
    """
    if (id, keyword) == ("top", "span"):
        return replace(plan, scenario="") if plan.scenario else plan
    across = tuple(statement for statement in plan.across if statement.id != id)
    if len(across) < len(plan.across):
        return replace(plan, across=across)
    rules = _changed(plan.rules, lambda rule: _rule(rule, id, keyword))
    if rules is not plan.rules:
        return replace(plan, rules=rules)
    return _replaced(plan, top=_entry(plan.top, id, keyword))


def _entry(entry: Entry, id: str, keyword: str) -> Entry:
    changes: dict[str, Any] = {
        "content": _content(entry.content, entry.id, id, keyword),
        "children": _changed(entry.children, lambda each: _entry(each, id, keyword)),
        "descendants": _changed(entry.descendants, lambda each: _entry(each, id, keyword)),
        "conditions": _conditions(entry.conditions, id),
    }
    if entry.id == id:
        changes |= _without_keyword(entry, keyword)
    return _replaced(entry, **changes)


def _without_keyword(entry: Entry, keyword: str) -> dict[str, Any]:
    """Return the change that removes a keyword which only entries have."""
    if keyword == "span":
        return {"count": entry.count if entry.count == ANY else ANY}
    if keyword == "order":
        return {"order": ()}
    if keyword == "concurrency":
        return {"concurrency": None}
    if keyword == "count":
        return {"same_count": None}
    return {"closed": entry.closed - {keyword.removeprefix("closed.")}} if keyword.startswith("closed.") else {}


def _conditions(conditions: tuple[Condition, ...], id: str) -> tuple[Condition, ...]:
    left = tuple(condition for condition in conditions if condition.id != id)
    return left if len(left) < len(conditions) else conditions


def _rule(rule: Rule, id: str, keyword: str) -> Rule:
    if (rule.id, "count") == (id, keyword):
        return rule if rule.count == ANY else replace(rule, count=None)
    if (rule.id, "parents") == (id, keyword):
        return replace(rule, parents=None)
    if rule.id == id and any(each.path == keyword for each in rule.aggregates):
        return replace(rule, aggregates=tuple(each for each in rule.aggregates if each.path != keyword))
    return _replaced(rule, content=_content(rule.content, rule.id, id, keyword))


def _content(content: Content, holder: str, id: str, keyword: str) -> Content:
    if id != holder:
        return _replaced(
            content,
            events=_changed(content.events, lambda each: _counted(each, id, keyword, "event")),
            links=_changed(content.links, lambda each: _counted(each, id, keyword, "link")),
        )
    field, _, name = keyword.partition(".")
    if field in ("attributes", "resource"):
        return _replaced(content, **{field: _without_attribute(getattr(content, field), name)})
    nothing: Any = None if field in _SINGLE else ()
    return _replaced(content, **{field: nothing}) if field in (*_SINGLE, *_SEVERAL) else content


def _counted(part: Counted, id: str, keyword: str, count: str) -> Counted:
    """Return an event or a link without its count, or without one of its attributes."""
    if part.id != id:
        return part
    if keyword == count:
        return part if part.count == ANY else replace(part, count=ANY)
    return _replaced(part, attributes=_without_attribute(part.attributes, keyword.removeprefix("attributes.")))


def _without_attribute(attributes: tuple[AttributeExpectation, ...], name: str) -> tuple[AttributeExpectation, ...]:
    left = tuple(each for each in attributes if each.name != name)
    return left if len(left) < len(attributes) else attributes


def _changed(parts: tuple[Part, ...], change: Callable[[Part], Part]) -> tuple[Part, ...]:
    """Return the parts changed; the very same tuple if no part is."""
    changed = tuple(map(change, parts))
    return changed if _differ(changed, parts) else parts


def _replaced(part: Replaced, **changes: Any) -> Replaced:
    """Return the part with the changes; the very same part if nothing changes."""
    return replace(part, **changes) if any(new is not getattr(part, name) for name, new in changes.items()) else part


def _differ(some: Sequence[object], others: Sequence[object]) -> bool:
    return any(one is not other for one, other in zip(some, others, strict=True))
