"""Find renamed ids: an identical part under a new id is a rename (section 12 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeAlias

from spanpact.contract.compiled import Condition, Content, ContractPlan, Entry
from spanpact.trace.name_patterns import NamePattern

Names: TypeAlias = Mapping[str, str]
"""Old id to new id."""

_IDS: Final = ("id", "entry", "of")
_IGNORED: Final = ("place", "places", "regex", "names")  # aliases are compared once, for the whole contract
_UNORDERED: Final = (
    "aggregates",
    "where_attributes",
    "children",
    "descendants",
    "events",
    "links",
    "conditions",
    "when",
    "then",
    "attributes",
    "resource",
)


def find_renames(old: ContractPlan, new: ContractPlan) -> dict[str, str]:
    """Return the old ids that have another id in the new version while everything else is the same.

    Finding one rename may reveal another in a part that refers to it, so the search repeats until it finds no more.
    """
    found: dict[str, str] = {}
    while more := _more(renamed(old, found), new):
        found = {**{before: more.get(after, after) for before, after in found.items()}, **more}
    return found


def _more(old: ContractPlan, new: ContractPlan) -> dict[str, str]:
    before, after = set(all_ids(old)), set(all_ids(new))
    found: dict[str, str] = {}
    for olds, news in _sibling_lists(old, new):
        candidates: dict[str, list[Any]] = {}
        for other in news:
            if other.id not in before:
                candidates.setdefault(_nameless(other), []).append(other)
        for one in olds:
            if one.id not in after and (matches := candidates.get(_nameless(one))):
                names = dict(zip(own_ids(one), own_ids(matches[0]), strict=True))
                if canonical_text(one, names) == canonical_text(matches[0]):
                    found |= {a: b for a, b in names.items() if a != b}
                    del matches[0]
    return found


def _nameless(item: Any) -> str:
    """Return a text that two items share if they differ in their ids only."""
    return canonical_text(item, dict.fromkeys(own_ids(item), ""))


def _sibling_lists(old: ContractPlan, new: ContractPlan) -> Iterator[tuple[Iterable[Any], Iterable[Any]]]:
    """Yield the lists of the old and the new version in which parts correspond to each other."""
    yield old.rules, new.rules
    yield old.across, new.across
    entries = new.entries()
    for one in old.top.walk():
        if other := entries.get(one.id):
            yield one.children, other.children
            yield one.descendants, other.descendants
            yield one.conditions, other.conditions
            yield one.content.events, other.content.events
            yield one.content.links, other.content.links


def all_ids(plan: ContractPlan) -> Iterator[str]:
    """Yield every id of a contract."""
    for item in (plan.top, *plan.rules, *plan.across):
        yield from own_ids(item)


def own_ids(item: Any) -> list[str]:
    """Return the id of an entry, rule, condition, statement, event or link, and all ids below it, in a fixed order."""
    found = [item.id]
    if isinstance(item, Entry):
        for below in (*_sorted(item.children), *_sorted(item.descendants), *_sorted(item.conditions)):
            found += own_ids(below)
    contents = [getattr(item, name) for name in ("content", "where") if hasattr(item, name)]
    if isinstance(item, Condition):
        contents = [side.content for side in (*_sorted(item.when), *_sorted(item.then))]
    for content in contents:
        assert isinstance(content, Content)
        found += [each.id for each in (*_sorted(content.events), *_sorted(content.links))]
    return found


def _sorted(items: Iterable[Any]) -> list[Any]:
    """Sort in an order that does not depend on ids."""
    return sorted(items, key=lambda item: canonical_text(item, dict.fromkeys(_owned(item), "")))


def _owned(item: Any) -> list[str]:
    if not isinstance(item, Entry):
        return [getattr(item, "id", "")]
    conditions = [condition.id for each in item.walk() for condition in each.conditions]
    return [*(each.id for each in item.walk()), *conditions]


def canonical_text(value: Any, names: Names | None = None) -> str:
    """Return a text that two values share if they mean the same, wherever they are; `names` replaces ids."""
    if is_dataclass(value) and not isinstance(value, NamePattern | type):
        texts = (
            f"{each.name}={_field(each.name, getattr(value, each.name), names or {})}"
            for each in fields(value)
            if each.name not in _IGNORED
        )
        return f"{type(value).__name__}({','.join(texts)})"
    if isinstance(value, NamePattern):
        return repr(sorted(value.texts))
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    if isinstance(value, tuple):
        return f"({','.join(canonical_text(each, names) for each in value)})"
    return repr(value)


def _field(name: str, value: Any, names: Names) -> str:
    if name in _IDS:
        return repr(names.get(value, value))
    if name == "order":
        return repr([names.get(each, each) for each in value])
    if name in _UNORDERED and isinstance(value, tuple):
        return repr(sorted(canonical_text(each, names) for each in value))
    return canonical_text(value, names)


def renamed(value: Any, names: Names) -> Any:
    """Return the plan (or a part of it) with its ids replaced everywhere."""
    if not names:
        return value
    if isinstance(value, tuple):
        return tuple(renamed(each, names) for each in value)
    if not is_dataclass(value) or isinstance(value, NamePattern | type):
        return value
    changed: dict[str, Any] = {}
    for each in fields(value):
        before = getattr(value, each.name)
        after = _renamed_field(each.name, before, names)
        if after is not before:
            changed[each.name] = after
    return replace(value, **changed) if changed else value


def _renamed_field(name: str, value: Any, names: Names) -> Any:
    if name in _IDS:
        return names.get(value, value)
    if name == "order":
        return tuple(names.get(each, each) for each in value)
    if name == "levels":
        return {_renamed_key(key, names): level for key, level in value.items()}
    if name == "pending":
        return {names.get(key, key): agreed for key, agreed in value.items()}
    if name in (*_IGNORED, "examples"):
        return value
    return renamed(value, names)


def _renamed_key(key: str, names: Names) -> str:
    id, slash, finding = key.rpartition("/")
    return f"{names.get(id, id)}{slash}{finding}"
