"""Compares the content keywords, `kind` to `except`, of an entry, a rule or a condition's side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Content, EventExpectation, LinkExpectation
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Shift
from spanpact.diff.comparison import NOTHING, Comparing, Subject, Value, by_id, each_by_id, one_sided, sides
from spanpact.diff.contract_facts import Raised, raised_by_content

Item: TypeAlias = EventExpectation | LinkExpectation
_SINGLE = ("kind", "status", "status_message", "scope", "parent", "duration")


def compare_contents(comparing: Comparing, subject: Subject, old: Content, new: Content, *, holder: str | None) -> None:
    """Compares two contents.

    `holder` is the entry in whose closed places they name something: "" for any entry's, None for none.
    """
    for keyword in _SINGLE:
        comparing.keyword(subject, keyword, (_value(old, keyword), _value(new, keyword)))
    for keyword in ("attributes", "resource"):
        _attributes(comparing, subject, keyword, getattr(old, keyword), getattr(new, keyword), holder)
    _exactly_one_true(comparing, subject, old, new, holder)
    _privacy(comparing, subject, old, new)
    _items(comparing, subject, "events", old.events, new.events, holder)
    _items(comparing, subject, "links", old.links, new.links, holder)


def _value(content: Content, keyword: str) -> Value:
    said = getattr(content, keyword)
    return Value(said, content.places.get(keyword)) if said else NOTHING


def naming(comparing: Comparing, holder: str | None, before: Iterable[str], after: Iterable[str]) -> Shift:
    """What naming other attributes does to the holder's spans, where they are closed for attributes."""
    come, gone = set(after) - set(before), set(before) - set(after)
    if holder is None:
        return NEITHER
    if holder:
        admits = bool(come) and comparing.old.newly_names(holder, come)
        refuses = bool(gone) and comparing.new.newly_names(holder, gone)
    else:
        admits = comparing.old.newly_names_somewhere(come)
        refuses = comparing.new.newly_names_somewhere(gone)
    return Shift(refuses, admits, "named in a closed place" if admits or refuses else "")


def _attributes(
    comparing: Comparing,
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
            named = naming(comparing, holder, old.names if old else (), new.names if new else ())
        name = f"{keyword}.{(new or old).name}"  # type: ignore[union-attr]
        comparing.keyword(subject, keyword, one_sided(old, new, _expected), name=name, naming=named)

    each_by_id(before, after, gone=lambda old: compare(old, None), come=lambda new: compare(None, new), stayed=compare)


def _expected(attribute: AttributeExpectation) -> Value:
    return Value(attribute.matcher, attribute.place)


def _exactly_one_true(comparing: Comparing, subject: Subject, old: Content, new: Content, holder: str | None) -> None:
    before, after = ([name for group in content.exactly_one_true for name in group] for content in (old, new))
    values = sides(old, new, _listed)
    comparing.keyword(subject, "exactly_one_true", values, naming=naming(comparing, holder, before, after))


def _listed(content: Content) -> Value:
    names = frozenset(group[0] for group in content.exactly_one_true)
    return Value(names, content.places.get("exactly_one_true"))


def _privacy(comparing: Comparing, subject: Subject, old: Content, new: Content) -> None:
    comparing.keyword(subject, "forbid", sides(old, new, _forbidden))
    if old.forbid and new.forbid:
        comparing.keyword(subject, "except", sides(old, new, _exempt))


def _forbidden(content: Content) -> Value:
    return Value(frozenset(each.name for each in content.forbid), content.places.get("forbid"))


def _exempt(content: Content) -> Value:
    return Value(content.exempt, content.places.get("except") or content.places.get("forbid"))


def _items(
    comparing: Comparing, subject: Subject, keyword: str, olds: Sequence[Item], news: Sequence[Item], holder: str | None
) -> None:
    each_by_id(
        by_id(olds),
        by_id(news),
        gone=lambda item: _item_gone(comparing, subject, keyword, item, holder),
        come=lambda item: _item_come(comparing, subject, keyword, item, holder),
        stayed=lambda old, new: _item_stayed(comparing, subject.below(new.id), old, new, holder),
    )


def _raised(item: Item) -> list[Raised]:
    content = Content(events=(item,)) if isinstance(item, EventExpectation) else Content(links=(item,))
    return list(raised_by_content("", content))


def _whole(item: Item) -> Value:
    return Value(item, item.place)


def _item_come(comparing: Comparing, subject: Subject, keyword: str, item: Item, holder: str | None) -> None:
    below = subject.below(item.id)
    shift, waived = comparing.weighed(below, TIGHTER, (), _raised(item))
    closed = LOOSER if holder and comparing.old.closed(holder, keyword) else NEITHER
    comparing.note(below, keyword[:-1], "added", (NOTHING, _whole(item)), shift | closed, waived=waived)


def _item_gone(comparing: Comparing, subject: Subject, keyword: str, item: Item, holder: str | None) -> None:
    below = subject.below(item.id)
    shift, _ = comparing.weighed(below, LOOSER, _raised(item), ())
    closed = TIGHTER if holder and comparing.new.closed(holder, keyword) else NEITHER
    comparing.note(below, keyword[:-1], "removed", (_whole(item), NOTHING), shift | closed)


def _item_stayed(comparing: Comparing, subject: Subject, old: Item, new: Item, holder: str | None) -> None:
    events = isinstance(new, EventExpectation)
    raised_as = "events" if events else "links"
    closed = Shift(
        bool(holder) and comparing.new.closed(holder or "", raised_as),
        bool(holder) and comparing.old.closed(holder or "", raised_as),
    )
    for keyword in ("event", "via") if events else ("span",):
        before, after = (getattr(each, keyword) for each in (old, new))
        if keyword != "via" and set(before.texts) == set(after.texts):
            continue  # the same names in another order
        values = Value(before, old.place), Value(after, new.place)
        comparing.keyword(subject, keyword, values, naming=closed, raised_as=raised_as)
    count = Value(old.count, old.place), Value(new.count, new.place)
    comparing.keyword(subject, "count", count, raised_as=raised_as)
    _attributes(comparing, subject, "attributes", old.attributes, new.attributes, None)
