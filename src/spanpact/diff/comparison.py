"""Gathers the changes between two versions of one contract; the walkers over its parts share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from spanpact.diff.changes import NEITHER, Change, Shift, both_ways
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.contract_facts import Facts, Raised
from spanpact.diff.descriptions import described
from spanpact.diff.inclusion.shifts import is_said
from spanpact.errors import Place

Edit: TypeAlias = Literal["added", "removed", "changed", "moved", "renamed"]
_STEERED = "a neighbour may select the same spans, and what is broken without effect steers which is which"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an edit is about: an id with its path, and the ids by which its findings may be pending.

    `raises` is the id that its findings carry (default: its own). `prefix` stands before the keyword
    (`then.load.`). `steers`: its findings count when spans are assigned.
    """

    id: str
    path: tuple[str, ...]
    covers: tuple[str, ...] = ()
    raises: str = ""
    prefix: str = ""
    steers: bool = True

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of which one that is pending is enough."""
        return self.covers or (self.id,)

    def below(self, id: str) -> Subject:
        """An event or a link of it."""
        return Subject(id, (*self.path, id), (*self.ids, id), steers=self.steers)


@dataclass(frozen=True, slots=True)
class Value:
    """A keyword's value on one side, and where it stands; `text` if it is not to be described."""

    value: Any = None
    place: Place | None = None
    text: str | None = None

    @property
    def shown(self) -> str:
        """The value in words."""
        return described(self.value) if self.text is None else self.text


NOTHING = Value()
Sides: TypeAlias = tuple[Value, Value]
"""The old value and the new one."""

_Part = TypeVar("_Part")


def sides(old: _Part, new: _Part, value: Callable[[_Part], Value]) -> Sides:
    """Both values, each read off its side in the same way."""
    return value(old), value(new)


def one_sided(old: _Part | None, new: _Part | None, value: Callable[[_Part], Value]) -> Sides:
    """Both values of what may be there on one side only."""
    return (value(old) if old else NOTHING), (value(new) if new else NOTHING)


@dataclass(slots=True)
class Comparing:
    """Two versions, the ids of the old one replaced where they were renamed; and the changes found so far."""

    old: Facts
    new: Facts
    changes: list[Change] = field(default_factory=list)

    def keyword(
        self,
        subject: Subject,
        keyword: str,
        values: Sides,
        *,
        name: str = "",
        naming: Shift = NEITHER,
        raised_as: str = "",
    ) -> None:
        """Compares a keyword by its rule; `name` is what it is called below the id (default: the keyword).

        `naming` is what the edit does by naming something in a closed place, which nothing that is pending undoes.
        `raised_as` is the keyword whose findings it raises.
        """
        old, new = values
        shift = KEYWORDS[keyword].compare(old.value, new.value)
        if shift is None:
            return
        raised = [(subject.raises or subject.id, finding) for finding in KEYWORDS[raised_as or keyword].findings]
        shift, waived = self.weighed(subject, shift, raised, raised)
        edit: Edit = (
            "changed" if is_said(old.value) and is_said(new.value) else "added" if is_said(new.value) else "removed"
        )
        self.note(subject, keyword, edit, values, shift | naming, waived=waived, name=name)

    def weighed(
        self, subject: Subject, shift: Shift, before: Sequence[Raised], after: Sequence[Raised]
    ) -> tuple[Shift, bool]:
        """The shift without what is pending or below violation, and whether it would have tightened otherwise.

        `before` and `after` are what the old and the new form may raise.
        """
        if subject.steers and (shift.tightens or shift.loosens) and self._steered(subject):
            return both_ways(_STEERED), False
        waived = shift.tightens and self.new.waives(subject.ids, after)
        spared = shift.loosens and self.old.waives(subject.ids, before)
        return Shift(shift.tightens and not waived, shift.loosens and not spared, shift.reason), waived

    def _steered(self, subject: Subject) -> bool:
        lenient = self.old.lenient or self.new.lenient
        return lenient and any(facts.contested(id) for id in subject.path for facts in (self.old, self.new))

    def note(
        self,
        subject: Subject,
        word: str,
        edit: Edit,
        values: Sides,
        shift: Shift,
        *,
        waived: bool = False,
        name: str = "",
    ) -> None:
        """Takes in a change; of one that refuses and admits nothing else, no reason is needed."""
        old, new = values
        id = f"{word.rpartition('.')[2].replace('_', '-')}-{edit}"
        place = new.place if new.place and edit != "removed" else old.place or new.place
        keyword = subject.prefix + (name or word)
        shift = shift if shift.tightens or shift.loosens else NEITHER
        self.changes.append(Change(id, subject.id, keyword, old.shown, new.shown, shift, waived, subject.path, place))


def each_by_id(
    olds: Mapping[str, _Part],
    news: Mapping[str, _Part],
    *,
    gone: Callable[[_Part], None],
    come: Callable[[_Part], None],
    stayed: Callable[[_Part, _Part], None],
) -> None:
    """Walks over what stands by id (or name) in both versions: the new ones in their order, then what is gone."""
    for id, item in news.items():
        if id in olds:
            stayed(olds[id], item)
        else:
            come(item)
    for id, item in olds.items():
        if id not in news:
            gone(item)


def by_id(items: Iterable[Any]) -> dict[str, Any]:
    """The items by their id."""
    return {each.id: each for each in items}
