"""What no contract mentions: the traces, spans and log records that a verification read and did not judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedCount:
    """How many things were counted `of` how many, and their most frequent names with the number of each.

    `other` is how many have a name that is not listed.
    """

    count: int = 0
    of: int = 0
    names: tuple[tuple[str, int], ...] = ()
    other: int = 0


NOTHING_COUNTED = NamedCount()


@dataclass(frozen=True, slots=True)
class Unmentioned:
    """What no contract mentions, and the spans within flows that have no place.

    - `traces` without a flow of any contract, by the name of their first root;
    - `spans` that are in no flow, and `logs` that belong to no span of a flow;
    - `unplaced`: spans within flows that no entry has a place for and no rule of `every` selects.
    """

    traces: NamedCount = NOTHING_COUNTED
    spans: NamedCount = NOTHING_COUNTED
    logs: NamedCount = NOTHING_COUNTED
    unplaced: NamedCount = NOTHING_COUNTED
