"""One version of a contract with what comparisons look up in it: places, waivers, named attributes, competition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Final, Literal, TypeAlias

from spanpact.contract.compiled import Condition, ContractPlan, Entry
from spanpact.diff.inclusion.overlaps import may_select_the_same
from spanpact.diff.raised_findings import RaisedFinding
from spanpact.engine.checks.keywords.closed import named_attributes
from spanpact.engine.results.pending import pending_ids
from spanpact.findings import Level
from spanpact.findings.catalogue import CATALOGUE

Group: TypeAlias = Literal["", "children", "descendants"]

_NOT_IN_ASSIGNMENT: Final = frozenset(
    ("order", "concurrency", "sampling-rate", "error-rate", "distinct-names", "trace-roots", "span-orphan",
     "span-duplicate", "span-cycle", "id-invalid", "span-times", "child-early", "value-not-finite", "span-lost",
     "span-altered", "pending-expired", "example-wrong", "span-misplaced"),
)  # fmt: skip
"""Violations that never count when spans are assigned to entries."""


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry and its place: the id of the entry above it, the group there, and the ids from `top` to it."""

    entry: Entry
    parent: str
    group: Group
    path: tuple[str, ...]


@dataclass(frozen=True)
class ContractVersion:
    """One version of a contract; `today` (UTC) decides which agreements of `pending` still hold."""

    plan: ContractPlan
    today: dt.date
    _contested: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def entries(self) -> dict[str, PlacedEntry]:
        """Return every entry by id."""
        return {each.entry.id: each for each in _placed_entries(self.plan.top, "", "", ())}

    @cached_property
    def conditions(self) -> dict[str, tuple[Condition, str]]:
        """Return every condition by id, with the id of the entry that holds it."""
        return {c.id: (c, id) for id, placed in self.entries.items() for c in placed.entry.conditions}

    def level(self, entry: str, finding: str) -> Level:
        """Return the level of a finding at an id."""
        levels = self.plan.levels
        return levels.get(f"{entry}/{finding}") or levels.get(finding) or CATALOGUE[finding].level

    @cached_property
    def waived_ids(self) -> frozenset[str]:
        """Return the ids that are still pending, without those for which `pending-kept` is a violation."""
        held = [
            pending_ids(self.plan, id)
            for id, agreed in self.plan.pending.items()
            if dt.date.fromisoformat(agreed.until) >= self.today and self.level(id, "pending-kept") != "violation"
        ]
        return frozenset(chain.from_iterable(held))

    def waives(self, ids: Iterable[str], raised: Iterable[RaisedFinding]) -> bool:
        """Return whether none of the findings would break: one of the ids is pending, or each is below violation."""
        findings = list(raised)
        if not self.waived_ids.isdisjoint(ids):
            return True
        return bool(findings) and all(
            id in self.waived_ids or self.level(id, finding) != "violation" for id, finding in findings
        )

    @cached_property
    def lenient(self) -> bool:
        """Return whether something that counts when spans are assigned may be broken without effect."""
        lowered = (
            key
            for key, level in self.plan.levels.items()
            if level != "violation" and CATALOGUE[key.rpartition("/")[2]].level == "violation"
        )
        return bool(self.plan.pending) or any(key.rpartition("/")[2] not in _NOT_IN_ASSIGNMENT for key in lowered)

    def is_contested(self, id: str) -> bool:
        """Return whether the entry, or one above it, has a neighbour that may select the same span."""
        found = self._contested.get(id)
        if found is None:
            placed = self.entries.get(id)
            found = bool(placed and (self.has_rival(id) or (placed.parent and self.is_contested(placed.parent))))
            self._contested[id] = found
        return found

    def has_rival(self, id: str) -> bool:
        """Return whether a neighbour of the entry may select the same span."""
        placed = self.entries[id]
        if not placed.group:
            return False
        group: tuple[Entry, ...] = getattr(self.entries[placed.parent].entry, placed.group)
        return any(may_select_the_same(placed.entry, other) for other in group if other.id != id)

    def is_closed(self, id: str, what: str) -> bool:
        """Return whether the entry exists and is closed for children, attributes, events or links."""
        return id in self.entries and what in self.entries[id].entry.closed

    def names(self, id: str) -> frozenset[str]:
        """Return the attributes that the entry's content, its `where` and conditions name on its spans."""
        entry = self.entries[id].entry
        sides = (s for c, _ in self.conditions.values() for s in (*c.when, *c.then) if s.entry == id)
        contents = (entry.content, entry.where, *(side.content for side in sides))
        return frozenset(chain.from_iterable(map(named_attributes, contents)))

    def newly_names(self, id: str, names: Iterable[str]) -> bool:
        """Return whether naming these attributes admits another one on the entry's spans, closed for attributes."""
        return self.is_closed(id, "attributes") and not self.names(id) >= set(names)

    def newly_names_anywhere(self, names: Iterable[str]) -> bool:
        """Return whether it does on the spans of any entry, which a rule may select."""
        wanted = set(names)
        return bool(wanted) and any(self.newly_names(id, wanted) for id in self.entries)


def _placed_entries(entry: Entry, parent: str, group: Group, above: tuple[str, ...]) -> Iterator[PlacedEntry]:
    path = (*above, entry.id)
    yield PlacedEntry(entry, parent, group, path)
    for child in entry.children:
        yield from _placed_entries(child, entry.id, "children", path)
    for below in entry.descendants:
        yield from _placed_entries(below, entry.id, "descendants", path)
