"""Compare the head of a contract: scenario, aliases, classes, clock, levels, pending, texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from spanpact.contract import document
from spanpact.contract.compiled import AttributeExpectation, Condition, Content, ContractPlan, Matcher
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, both_ways
from spanpact.diff.comparison import Comparison, Edit, Sides, Subject, Value, edit_of, sides
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.contract_version import ContractVersion
from spanpact.diff.renames import all_ids
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.findings import Pending
from spanpact.findings.catalogue import CATALOGUE

_HEAD: Final = Subject("top", ("top",), steers=False)


def compare_head(comparison: Comparison) -> None:
    """Compare everything except the tree, `every` and `across`."""
    _single(comparison, "about")
    _single(comparison, "scenario")
    _clock(comparison)
    _aliases(comparison)
    _classes(comparison)
    _levels(comparison)
    _pending(comparison)
    _examples(comparison)


def _single(comparison: Comparison, keyword: str) -> None:
    values = _plans(comparison, lambda plan: Value(getattr(plan, keyword), plan.place))
    comparison.compare(_HEAD, keyword, values)


def _plans(comparison: Comparison, value: Callable[[ContractPlan], Value]) -> Sides:
    return sides(comparison.old.plan, comparison.new.plan, value)


def _clock(comparison: Comparison) -> None:
    tolerance = _plans(comparison, lambda plan: Value(plan.tolerance_ns, plan.place, shown_ns(plan.tolerance_ns)))
    comparison.compare(_HEAD, "clock.tolerance", tolerance)
    skew = _plans(comparison, lambda plan: Value(plan.skew_ns, plan.place, shown_ns(plan.skew_ns)))
    comparison.compare(_HEAD, "clock.skew", skew)
    comparison.compare(_HEAD, "clock.resolution", _plans(comparison, _resolution))


def _resolution(plan: ContractPlan) -> Value:
    resolution = plan.resolution_ns
    return Value(resolution, plan.place, "inferred" if resolution is None else shown_ns(resolution))


def _aliases(comparison: Comparison) -> None:
    """Compare the aliases of attributes that both versions use; other aliases have no effect."""
    before, after = (_used_names(version.plan) for version in (comparison.old, comparison.new))
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            others = [", ".join(sorted(names[name] - {name})) for names in (before, after)]
            why = both_ways("other names are checked and accepted")
            comparison.add(_HEAD, "aliases", "changed", _texts(comparison, *others), why, name=f"aliases.{name}")


def _texts(comparison: Comparison, before: str, after: str) -> Sides:
    return Value(before, comparison.old.plan.place), Value(after, comparison.new.plan.place)


def _used_names(plan: ContractPlan) -> dict[str, frozenset[str]]:
    """Return each attribute that the contract names, with all its accepted names."""
    found: dict[str, frozenset[str]] = {}
    for content in _contents(plan):
        listed = [*content.attributes, *content.resource]
        listed += [a for event in content.events for a in (*event.where_attributes, *event.attributes)]
        listed += [a for link in content.links for a in link.attributes]
        for names in (*content.exactly_one_true, *_of_attributes(listed), *_of_name(content)):
            found[names[0]] = frozenset(names)
    for names in _names_beside_contents(plan):
        found[names[0]] = frozenset(names)
    return found


def _names_beside_contents(plan: ContractPlan) -> Iterator[tuple[str, ...]]:
    """Yield the accepted names of attributes that aggregates and counts look at."""
    for rule in plan.rules:
        yield from (names for aggregate in rule.aggregates for names in aggregate.names)
    yield from (entry.same_count.names for entry in plan.top.walk() if entry.same_count and entry.same_count.names)


def _of_name(content: Content) -> Iterator[tuple[str, ...]]:
    if content.name and content.name.same_as and content.name.same_as.names:
        yield content.name.same_as.names


def _of_attributes(attributes: Iterable[AttributeExpectation]) -> Iterator[tuple[str, ...]]:
    for attribute in attributes:
        yield attribute.names
        matcher: Matcher = attribute.matcher
        if matcher.same_as and matcher.same_as.names:
            yield matcher.same_as.names


def _contents(plan: ContractPlan) -> Iterator[Content]:
    for rule in plan.rules:
        yield from (rule.where, rule.content)
    for entry in plan.top.walk():
        yield from (entry.where, entry.content)
        for condition in entry.conditions:
            yield from _contents_of(condition)


def _contents_of(condition: Condition) -> Iterator[Content]:
    yield from (side.content for side in (*condition.when, *condition.then))


def _classes(comparison: Comparison) -> None:
    plans = comparison.old.plan, comparison.new.plan
    before, after = ({each.name: each.pattern for each in plan.classes} for plan in plans)
    used = {each.name for plan in plans for content in _contents(plan) for each in content.forbid}
    for name in dict.fromkeys((*after, *before)):
        pattern, now = before.get(name), after.get(name)
        if pattern != now:
            changed = pattern is not None and now is not None
            shift = both_ways("other texts are forbidden") if changed and name in used else NEITHER
            edit: Edit = "changed" if changed else "added" if now is not None else "removed"
            values = _texts(comparison, pattern or "", now or "")
            comparison.add(_HEAD, "classes", edit, values, shift, name=f"classes.{name}")


def _levels(comparison: Comparison) -> None:
    """Compare the levels that result: a level that repeats another, or the default, is no change.

    The level of an id that is in one version only belongs to the change that added or removed the id.
    """
    olds, news = comparison.old, comparison.new
    common = _ids(olds.plan) & _ids(news.plan)
    for key in dict.fromkeys((*news.plan.levels, *olds.plan.levels)):
        id, slash, finding = key.rpartition("/")
        before, after = (_level(version, id, finding) for version in (olds, news))
        if before == after or (slash and id not in common):
            continue
        shift = TIGHTER if after == "violation" else LOOSER if before == "violation" else NEITHER
        subject = Subject(id, (*_path(news, id),), steers=False) if slash else _HEAD
        values = _texts(comparison, before, after)
        comparison.add(subject, "levels", "changed", values, shift, waived=shift is NEITHER, name=f"levels.{key}")


def _level(version: ContractVersion, id: str, finding: str) -> str:
    if id:
        return version.level(id, finding)
    return version.plan.levels.get(finding) or CATALOGUE[finding].level


def _ids(plan: ContractPlan) -> set[str]:
    return {*all_ids(plan), "top", "integrity"}


def _path(version: ContractVersion, id: str) -> tuple[str, ...]:
    return version.entries[id].path if id in version.entries else (id,)


def _pending(comparison: Comparison) -> None:
    olds, news = comparison.old.plan.pending, comparison.new.plan.pending
    common = _ids(comparison.old.plan) & _ids(comparison.new.plan)
    for id in dict.fromkeys((*news, *olds)):
        if id in common:
            _agreement(comparison, id, olds.get(id), news.get(id))


def _agreement(comparison: Comparison, id: str, old: Pending | None, new: Pending | None) -> None:
    subject = Subject(id, _path(comparison.new, id), steers=False)
    if old and new:
        for word in ("until", "reason", "owner"):
            _agreement_keyword(comparison, subject, word, getattr(old, word), getattr(new, word))
        return
    kept = (comparison.old if old else comparison.new).level(id, "pending-kept") == "violation"
    shift = both_ways("`pending-kept` is a violation here") if kept else LOOSER if new else TIGHTER
    values = _texts(comparison, *(f"until {each.until}" if each else "" for each in (old, new)))
    comparison.add(subject, "pending", edit_of(new), values, shift)


def _agreement_keyword(comparison: Comparison, subject: Subject, word: str, old: str, new: str) -> None:
    """Compare a keyword of an agreement. Pending waives nothing here: a new `until` may end the agreement."""
    shift = KEYWORDS[f"pending.{word}"].compare(old, new)
    if shift is not None:
        values = _texts(comparison, old, new)
        comparison.add(subject, f"pending.{word}", "changed", values, shift, name=f"pending.{word}")


def _examples(comparison: Comparison) -> None:
    comparison.compare(_HEAD, "examples", _plans(comparison, lambda plan: Value(_written(plan), plan.place, "")))


def _written(plan: ContractPlan) -> str:
    if plan.examples is None:
        return ""
    return json.dumps(document.to_python(plan.examples), sort_keys=True, default=str)
