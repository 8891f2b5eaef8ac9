"""Compares the tree of entries: what stands where, what selects, and the conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spanpact.contract.compiled import AT_LEAST_ONE, Condition, Content, Count, Entry, Side
from spanpact.diff.changes import NEITHER, TIGHTER, Shift, both_ways
from spanpact.diff.comparison import (
    NOTHING,
    Comparing,
    Edit,
    Sides,
    Subject,
    Value,
    each_by_id,
    one_sided,
    sides,
)
from spanpact.diff.contents import compare_contents, naming
from spanpact.diff.contract_facts import Facts, Standing, raised_by_condition, raised_by_entry
from spanpact.diff.descriptions import described
from spanpact.diff.renames import shape
from spanpact.errors import Place

_MODES = {"present": AT_LEAST_ONE, "absent": Count(0, 0)}


def compare_entries(comparing: Comparing) -> None:
    """Compares every entry by its id, wherever it stands."""
    olds, news = comparing.old.entries, comparing.new.entries
    each_by_id(
        olds,
        news,
        gone=lambda standing: _entry_gone(comparing, standing),
        come=lambda standing: _entry_come(comparing, standing),
        stayed=lambda old, new: _entry_stayed(comparing, old, new),
    )


def _subject(standing: Standing) -> Subject:
    return Subject(standing.entry.id, standing.path, standing.path)


def _entry_come(comparing: Comparing, standing: Standing) -> None:
    if standing.holder in comparing.old.entries:  # else the entry above is new, and says it all
        shift, waived = _gain(comparing.old, comparing.new, comparing, standing)
        values = NOTHING, Value(standing.entry, standing.entry.place)
        comparing.note(_subject(standing), "entry", "added", values, shift, waived=waived, name=standing.group)


def _entry_gone(comparing: Comparing, standing: Standing) -> None:
    if standing.holder in comparing.new.entries:
        shift, _ = _gain(comparing.new, comparing.old, comparing, standing)
        values = Value(standing.entry, standing.entry.place), NOTHING
        comparing.note(_subject(standing), "entry", "removed", values, shift.undone, name=standing.group)


def _gain(without: Facts, having: Facts, comparing: Comparing, standing: Standing) -> tuple[Shift, bool]:
    """What an entry more does, and whether it is pending or below violation.

    It admits what is named in a closed place, or what a neighbour had too many of; and it may take from a
    neighbour, which binds whether or not the entry itself does.
    """
    id, holder = standing.entry.id, standing.holder
    rival = having.has_rival(id)
    closed = without.closed(holder, "children")
    if (comparing.old.lenient or comparing.new.lenient) and (rival or having.contested(holder)):
        return both_ways("a neighbour may select the same spans"), False
    waived = having.waives(standing.path, raised_by_entry(standing.entry))
    why = "its place is closed" if closed else "a neighbour may select the same" if rival else ""
    return Shift(not waived, closed or rival, why), waived


def _entry_stayed(comparing: Comparing, old: Standing, new: Standing) -> None:
    subject, one, other = _subject(new), old.entry, new.entry
    if (old.holder, old.group) != (new.holder, new.group):
        places = sides(old, new, lambda each: Value(f"{each.group} of {each.holder}", each.entry.place))
        comparing.note(subject, "entry", "moved", places, both_ways("it stands elsewhere"), name=new.group)
    _selection(comparing, subject, one, other)
    _count(comparing, subject, one, other)
    compare_contents(comparing, subject, one.content, other.content, holder=other.id)
    comparing.keyword(subject, "closed", _values(one, other, "closed"))
    relations = Subject(subject.id, subject.path, subject.covers, steers=False)
    comparing.keyword(relations, "order", _values(one, other, "order"))
    comparing.keyword(relations, "concurrency", _values(one, other, "concurrency"))


def _values(old: Entry, new: Entry, keyword: str) -> Sides:
    return sides(old, new, lambda entry: Value(getattr(entry, keyword), entry.places.get(keyword, entry.place)))


def _selection(comparing: Comparing, subject: Subject, one: Entry, other: Entry) -> None:
    """`span` and `where`: others depend on what is selected, so that being pending changes nothing."""
    before, after = (frozenset(entry.span.texts) if entry.span else frozenset() for entry in (one, other))
    if before != after:
        comparing.note(subject, "span", "changed", _values(one, other, "span"), both_ways("other spans are selected"))
    compare_where(comparing, subject, _values(one, other, "where"))


def compare_where(comparing: Comparing, subject: Subject, values: Sides) -> None:
    """Compares two `where`, as a whole."""
    if shape(values[0].value) != shape(values[1].value):
        comparing.note(subject, "where", "changed", values, both_ways("other spans are selected"))


def _count(comparing: Comparing, subject: Subject, one: Entry, other: Entry) -> None:
    """How many spans are counted decides what `order` and conditions see, where too many have no effect."""
    raised = [(one.id, "span-missing"), (one.id, "span-surplus")]
    spared = any(facts.waives(subject.ids, [each]) for facts in (comparing.old, comparing.new) for each in raised)
    if one.count != other.count and spared:
        why = both_ways("a wrong number of its spans has no effect, and other spans are counted")
        comparing.note(subject, "count", "changed", _values(one, other, "count"), why)
    else:
        comparing.keyword(subject, "count", _values(one, other, "count"))


def compare_conditions(comparing: Comparing) -> None:
    """Compares every condition by its id."""
    each_by_id(
        {id: each for id, (each, _) in comparing.old.conditions.items()},
        {id: each for id, (each, _) in comparing.new.conditions.items()},
        gone=lambda condition: _condition_gone(comparing, condition),
        come=lambda condition: _condition_come(comparing, condition),
        stayed=lambda old, new: _condition_stayed(comparing, old, new),
    )


def _of_condition(facts: Facts, condition: Condition) -> Subject:
    path = facts.entries[facts.conditions[condition.id][1]].path
    return Subject(condition.id, (*path, condition.id), (*path, condition.id), steers=False)


def _condition_come(comparing: Comparing, condition: Condition) -> None:
    if comparing.new.conditions[condition.id][1] not in comparing.old.entries:
        return  # the entry that holds it is new, and says it all
    subject = _of_condition(comparing.new, condition)
    shift, waived = comparing.weighed(subject, TIGHTER, (), list(raised_by_condition(condition)))
    shift |= _named_by(comparing, (), (*condition.when, *condition.then))
    values = NOTHING, Value(condition, condition.place)
    comparing.note(subject, "condition", "added", values, shift, waived=waived)


def _condition_gone(comparing: Comparing, condition: Condition) -> None:
    if comparing.old.conditions[condition.id][1] not in comparing.new.entries:
        return
    subject = _of_condition(comparing.old, condition)
    shift, _ = comparing.weighed(subject, TIGHTER.undone, list(raised_by_condition(condition)), ())
    shift |= _named_by(comparing, (*condition.when, *condition.then), ())
    comparing.note(subject, "condition", "removed", (Value(condition, condition.place), NOTHING), shift)


def _named_by(comparing: Comparing, old: Sequence[Side], new: Sequence[Side]) -> Shift:
    """What naming attributes in conditions does, where the spans of their entries are closed for attributes."""
    shift = NEITHER
    for id in dict.fromkeys(side.entry for side in (*old, *new)):
        before, after = (list(_names(side.content for side in sides if side.entry == id)) for sides in (old, new))
        shift |= naming(comparing, id, before, after)
    return shift


def _names(contents: Iterator[Content]) -> Iterator[str]:
    for content in contents:
        for names in (*(each.names for each in content.attributes), *content.exactly_one_true):
            yield from names


def _condition_stayed(comparing: Comparing, old: Condition, new: Condition) -> None:
    subject = _of_condition(comparing.new, new)
    (_, before), (_, after) = comparing.old.conditions[old.id], comparing.new.conditions[new.id]
    if before != after:
        values = Value(before, old.place), Value(after, new.place)
        comparing.note(subject, "condition", "moved", values, both_ways("it is judged for the spans of another entry"))
    if sorted(map(_sense, old.when)) != sorted(map(_sense, new.when)):
        values = sides(old, new, lambda each: Value(_text(each.when), _place(each.when, each)))
        named = _named_by(comparing, old.when, new.when)
        raised = list(raised_by_condition(new))
        shift, waived = comparing.weighed(subject, both_ways("it holds of others"), raised, raised)
        comparing.note(subject, "when", "changed", values, shift | named, waived=waived)
    comparing.keyword(subject, "order", sides(old, new, lambda each: Value(each.order, each.place)))
    _then(comparing, subject, {side.entry: side for side in old.then}, {side.entry: side for side in new.then})


def _place(sides: Sequence[Side], condition: Condition) -> Place | None:
    return sides[0].place if sides else condition.place


def _text(sides: Sequence[Side]) -> str:
    return "; ".join(f"{side.entry} {described(side)}" for side in sides)


def _range(side: Side) -> Count:
    return side.count or _MODES.get(side.mode, AT_LEAST_ONE)


def _sense(side: Side) -> str:
    """`present` is `count: 1..`, `absent` is `count: 0`."""
    return f"{side.entry} {_range(side)} {shape(side.content)}"


def _then(comparing: Comparing, subject: Subject, olds: dict[str, Side], news: dict[str, Side]) -> None:
    for id in dict.fromkeys((*news, *olds)):
        old, new = olds.get(id), news.get(id)
        ids = (*subject.ids, id)
        if old and new:
            prefix = f"then.{id}."
            side = Subject(subject.id, subject.path, ids, raises=id, prefix=prefix, steers=False)
            comparing.keyword(side, "count", sides(old, new, lambda each: Value(_range(each), each.place)))
            compare_contents(comparing, side, old.content, new.content, holder=id)
        else:
            _one_side(comparing, Subject(subject.id, subject.path, ids, raises=id, steers=False), id, old, new)


def _one_side(comparing: Comparing, subject: Subject, id: str, old: Side | None, new: Side | None) -> None:
    side = old or new
    assert side is not None
    named = _named_by(comparing, (old,) if old else (), (new,) if new else ())
    raised = list(raised_by_condition(Condition(subject.id, (), (side,))))
    shift, waived = comparing.weighed(subject, TIGHTER if new else TIGHTER.undone, raised, raised)
    values = one_sided(old, new, lambda each: Value(each, each.place))
    edit: Edit = "added" if new else "removed"
    comparing.note(subject, "then", edit, values, shift | named, waived=waived, name=f"then.{id}")
