"""Compare the content keywords, `kind` to `except`, of an entry, a rule or a side of a condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Content, EventExpectation, LinkExpectation
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Shift, both_ways
from spanpact.diff.comparison import NOTHING, Comparison, Subject, Value, by_id, optional_sides, pairs_by_id, sides
from spanpact.diff.raised_findings import RaisedFinding, findings_of_content
from spanpact.diff.renames import canonical_text

Item: TypeAlias = EventExpectation | LinkExpectation
_SINGLE: Final = ("name", "kind", "status", "status_message", "scope", "parent", "duration", "limits")


def compare_contents(
    comparison: Comparison, subject: Subject, old: Content, new: Content, *, holder: str | None
) -> None:
    """Compare two contents.

    `holder` is the id of the entry on whose spans they name attributes: "" for any entry, None for no span.
    """
    for keyword in _SINGLE:
        comparison.compare(subject, keyword, (_value(old, keyword), _value(new, keyword)))
    for keyword in ("attributes", "resource"):
        _attributes(comparison, subject, keyword, getattr(old, keyword), getattr(new, keyword), holder)
    _exactly_one_true(comparison, subject, old, new, holder)
    _privacy(comparison, subject, old, new)
    _items(comparison, subject, "events", old.events, new.events, holder)
    _items(comparison, subject, "links", old.links, new.links, holder)


def _value(content: Content, keyword: str) -> Value:
    value = getattr(content, keyword)
    return Value(value, content.places.get(keyword)) if value else NOTHING


def shift_by_naming(comparison: Comparison, holder: str | None, before: Iterable[str], after: Iterable[str]) -> Shift:
    """Return the shift from naming other attributes on the holder's spans, if they are closed for attributes."""
    added, removed = set(after) - set(before), set(before) - set(after)
    if holder is None:
        return NEITHER
    if holder:
        admits = bool(added) and comparison.old.newly_names(holder, added)
        refuses = bool(removed) and comparison.new.newly_names(holder, removed)
    else:
        admits = comparison.old.newly_names_anywhere(added)
        refuses = comparison.new.newly_names_anywhere(removed)
    return Shift(refuses, admits, "named in a closed place" if admits or refuses else "")


def _attributes(
    comparison: Comparison,
    subject: Subject,
    keyword: str,
    olds: Sequence[AttributeExpectation],
    news: Sequence[AttributeExpectation],
    holder: str | None,
) -> None:
    before, after = ({each.name: each for each in several} for several in (olds, news))

    def compare(old: AttributeExpectation | None, new: AttributeExpectation | None) -> None:
        named = NEITHER
        if keyword == "attributes" and (old is None or new is None):
            named = shift_by_naming(comparison, holder, old.names if old else (), new.names if new else ())
        name = f"{keyword}.{(new or old).name}"  # type: ignore[union-attr]
        comparison.compare(subject, keyword, optional_sides(old, new, _expected), name=name, naming=named)

    for pair in pairs_by_id(before, after):
        compare(*pair)


def _expected(attribute: AttributeExpectation) -> Value:
    return Value(attribute.matcher, attribute.place)


def _exactly_one_true(comparison: Comparison, subject: Subject, old: Content, new: Content, holder: str | None) -> None:
    before, after = ([name for group in content.exactly_one_true for name in group] for content in (old, new))
    values = sides(old, new, _listed)
    comparison.compare(subject, "exactly_one_true", values, naming=shift_by_naming(comparison, holder, before, after))


def _listed(content: Content) -> Value:
    names = frozenset(group[0] for group in content.exactly_one_true)
    return Value(names, content.places.get("exactly_one_true"))


def _privacy(comparison: Comparison, subject: Subject, old: Content, new: Content) -> None:
    comparison.compare(subject, "forbid", sides(old, new, _forbidden))
    if old.forbid and new.forbid:
        comparison.compare(subject, "except", sides(old, new, _exempt))


def _forbidden(content: Content) -> Value:
    return Value(frozenset(each.name for each in content.forbid), content.places.get("forbid"))


def _exempt(content: Content) -> Value:
    return Value(content.exempt, content.places.get("except") or content.places.get("forbid"))


def _items(
    comparison: Comparison,
    subject: Subject,
    keyword: str,
    olds: Sequence[Item],
    news: Sequence[Item],
    holder: str | None,
) -> None:
    for old, new in pairs_by_id(by_id(olds), by_id(news)):
        if old and new:
            _compare_item(comparison, subject.below(new.id), old, new, holder)
        elif new:
            _add_item(comparison, subject, keyword, new, holder)
        else:
            assert old is not None
            _remove_item(comparison, subject, keyword, old, holder)


def _raised(item: Item) -> list[RaisedFinding]:
    content = Content(events=(item,)) if isinstance(item, EventExpectation) else Content(links=(item,))
    return list(findings_of_content("", content))


def _whole(item: Item) -> Value:
    return Value(item, item.place)


def _add_item(comparison: Comparison, subject: Subject, keyword: str, item: Item, holder: str | None) -> None:
    below = subject.below(item.id)
    shift, waived = comparison.waive(below, TIGHTER, (), _raised(item))
    closed = LOOSER if holder and comparison.old.is_closed(holder, keyword) else NEITHER
    comparison.add(below, keyword[:-1], "added", (NOTHING, _whole(item)), shift | closed, waived=waived)


def _remove_item(comparison: Comparison, subject: Subject, keyword: str, item: Item, holder: str | None) -> None:
    below = subject.below(item.id)
    shift, _ = comparison.waive(below, LOOSER, _raised(item), ())
    closed = TIGHTER if holder and comparison.new.is_closed(holder, keyword) else NEITHER
    comparison.add(below, keyword[:-1], "removed", (_whole(item), NOTHING), shift | closed)


def _compare_item(comparison: Comparison, subject: Subject, old: Item, new: Item, holder: str | None) -> None:
    events = isinstance(new, EventExpectation)
    raised_as = "events" if events else "links"
    closed = Shift(
        bool(holder) and comparison.new.is_closed(holder or "", raised_as),
        bool(holder) and comparison.old.is_closed(holder or "", raised_as),
    )
    for keyword in ("event", "via") if events else ("span",):
        before, after = (getattr(each, keyword) for each in (old, new))
        if keyword != "via" and set(before.texts) == set(after.texts):
            continue  # the same names in another order
        values = Value(before, old.place), Value(after, new.place)
        comparison.compare(subject, keyword, values, naming=closed, raised_as=raised_as)
    if isinstance(old, EventExpectation) and isinstance(new, EventExpectation):
        texts = [sorted(map(canonical_text, each.where_attributes)) for each in (old, new)]
        if texts[0] != texts[1]:
            where = Value(old.where_attributes, old.place), Value(new.where_attributes, new.place)
            comparison.add(subject, "where", "changed", where, both_ways("other events are selected"))
        severities = Value(old.severities, old.place), Value(new.severities, new.place)
        comparison.compare(subject, "severity", severities, raised_as=raised_as)
    count = Value(old.count, old.place), Value(new.count, new.place)
    comparison.compare(subject, "count", count, raised_as=raised_as)
    _attributes(comparison, subject, "attributes", old.attributes, new.attributes, None)
