"""Group spans by equal values of attributes, as `distinct` and `repeats` count them (section 2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.trace.equality import equality_key, possible_values
from spanpact.trace.model import Capability, Value

SpanValue: TypeAlias = tuple[tuple[Value, ...], ...]
"""The values of one span: for each attribute of an aggregate all that it has, with aliases and repeated keys."""


@dataclass(frozen=True, slots=True)
class ValueGroups:
    """The spans by value, in the order of their first span.

    `distinct` and `repeats` are the smallest and the largest number of distinct values, and of spans with the most
    frequent one: they differ if the source writes values of different types as the same text.
    """

    values: Sequence[SpanValue]
    spans: Sequence[Sequence[int]]
    distinct: tuple[int, int]
    repeats: tuple[int, int]


def group_by_value(carried: Sequence[tuple[int, SpanValue]], capabilities: AbstractSet[Capability]) -> ValueGroups:
    """Group spans by their value.

    One attribute: a span counts for each of its values. Several together: for each of them all values are one, and it
    may be missing. Equal texts are equal values, even if a source without `value_types` may have written a list or a
    map as one of them: nothing writes one attribute in both ways. Different texts may be equal lists or maps.
    """
    members: dict[Hashable, list[int]] = {}
    values: dict[Hashable, SpanValue] = {}
    for i, value in carried:
        alone = [((one,),) for one in value[0]] if len(value) == 1 else [value]
        for key, one in {_key(one): one for one in alone}.items():
            members.setdefault(key, []).append(i)
            values.setdefault(key, one)
    counts = {key: len(spans) for key, spans in members.items()}
    merged = counts if "value_types" in capabilities else _merged(counts, values, frozenset(capabilities))
    return ValueGroups(
        list(values.values()),
        list(members.values()),
        (len(merged), len(counts)),
        (max(counts.values()), max(merged.values())),
    )


def _key(value: SpanValue) -> Hashable:
    if len(value) == 1:
        return equality_key(value[0][0])
    return tuple([frozenset(map(equality_key, values)) for values in value])


def _merged(
    counts: dict[Hashable, int], values: dict[Hashable, SpanValue], capabilities: frozenset[Capability]
) -> dict[Hashable, int]:
    """Return the counts with those texts taken together that may stand for equal lists or maps."""
    merged: dict[Hashable, int] = {}
    for key, value in values.items():
        read = tuple([tuple([_read(one, capabilities) for one in several]) for several in value])
        decoded = _key(read)
        merged[decoded] = merged.get(decoded, 0) + counts[key]
    return merged


def _read(value: Value, capabilities: frozenset[Capability]) -> Value:
    """Return the list or the map that a text may stand for, else the value itself."""
    others = possible_values(value, capabilities)
    return others[0] if len(others) == 1 else value
