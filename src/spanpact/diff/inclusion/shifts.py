"""The ways in which values of a keyword compare: each takes the old and the new one (None: not said).

None means that nothing changed; a shift that goes neither way, that only the text did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from spanpact.contract.compiled import ANY, Count, DurationBound, Matcher
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Shift, both_ways
from spanpact.diff.inclusion.matchers import includes, includes_text

Compare: TypeAlias = Callable[[Any, Any], Shift | None]


def by_inclusion(old_in_new: bool, new_in_old: bool) -> Shift | None:
    """The shift between two sets of accepted values, of which one may be within the other."""
    if old_in_new and new_in_old:
        return None
    if not old_in_new and not new_in_old:
        return both_ways("neither accepts all that the other does")
    return TIGHTER if new_in_old else LOOSER


def ranges(old: Count | None, new: Count | None) -> Shift | None:
    """Counts: a narrower range tightens."""
    before, after = old or ANY, new or ANY
    return by_inclusion(_within(before, after), _within(after, before))


def _within(inner: Count, outer: Count) -> bool:
    return inner.low >= outer.low and (outer.high is None or (inner.high is not None and inner.high <= outer.high))


def bounds(old: DurationBound | None, new: DurationBound | None) -> Shift | None:
    """Durations: narrower bounds tighten."""
    if old is None or new is None:
        return said(old, new)
    return by_inclusion(_bound_within(old, new), _bound_within(new, old))


def _bound_within(inner: DurationBound, outer: DurationBound) -> bool:
    low = (inner.at_least_ns or 0) >= (outer.at_least_ns or 0)
    return low and (outer.at_most_ns is None or (inner.at_most_ns is not None and inner.at_most_ns <= outer.at_most_ns))


def said(old: object, new: object) -> Shift | None:
    """What is said more tightens; a changed value may do both, unless its rule says more."""
    if old == new:
        return None
    if not is_said(old):
        return TIGHTER
    return both_ways("the value changed") if is_said(new) else LOOSER


def is_said(value: object) -> bool:
    """Whether there is a value; 0 and false are one."""
    return value is not None and not (isinstance(value, str | tuple | frozenset) and not value)


def selects(old: object, new: object) -> Shift | None:
    """What selects: whatever else is selected may be refused, and what no longer is may pass."""
    return None if old == new else both_ways("other spans are selected")


def members(old: AbstractSet[Any], new: AbstractSet[Any]) -> Shift | None:
    """Sets of which each member demands something."""
    return by_inclusion(new <= old, old <= new)


def exemptions(old: AbstractSet[Any], new: AbstractSet[Any]) -> Shift | None:
    """Sets of which each member lets something pass."""
    return by_inclusion(old <= new, new <= old)


def sequences(old: Sequence[str], new: Sequence[str]) -> Shift | None:
    """`order`: a member more at either end tightens.

    In the middle it may loosen too: neighbours within the clock's allowance say nothing of those further apart.
    """
    return by_inclusion(_part(new, old), _part(old, new))


def _part(inner: Sequence[str], whole: Sequence[str]) -> bool:
    size = len(inner)
    return any(tuple(whole[i : i + size]) == tuple(inner) for i in range(len(whole) - size + 1))


def allowances(old: Any, new: Any) -> Shift | None:
    """What lets more pass the greater it is: `skew`, `confidence`, the bound of a share, the day of `until`."""
    return by_inclusion(old <= new, new <= old)


def values(old: Matcher | None, new: Matcher | None) -> Shift | None:
    """Matchers of attributes, by the values that each accepts."""
    if old is None or new is None:
        return said(old, new)
    return by_inclusion(includes(new, old), includes(old, new))


def text_values(old: Matcher | None, new: Matcher | None) -> Shift | None:
    """Matchers of a text that every span has, though it may be empty."""
    if old is None or new is None:
        return said(old, new)
    return by_inclusion(includes_text(new, old), includes_text(old, new))


def words_of(vocabulary: Sequence[str]) -> Compare:
    """Matchers over a closed list, whose accepted words can be told one by one."""

    def compare(old: Matcher | None, new: Matcher | None) -> Shift | None:
        if old is None or new is None:
            return said(old, new)
        return by_inclusion(includes_text(new, old, vocabulary), includes_text(old, new, vocabulary))

    return compare


def only_text(old: object, new: object) -> Shift | None:
    """What no verdict depends on."""
    return None if old == new else NEITHER
