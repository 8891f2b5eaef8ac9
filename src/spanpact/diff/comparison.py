"""Collect the changes between two versions of one contract; the modules that compare its parts share this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar

from spanpact.diff.changes import NEITHER, Change, Shift, both_ways
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.contract_version import ContractVersion
from spanpact.diff.descriptions import describe
from spanpact.diff.inclusion.keyword_values import has_value
from spanpact.diff.raised_findings import RaisedFinding
from spanpact.errors import Place

Edit: TypeAlias = Literal["added", "removed", "changed", "moved", "renamed"]
_ASSIGNMENT: Final = (
    "a neighbour may select the same spans, and pending or lowered findings influence which span is assigned to which"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an edit is about: an id with its path.

    `pending_ids` are the ids that can be pending for it (default: its own). `raises` is the id that its findings carry
    (default: its own). `prefix` goes before the keyword (`then.load.`). `steers`: its findings count when spans are
    assigned to entries.
    """

    id: str
    path: tuple[str, ...]
    pending_ids: tuple[str, ...] = ()
    raises: str = ""
    prefix: str = ""
    steers: bool = True

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of which one pending is enough to waive its findings."""
        return self.pending_ids or (self.id,)

    def below(self, id: str) -> Subject:
        """Return the subject of an event or a link below it."""
        return Subject(id, (*self.path, id), (*self.ids, id), steers=self.steers)


@dataclass(frozen=True, slots=True)
class Value:
    """A keyword's value in one version and its place; `text` replaces the description of the value."""

    value: Any = None
    place: Place | None = None
    text: str | None = None

    @property
    def description(self) -> str:
        """Return a short text for the value."""
        return describe(self.value) if self.text is None else self.text


NOTHING: Final = Value()
Sides: TypeAlias = tuple[Value, Value]
"""The old value and the new one."""

_Part = TypeVar("_Part")


def sides(old: _Part, new: _Part, value: Callable[[_Part], Value]) -> Sides:
    """Return the values of both versions of a part."""
    return value(old), value(new)


def optional_sides(old: _Part | None, new: _Part | None, value: Callable[[_Part], Value]) -> Sides:
    """Return the values of a part that may be missing in one version."""
    return (value(old) if old else NOTHING), (value(new) if new else NOTHING)


@dataclass(slots=True)
class Comparison:
    """Two versions of one contract, the old one with its renamed ids replaced, and the changes found so far."""

    old: ContractVersion
    new: ContractVersion
    changes: list[Change] = field(default_factory=list)

    def compare(
        self,
        subject: Subject,
        keyword: str,
        values: Sides,
        *,
        name: str = "",
        naming: Shift = NEITHER,
        raised_as: str = "",
        affects: Shift = NEITHER,
    ) -> None:
        """Compare the values of a keyword by its rule, and add a change if they differ.

        `name` is what the keyword is called in the change (default: the keyword). `naming` is the shift from naming
        something in a closed place, which pending does not waive. `raised_as` is the keyword whose findings it raises.
        `affects` is the shift from anything else that the value decides, which pending does not waive either.
        """
        old, new = values
        shift = KEYWORDS[keyword].compare(old.value, new.value)
        if shift is None:
            return
        raised = [(subject.raises or subject.id, finding) for finding in KEYWORDS[raised_as or keyword].findings]
        shift, waived = self.waive(subject, shift, raised, raised)
        before, after = has_value(old.value), has_value(new.value)
        edit: Edit = "changed" if before and after else "added" if after else "removed"
        self.add(subject, keyword, edit, values, shift | naming | affects, waived=waived, name=name)

    def waive(
        self, subject: Subject, shift: Shift, before: Sequence[RaisedFinding], after: Sequence[RaisedFinding]
    ) -> tuple[Shift, bool]:
        """Return the shift without what is pending or below violation, and whether that would have tightened.

        `before` and `after` are the findings that the old and the new version of the subject can raise.
        """
        if subject.steers and (shift.tightens or shift.loosens) and self._affects_assignment(subject):
            return both_ways(_ASSIGNMENT), False
        waived = shift.tightens and self.new.waives(subject.ids, after)
        was_waived = shift.loosens and self.old.waives(subject.ids, before)
        return Shift(shift.tightens and not waived, shift.loosens and not was_waived, shift.reason), waived

    def _affects_assignment(self, subject: Subject) -> bool:
        lenient = self.old.lenient or self.new.lenient
        return lenient and any(version.is_contested(id) for id in subject.path for version in (self.old, self.new))

    def add(
        self,
        subject: Subject,
        keyword: str,
        edit: Edit,
        values: Sides,
        shift: Shift,
        *,
        waived: bool = False,
        name: str = "",
    ) -> None:
        """Add a change; one that neither tightens nor loosens has no reason."""
        old, new = values
        id = f"{keyword.rpartition('.')[2].replace('_', '-')}-{edit}"
        place = new.place if new.place and edit != "removed" else old.place or new.place
        shift = shift if shift.tightens or shift.loosens else NEITHER
        before, after = old.description, new.description
        full_name = subject.prefix + (name or keyword)
        self.changes.append(Change(id, subject.id, full_name, before, after, shift, waived, subject.path, place))


def pairs_by_id(olds: Mapping[str, _Part], news: Mapping[str, _Part]) -> Iterator[tuple[_Part | None, _Part | None]]:
    """Yield (old, new) for each id or name, None for a version that lacks it: the new ones, then the removed ones."""
    yield from ((olds.get(id), item) for id, item in news.items())
    yield from ((item, None) for id, item in olds.items() if id not in news)


def compare_by_id(
    comparison: Comparison,
    olds: Mapping[str, _Part],
    news: Mapping[str, _Part],
    compare: Callable[[Comparison, _Part, _Part], None],
    add_or_remove: Callable[[Comparison, _Part | None, _Part | None], None],
) -> None:
    """Call `compare` for each part that both versions have, and `add_or_remove` for those that one version lacks."""
    for old, new in pairs_by_id(olds, news):
        if old and new:
            compare(comparison, old, new)
        else:
            add_or_remove(comparison, old, new)


def added_or_removed(
    add: Callable[[Comparison, _Part], None], remove: Callable[[Comparison, _Part], None]
) -> Callable[[Comparison, _Part | None, _Part | None], None]:
    """Return the function for `compare_by_id` that calls `add` for a new part and `remove` for an old one."""

    def add_or_remove(comparison: Comparison, old: _Part | None, new: _Part | None) -> None:
        if new:
            add(comparison, new)
        elif old:
            remove(comparison, old)

    return add_or_remove


def by_id(items: Iterable[Any]) -> dict[str, Any]:
    """Return the items by their id."""
    return {each.id: each for each in items}


def edit_of(new: object) -> Edit:
    """Return how a part changed that is in one version only."""
    return "added" if new else "removed"
