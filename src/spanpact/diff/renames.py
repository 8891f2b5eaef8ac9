"""An identical entry under a new id is a rename (section 12 of docs/contract-format.md); so for every other id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeAlias

from spanpact.contract.compiled import Condition, Content, ContractPlan, Entry
from spanpact.trace.name_patterns import NamePattern

Names: TypeAlias = Mapping[str, str]
"""Old id to new id."""

_IDS: Final = ("id", "entry", "of")
_LEFT_OUT: Final = ("place", "places", "regex", "names")  # aliases are compared once, for the contract
_UNORDERED: Final = (
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


def renames(old: ContractPlan, new: ContractPlan) -> dict[str, str]:
    """The ids of the old version that are others in the new one, where all else is the same.

    A rename may make others visible (of what refers to it), so it is looked for until there are no more.
    """
    found: dict[str, str] = {}
    while more := _more(renamed(old, found), new):
        found = {**{before: more.get(after, after) for before, after in found.items()}, **more}
    return found


def _more(old: ContractPlan, new: ContractPlan) -> dict[str, str]:
    before, after = set(all_ids(old)), set(all_ids(new))
    found: dict[str, str] = {}
    for olds, news in _places(old, new):
        come: dict[str, list[Any]] = {}
        for other in news:
            if other.id not in before:
                come.setdefault(_nameless(other), []).append(other)
        for one in olds:
            if one.id not in after and (alike := come.get(_nameless(one))):
                names = dict(zip(own_ids(one), own_ids(alike[0]), strict=True))
                if shape(one, names) == shape(alike[0]):
                    found |= {a: b for a, b in names.items() if a != b}
                    del alike[0]
    return found


def _nameless(item: Any) -> str:
    """What says the same of two items that differ in their ids only."""
    return shape(item, dict.fromkeys(own_ids(item), ""))


def _places(old: ContractPlan, new: ContractPlan) -> Iterator[tuple[Iterable[Any], Iterable[Any]]]:
    """The lists in which what stands in both versions is looked for."""
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
    """Every id of a contract."""
    for item in (plan.top, *plan.rules, *plan.across):
        yield from own_ids(item)


def own_ids(item: Any) -> list[str]:
    """The id of an entry, rule, condition, statement, event or link, and all ids below it, in a fixed order."""
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
    """In an order that does not depend on ids."""
    return sorted(items, key=lambda item: shape(item, dict.fromkeys(_owned(item), "")))


def _owned(item: Any) -> list[str]:
    if not isinstance(item, Entry):
        return [getattr(item, "id", "")]
    conditions = [condition.id for each in item.walk() for condition in each.conditions]
    return [*(each.id for each in item.walk()), *conditions]


def shape(value: Any, names: Names | None = None) -> str:
    """A text that two values share where they say the same, wherever they stand; `names` replaces ids."""
    if is_dataclass(value) and not isinstance(value, NamePattern | type):
        said = (
            f"{each.name}={_field(each.name, getattr(value, each.name), names or {})}"
            for each in fields(value)
            if each.name not in _LEFT_OUT
        )
        return f"{type(value).__name__}({','.join(said)})"
    if isinstance(value, NamePattern):
        return repr(sorted(value.texts))
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    if isinstance(value, tuple):
        return f"({','.join(shape(each, names) for each in value)})"
    return repr(value)


def _field(name: str, value: Any, names: Names) -> str:
    if name in _IDS:
        return repr(names.get(value, value))
    if name == "order":
        return repr([names.get(each, each) for each in value])
    if name in _UNORDERED:
        return repr(sorted(shape(each, names) for each in value))
    return shape(value, names)


def renamed(value: Any, names: Names) -> Any:
    """The plan (or a part of it) with ids replaced, wherever they stand."""
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
    if name in (*_LEFT_OUT, "examples"):
        return value
    return renamed(value, names)


def _renamed_key(key: str, names: Names) -> str:
    id, slash, finding = key.rpartition("/")
    return f"{names.get(id, id)}{slash}{finding}"
