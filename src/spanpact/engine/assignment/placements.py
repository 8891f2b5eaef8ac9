"""The result of an assignment: a tree of spans in the places of entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.checks import Undecided

Index: TypeAlias = int
"""The index of a span in `Topology.spans`, or TOP."""


@dataclass(slots=True)
class Group:
    """The `children` or the `descendants` of one span, assigned to entries.

    - `counted`: by entry, the spans that fill its count, with what is below them; `surplus`: those beyond it.
    - `extra`: children that no entry of a closed place selects.
    - `undecided`: entries whose selection the source cannot decide, with the reason.
    - `costs`: of each span that several entries competed for, its cost in each entry that selects it.
    """

    kind: str
    holder: Index
    entries: tuple[CompiledEntry, ...]
    counted: dict[str, list[Placement]] = field(default_factory=dict)
    surplus: dict[str, list[Index]] = field(default_factory=dict)
    extra: list[Index] = field(default_factory=list)
    undecided: dict[str, Undecided] = field(default_factory=dict)
    costs: dict[Index, dict[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Placement:
    """A span in the place of an entry, with all that is assigned below it."""

    entry: CompiledEntry
    span: Index
    groups: list[Group] = field(default_factory=list)

    def walk(self) -> Iterator[Placement]:
        """Yield this placement and every counted one below it, in preorder."""
        stack = [self]
        while stack:
            placement = stack.pop()
            yield placement
            if placement.groups:
                below = [each for group in placement.groups for several in group.counted.values() for each in several]
                stack += reversed(below)

    def used_spans(self) -> Iterator[Index]:
        """Yield every span that is assigned to this place or below it, surplus ones too."""
        for placement in self.walk():
            yield placement.span
            for group in placement.groups:
                for indexes in group.surplus.values():
                    yield from indexes
