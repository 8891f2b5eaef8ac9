"""Compare the conditions of entries: who holds them, `when`, `then` and `order`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.contract.compiled import AT_LEAST_ONE, Condition, Content, Count, Side
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Shift, both_ways
from spanpact.diff.comparison import (
    NOTHING,
    Comparison,
    Subject,
    Value,
    added_or_removed,
    compare_by_id,
    edit_of,
    optional_sides,
    sides,
)
from spanpact.diff.contents import compare_contents, shift_by_naming
from spanpact.diff.contract_version import ContractVersion
from spanpact.diff.descriptions import describe
from spanpact.diff.raised_findings import findings_of_condition
from spanpact.diff.renames import canonical_text
from spanpact.errors import Place

_COUNTS: Final = {"present": AT_LEAST_ONE, "absent": Count(0, 0)}


def compare_conditions(comparison: Comparison) -> None:
    """Compare every condition by its id."""
    before = {id: each for id, (each, _) in comparison.old.conditions.items()}
    after = {id: each for id, (each, _) in comparison.new.conditions.items()}
    compare_by_id(comparison, before, after, _compare_condition, added_or_removed(_add_condition, _remove_condition))


def _subject(version: ContractVersion, condition: Condition) -> Subject:
    path = version.entries[version.conditions[condition.id][1]].path
    return Subject(condition.id, (*path, condition.id), (*path, condition.id), steers=False)


def _add_condition(comparison: Comparison, condition: Condition) -> None:
    if comparison.new.conditions[condition.id][1] not in comparison.old.entries:
        return  # the change of the entry that holds it covers it
    subject = _subject(comparison.new, condition)
    shift, waived = comparison.waive(subject, TIGHTER, (), list(findings_of_condition(condition)))
    shift |= _shift_by_naming_in(comparison, (), (*condition.when, *condition.then))
    values = NOTHING, Value(condition, condition.place)
    comparison.add(subject, "condition", "added", values, shift, waived=waived)


def _remove_condition(comparison: Comparison, condition: Condition) -> None:
    if comparison.old.conditions[condition.id][1] not in comparison.new.entries:
        return
    subject = _subject(comparison.old, condition)
    shift, _ = comparison.waive(subject, LOOSER, list(findings_of_condition(condition)), ())
    shift |= _shift_by_naming_in(comparison, (*condition.when, *condition.then), ())
    comparison.add(subject, "condition", "removed", (Value(condition, condition.place), NOTHING), shift)


def _shift_by_naming_in(comparison: Comparison, old: Sequence[Side], new: Sequence[Side]) -> Shift:
    """Return the shift from naming attributes in conditions, if their entries are closed for attributes."""
    shift = NEITHER
    for id in dict.fromkeys(side.entry for side in (*old, *new)):
        before, after = (list(_names(side.content for side in sides if side.entry == id)) for sides in (old, new))
        shift |= shift_by_naming(comparison, id, before, after)
    return shift


def _names(contents: Iterator[Content]) -> Iterator[str]:
    for content in contents:
        for names in (*(each.names for each in content.attributes), *content.exactly_one_true):
            yield from names


def _compare_condition(comparison: Comparison, old: Condition, new: Condition) -> None:
    subject = _subject(comparison.new, new)
    (_, before), (_, after) = comparison.old.conditions[old.id], comparison.new.conditions[new.id]
    if before != after:
        values = Value(before, old.place), Value(after, new.place)
        comparison.add(subject, "condition", "moved", values, both_ways("it is checked for the spans of another entry"))
    if sorted(map(_canonical_side, old.when)) != sorted(map(_canonical_side, new.when)):
        values = sides(old, new, lambda each: Value(_text(each.when), _place(each.when, each)))
        named = _shift_by_naming_in(comparison, old.when, new.when)
        raised = list(findings_of_condition(new))
        shift, waived = comparison.waive(subject, both_ways("it holds for other flows"), raised, raised)
        comparison.add(subject, "when", "changed", values, shift | named, waived=waived)
    comparison.compare(subject, "order", sides(old, new, lambda each: Value(each.order, each.place)))
    _then(comparison, subject, {side.entry: side for side in old.then}, {side.entry: side for side in new.then})


def _place(sides: Sequence[Side], condition: Condition) -> Place | None:
    return sides[0].place if sides else condition.place


def _text(sides: Sequence[Side]) -> str:
    return "; ".join(f"{side.entry} {describe(side)}" for side in sides)


def _range(side: Side) -> Count:
    return side.count or _COUNTS.get(side.mode, AT_LEAST_ONE)


def _canonical_side(side: Side) -> str:
    """Return the same text for sides that mean the same: `present` is `count: 1..`, `absent` is `count: 0`."""
    return f"{side.entry} {_range(side)} {canonical_text(side.content)}"


def _then(comparison: Comparison, subject: Subject, olds: dict[str, Side], news: dict[str, Side]) -> None:
    for id in dict.fromkeys((*news, *olds)):
        old, new = olds.get(id), news.get(id)
        ids = (*subject.ids, id)
        if old and new:
            prefix = f"then.{id}."
            side = Subject(subject.id, subject.path, ids, raises=id, prefix=prefix, steers=False)
            comparison.compare(side, "count", sides(old, new, lambda each: Value(_range(each), each.place)))
            compare_contents(comparison, side, old.content, new.content, holder=id)
        else:
            _one_side(comparison, Subject(subject.id, subject.path, ids, raises=id, steers=False), id, old, new)


def _one_side(comparison: Comparison, subject: Subject, id: str, old: Side | None, new: Side | None) -> None:
    side = old or new
    assert side is not None
    named = _shift_by_naming_in(comparison, (old,) if old else (), (new,) if new else ())
    raised = list(findings_of_condition(Condition(subject.id, (), (side,))))
    shift, waived = comparison.waive(subject, TIGHTER if new else LOOSER, raised, raised)
    values = optional_sides(old, new, lambda each: Value(each, each.place))
    comparison.add(subject, "then", edit_of(new), values, shift | named, waived=waived, name=f"then.{id}")
