"""What comparing asks of one version of a contract: where ids stand, what is waived, what is named, who competes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Literal, TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Condition, Content, ContractPlan, Entry
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.inclusion.overlaps import may_select_the_same
from spanpact.engine.checks.closed import named_attributes
from spanpact.engine.pending import pending_ids
from spanpact.findings import Level
from spanpact.findings.catalogue import CATALOGUE

Group: TypeAlias = Literal["", "children", "descendants"]
Raised: TypeAlias = tuple[str, str]
"""(id of the contract, finding): what a demand may raise."""

_NOT_STEERING = frozenset(
    ("order", "concurrency", "sampling-rate", "error-rate", "trace-roots", "span-orphan", "span-duplicate",
     "span-cycle", "id-invalid", "span-times", "child-early", "value-not-finite", "span-lost", "span-altered",
     "pending-expired", "example-wrong", "span-misplaced"),
)  # fmt: skip
"""Violations that never count when spans are assigned."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry, and where it stands: the id of the entry above it, in which group, the path of ids from `top`."""

    entry: Entry
    holder: str
    group: Group
    path: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """One version of a contract; `today` (UTC) decides which of its pending agreements still hold."""

    plan: ContractPlan
    today: dt.date
    _contested: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def entries(self) -> dict[str, Standing]:
        """Every entry by id."""
        return {each.entry.id: each for each in _standing(self.plan.top, "", "", ())}

    @cached_property
    def conditions(self) -> dict[str, tuple[Condition, str]]:
        """Every condition by id, with the id of the entry that holds it."""
        return {c.id: (c, id) for id, standing in self.entries.items() for c in standing.entry.conditions}

    def level(self, entry: str, finding: str) -> Level:
        """The level of a finding at an id."""
        levels = self.plan.levels
        return levels.get(f"{entry}/{finding}") or levels.get(finding) or CATALOGUE[finding].level

    @cached_property
    def waived_ids(self) -> frozenset[str]:
        """The ids that are pending still, and whose being kept is no violation itself."""
        held = [
            pending_ids(self.plan, id)
            for id, agreed in self.plan.pending.items()
            if dt.date.fromisoformat(agreed.until) >= self.today and self.level(id, "pending-kept") != "violation"
        ]
        return frozenset(chain.from_iterable(held))

    def waives(self, ids: Iterable[str], raised: Iterable[Raised]) -> bool:
        """Whether none of the findings would break: one of the ids is pending, or each is below violation."""
        findings = list(raised)
        if not self.waived_ids.isdisjoint(ids):
            return True
        return bool(findings) and all(
            id in self.waived_ids or self.level(id, finding) != "violation" for id, finding in findings
        )

    @cached_property
    def lenient(self) -> bool:
        """Whether anything that counts when spans are assigned may be broken without effect."""
        lowered = (
            key
            for key, level in self.plan.levels.items()
            if level != "violation" and CATALOGUE[key.rpartition("/")[2]].level == "violation"
        )
        return bool(self.plan.pending) or any(key.rpartition("/")[2] not in _NOT_STEERING for key in lowered)

    def contested(self, id: str) -> bool:
        """Whether the entry, or one above it, has a neighbour that may select the same span."""
        found = self._contested.get(id)
        if found is None:
            standing = self.entries.get(id)
            found = bool(standing and (self.has_rival(id) or (standing.holder and self.contested(standing.holder))))
            self._contested[id] = found
        return found

    def has_rival(self, id: str) -> bool:
        """Whether a neighbour in the entry's group may select the same span."""
        standing = self.entries[id]
        if not standing.group:
            return False
        group: tuple[Entry, ...] = getattr(self.entries[standing.holder].entry, standing.group)
        return any(may_select_the_same(standing.entry, other) for other in group if other.id != id)

    def closed(self, id: str, what: str) -> bool:
        """Whether the entry is there and closed for this."""
        return id in self.entries and what in self.entries[id].entry.closed

    def names(self, id: str) -> frozenset[str]:
        """The attributes that the entry's content and `where`, and conditions, name on its spans."""
        entry = self.entries[id].entry
        sides = (s for c, _ in self.conditions.values() for s in (*c.when, *c.then) if s.entry == id)
        contents = (entry.content, entry.where, *(side.content for side in sides))
        return frozenset(chain.from_iterable(map(named_attributes, contents)))

    def newly_names(self, id: str, names: Iterable[str]) -> bool:
        """Whether naming these attributes admits one on the entry's spans, which are closed for attributes."""
        return self.closed(id, "attributes") and not self.names(id) >= set(names)

    def newly_names_somewhere(self, names: Iterable[str]) -> bool:
        """The same of a rule, which may select the spans of any entry."""
        wanted = set(names)
        return bool(wanted) and any(self.newly_names(id, wanted) for id in self.entries)


def _standing(entry: Entry, holder: str, group: Group, above: tuple[str, ...]) -> Iterator[Standing]:
    path = (*above, entry.id)
    yield Standing(entry, holder, group, path)
    for child in entry.children:
        yield from _standing(child, entry.id, "children", path)
    for below in entry.descendants:
        yield from _standing(below, entry.id, "descendants", path)


def raised_by_content(id: str, content: Content) -> Iterator[Raised]:
    """What the content of an id may raise, its events and links by their own ids."""
    for keyword in content.keywords():
        yield from ((id, finding) for finding in KEYWORDS[keyword.partition(".")[0]].findings)
    for event in content.events:
        yield from _raised_by(event.id, "events", event.attributes)
    for link in content.links:
        yield from _raised_by(link.id, "links", link.attributes)


def _raised_by(id: str, keyword: str, attributes: Sequence[AttributeExpectation]) -> Iterator[Raised]:
    for each in (keyword, *(("attributes",) if attributes else ())):
        yield from ((id, finding) for finding in KEYWORDS[each].findings)


def raised_by_condition(condition: Condition) -> Iterator[Raised]:
    """What a condition may raise, at the entries of its `then`."""
    for side in condition.then:
        yield from ((side.entry, finding) for finding in KEYWORDS["then"].findings)
        yield from raised_by_content(side.entry, side.content)
    if condition.order:
        yield condition.id, "order"


def raised_by_entry(entry: Entry) -> Iterator[Raised]:
    """What an entry and all below it may raise."""
    for each in entry.walk():
        said = [k for k in ("closed", "order", "concurrency") if getattr(each, k)]
        yield from ((each.id, finding) for keyword in ("count", *said) for finding in KEYWORDS[keyword].findings)
        yield from raised_by_content(each.id, each.content)
        for condition in each.conditions:
            yield from raised_by_condition(condition)
