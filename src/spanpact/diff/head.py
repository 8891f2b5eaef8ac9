"""Compares the head of a contract: scenario, aliases, classes, clock, levels, pending, text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from spanpact.contract import document
from spanpact.contract.compiled import AttributeExpectation, Condition, Content, ContractPlan, Matcher
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, both_ways
from spanpact.diff.comparison import Comparing, Edit, Sides, Subject, Value, sides
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.contract_facts import Facts
from spanpact.diff.renames import all_ids
from spanpact.engine.checks.shown import shown_ns
from spanpact.findings import Pending
from spanpact.findings.catalogue import CATALOGUE

_HEAD = Subject("top", ("top",), steers=False)


def compare_head(comparing: Comparing) -> None:
    """Compares everything but the tree, `every` and `across`."""
    _single(comparing, "about")
    _single(comparing, "scenario")
    _clock(comparing)
    _aliases(comparing)
    _classes(comparing)
    _levels(comparing)
    _pending(comparing)
    _examples(comparing)


def _single(comparing: Comparing, keyword: str) -> None:
    values = _plans(comparing, lambda plan: Value(getattr(plan, keyword), plan.place))
    comparing.keyword(_HEAD, keyword, values)


def _plans(comparing: Comparing, value: Callable[[ContractPlan], Value]) -> Sides:
    return sides(comparing.old.plan, comparing.new.plan, value)


def _clock(comparing: Comparing) -> None:
    tolerance = _plans(comparing, lambda plan: Value(plan.tolerance_ns, plan.place, shown_ns(plan.tolerance_ns)))
    comparing.keyword(_HEAD, "clock.tolerance", tolerance)
    skew = _plans(comparing, lambda plan: Value(plan.skew_ns, plan.place, shown_ns(plan.skew_ns)))
    comparing.keyword(_HEAD, "clock.skew", skew)


def _aliases(comparing: Comparing) -> None:
    """Aliases are compared where they are used: others do nothing."""
    before, after = (_used_names(facts.plan) for facts in (comparing.old, comparing.new))
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            others = [", ".join(sorted(names[name] - {name})) for names in (before, after)]
            why = both_ways("other names are judged, and are enough")
            comparing.note(_HEAD, "aliases", "changed", _texts(comparing, *others), why, name=f"aliases.{name}")


def _texts(comparing: Comparing, before: str, after: str) -> Sides:
    return Value(before, comparing.old.plan.place), Value(after, comparing.new.plan.place)


def _used_names(plan: ContractPlan) -> dict[str, frozenset[str]]:
    """Each attribute that is spoken of, with all its accepted names."""
    found: dict[str, frozenset[str]] = {}
    for content in _contents(plan):
        listed = [*content.attributes, *content.resource]
        listed += [a for event in content.events for a in event.attributes]
        listed += [a for link in content.links for a in link.attributes]
        for names in (*content.exactly_one_true, *_of_attributes(listed)):
            found[names[0]] = frozenset(names)
    return found


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
            yield from _of_condition(condition)


def _of_condition(condition: Condition) -> Iterator[Content]:
    yield from (side.content for side in (*condition.when, *condition.then))


def _classes(comparing: Comparing) -> None:
    plans = comparing.old.plan, comparing.new.plan
    before, after = ({each.name: each.pattern for each in plan.classes} for plan in plans)
    used = {each.name for plan in plans for content in _contents(plan) for each in content.forbid}
    for name in dict.fromkeys((*after, *before)):
        pattern, now = before.get(name), after.get(name)
        if pattern != now:
            changed = pattern is not None and now is not None
            shift = both_ways("other texts are forbidden") if changed and name in used else NEITHER
            edit: Edit = "changed" if changed else "added" if now is not None else "removed"
            values = _texts(comparing, pattern or "", now or "")
            comparing.note(_HEAD, "classes", edit, values, shift, name=f"classes.{name}")


def _levels(comparing: Comparing) -> None:
    """Levels by what they come to: what is said twice, or as it is anyway, is no change.

    Those of an id that is there in one version only belong to what was added or removed.
    """
    olds, news = comparing.old, comparing.new
    common = _ids(olds.plan) & _ids(news.plan)
    for key in dict.fromkeys((*news.plan.levels, *olds.plan.levels)):
        id, slash, finding = key.rpartition("/")
        before, after = (_level(facts, id, finding) for facts in (olds, news))
        if before == after or (slash and id not in common):
            continue
        shift = TIGHTER if after == "violation" else LOOSER if before == "violation" else NEITHER
        subject = Subject(id, (*_path(news, id),), steers=False) if slash else _HEAD
        values = _texts(comparing, before, after)
        comparing.note(subject, "levels", "changed", values, shift, waived=shift is NEITHER, name=f"levels.{key}")


def _level(facts: Facts, id: str, finding: str) -> str:
    if id:
        return facts.level(id, finding)
    return facts.plan.levels.get(finding) or CATALOGUE[finding].level


def _ids(plan: ContractPlan) -> set[str]:
    return {*all_ids(plan), "top", "integrity"}


def _path(facts: Facts, id: str) -> tuple[str, ...]:
    return facts.entries[id].path if id in facts.entries else (id,)


def _pending(comparing: Comparing) -> None:
    olds, news = comparing.old.plan.pending, comparing.new.plan.pending
    common = _ids(comparing.old.plan) & _ids(comparing.new.plan)
    for id in dict.fromkeys((*news, *olds)):
        if id in common:
            _agreed(comparing, id, olds.get(id), news.get(id))


def _agreed(comparing: Comparing, id: str, old: Pending | None, new: Pending | None) -> None:
    subject = Subject(id, _path(comparing.new, id), steers=False)
    if old and new:
        for word in ("until", "reason", "owner"):
            _word(comparing, subject, word, getattr(old, word), getattr(new, word))
        return
    kept = (comparing.old if old else comparing.new).level(id, "pending-kept") == "violation"
    shift = both_ways("`pending-kept` is a violation here") if kept else LOOSER if new else TIGHTER
    values = _texts(comparing, *(f"until {each.until}" if each else "" for each in (old, new)))
    comparing.note(subject, "pending", "added" if new else "removed", values, shift)


def _word(comparing: Comparing, subject: Subject, word: str, old: str, new: str) -> None:
    """`until` may bind again what is pending: no waiver is asked."""
    shift = KEYWORDS[f"pending.{word}"].compare(old, new)
    if shift is not None:
        values = _texts(comparing, old, new)
        comparing.note(subject, f"pending.{word}", "changed", values, shift, name=f"pending.{word}")


def _examples(comparing: Comparing) -> None:
    comparing.keyword(_HEAD, "examples", _plans(comparing, lambda plan: Value(_written(plan), plan.place, "")))


def _written(plan: ContractPlan) -> str:
    if plan.examples is None:
        return ""
    return json.dumps(document.to_python(plan.examples), sort_keys=True, default=str)
