"""Decide whether two neighbouring entries may select the same span."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.contract.compiled import Content, Entry, Matcher
from spanpact.diff.inclusion.matchers import accepts_missing, literals


def may_select_the_same(one: Entry, other: Entry) -> bool:
    """Return whether a span could be a candidate of both, by their names and the literals of `where`."""
    if one.span is None or other.span is None:
        return True
    return one.span.overlaps(other.span) and not _exclude_each_other(one.where, other.where)


def _exclude_each_other(one: Content, other: Content) -> bool:
    return any(_disjoint(a, b) for a, b in _pairs(one, other))


def _pairs(one: Content, other: Content) -> Iterator[tuple[Matcher, Matcher]]:
    for keyword in ("kind", "status"):
        a, b = getattr(one, keyword), getattr(other, keyword)
        if a is not None and b is not None:
            yield a, b
    for mine, theirs in ((one.attributes, other.attributes), (one.resource, other.resource)):
        by_name = {each.name: each for each in theirs}
        for attribute in mine:
            if attribute.name in by_name:
                yield attribute.matcher, by_name[attribute.name].matcher


def _disjoint(one: Matcher, other: Matcher) -> bool:
    """Return whether no value meets both: the values of each are listed, and none are equal (1, 1.0 and true are).

    An attribute has one value, and under each of its aliases it must meet both.
    """
    if accepts_missing(one) and accepts_missing(other):
        return False
    ones, others = literals(one), literals(other)
    return ones is not None and others is not None and not any(a == b for a in ones for b in others)
