"""Compare two values of a keyword.

Each function takes the old and the new value (None: the keyword is not there) and returns the shift: None if nothing
changed, a shift that neither tightens nor loosens if only the text did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from spanpact.contract.compiled import ANY, AttributeLimits, Count, DurationBound, Matcher, Reference
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, Shift, both_ways
from spanpact.diff.inclusion.matchers import includes, includes_text
from spanpact.trace.clocks import COARSE_NS
from spanpact.trace.name_patterns import NamePattern

Compare: TypeAlias = Callable[[Any, Any], Shift | None]


def shift_by_inclusion(old_in_new: bool, new_in_old: bool) -> Shift | None:
    """Return the shift between two sets of accepted values, given which of them includes the other."""
    if old_in_new and new_in_old:
        return None
    if not old_in_new and not new_in_old:
        return both_ways("neither accepts everything that the other accepts")
    return TIGHTER if new_in_old else LOOSER


def compare_ranges(old: Count | Reference | None, new: Count | Reference | None) -> Shift | None:
    """Compare counts: a narrower range tightens. A `same_as` narrows any number, and differs from all else."""
    if isinstance(old, Reference) or isinstance(new, Reference):
        return compare_presence(*(None if each == ANY else each for each in (old, new)))
    before, after = old or ANY, new or ANY
    return shift_by_inclusion(_within(before, after), _within(after, before))


def compare_numbers(old: Count | None, new: Count | None) -> Shift | None:
    """Compare the ranges of an aggregate: a narrower one tightens, and so does a new one."""
    return compare_presence(old, new) if old is None or new is None else compare_ranges(old, new)


def _within(inner: Count, outer: Count) -> bool:
    return inner.low >= outer.low and (outer.high is None or (inner.high is not None and inner.high <= outer.high))


def compare_durations(old: DurationBound | None, new: DurationBound | None) -> Shift | None:
    """Compare durations: narrower bounds tighten."""
    if old is None or new is None:
        return compare_presence(old, new)
    return shift_by_inclusion(_bound_within(old, new), _bound_within(new, old))


def _bound_within(inner: DurationBound, outer: DurationBound) -> bool:
    low = (inner.at_least_ns or 0) >= (outer.at_least_ns or 0)
    return low and (outer.at_most_ns is None or (inner.at_most_ns is not None and inner.at_most_ns <= outer.at_most_ns))


def compare_limits(old: AttributeLimits | None, new: AttributeLimits | None) -> Shift | None:
    """Compare limits of attributes: lower bounds tighten."""
    before, after = old or AttributeLimits(), new or AttributeLimits()
    return shift_by_inclusion(_limits_within(before, after), _limits_within(after, before))


def _limits_within(inner: AttributeLimits, outer: AttributeLimits) -> bool:
    pairs = ((inner.attributes, outer.attributes), (inner.length, outer.length))
    return all(high is None or (low is not None and low <= high) for low, high in pairs)


def compare_presence(old: object, new: object) -> Shift | None:
    """Compare expectations of which only the presence matters: one more tightens, another value may do both."""
    if old == new:
        return None
    if not has_value(old):
        return TIGHTER
    return both_ways("the value changed") if has_value(new) else LOOSER


def has_value(value: object) -> bool:
    """Return whether there is a value; 0 and false are values."""
    return value is not None and not (isinstance(value, str | tuple | frozenset) and not value)


def compare_names(old: NamePattern | None, new: NamePattern | None) -> Shift | None:
    """Compare lists of accepted names: fewer tighten."""
    if old is None or new is None:
        return compare_presence(old, new)
    return compare_exemptions(frozenset(old.texts), frozenset(new.texts))


def compare_selectors(old: object, new: object) -> Shift | None:
    """Compare what selects spans: newly selected spans may be refused, spans no longer selected may pass."""
    return None if old == new else both_ways("other spans are selected")


def compare_members(old: AbstractSet[Any], new: AbstractSet[Any]) -> Shift | None:
    """Compare sets in which each member adds an expectation."""
    return shift_by_inclusion(new <= old, old <= new)


def compare_exemptions(old: AbstractSet[Any], new: AbstractSet[Any]) -> Shift | None:
    """Compare sets in which each member adds an exemption."""
    return shift_by_inclusion(old <= new, new <= old)


def compare_sequences(old: Sequence[str], new: Sequence[str]) -> Shift | None:
    """Compare `order`: a member more at either end tightens.

    In the middle it may loosen too: the order of neighbours within the clock's tolerance says nothing about members
    further apart.
    """
    return shift_by_inclusion(_part(new, old), _part(old, new))


def _part(inner: Sequence[str], whole: Sequence[str]) -> bool:
    size = len(inner)
    return any(tuple(whole[i : i + size]) == tuple(inner) for i in range(len(whole) - size + 1))


def compare_allowances(old: Any, new: Any) -> Shift | None:
    """Compare limits that accept more the larger they are: `skew`, `confidence`, a bound, the day of `until`."""
    return shift_by_inclusion(old <= new, new <= old)


def compare_resolutions(old: int | None, new: int | None) -> Shift | None:
    """Compare resolutions of clocks in nanoseconds; None is one that is inferred, at least 1 ns and at most 1 ms."""
    before, after = ((1, COARSE_NS[0]) if each is None else (max(each, 1),) * 2 for each in (old, new))
    if old == new:
        return None
    return shift_by_inclusion(before[1] <= after[0], after[1] <= before[0])


def compare_values(old: Matcher | None, new: Matcher | None) -> Shift | None:
    """Compare matchers of attributes by the values they accept."""
    if old is None or new is None:
        return compare_presence(old, new)
    return shift_by_inclusion(includes(new, old), includes(old, new))


def compare_texts(old: Matcher | None, new: Matcher | None) -> Shift | None:
    """Compare matchers of a text that every span has, possibly empty."""
    if old is None or new is None:
        return compare_presence(old, new)
    return shift_by_inclusion(includes_text(new, old), includes_text(old, new))


def compare_vocabulary(vocabulary: Sequence[str]) -> Compare:
    """Return a comparison of matchers of a text with a closed vocabulary, by the texts they accept."""

    def compare(old: Matcher | None, new: Matcher | None) -> Shift | None:
        if old is None or new is None:
            return compare_presence(old, new)
        return shift_by_inclusion(includes_text(new, old, vocabulary), includes_text(old, new, vocabulary))

    return compare


def compare_text_only(old: object, new: object) -> Shift | None:
    """Compare what no verdict depends on."""
    return None if old == new else NEITHER
