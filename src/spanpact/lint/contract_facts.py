"""What the checks of lint ask of a contract: where entries stand, how many spans they can have, what is said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Condition, Content, ContractPlan, Entry, Reference, Rule
from spanpact.contract.document import Mapping as Document
from spanpact.errors import Place
from spanpact.lint.names import covers

Range: TypeAlias = tuple[int, float]
"""The least and the most, which may be infinite."""


@dataclass(frozen=True)
class Facts:
    """One contract: its plan, its document, and the documents of its fragments."""

    plan: ContractPlan
    document: Document
    fragments: tuple[Document, ...] = ()

    @cached_property
    def above(self) -> Mapping[str, Entry]:
        """The entry that holds each entry, by id; `top` has none."""
        return {below.id: entry for entry in self.plan.top.walk() for below in (*entry.children, *entry.descendants)}

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by id."""
        return self.plan.entries()

    def chain(self, holder: str, entry: str) -> list[Entry]:
        """The entries from below the holder down to the entry; none where they are the same."""
        found: list[Entry] = []
        while entry != holder and entry in self.above:
            found.insert(0, self.entries[entry])
            entry = self.above[entry].id
        return found

    def counted(self, holder: str, entry: str) -> Range:
        """How many spans of an entry count below one span of the holder, where every count is kept."""
        if entry == "top" and self.plan.top.span is None:
            return 0, 1
        low, high = 1, 1.0
        for each in self.chain(holder, entry):
            low *= each.count.low
            most = math.inf if each.count.high is None else each.count.high
            high = 0 if 0 in (high, most) else high * most  # infinity times nothing
        return low, high

    @cached_property
    def contents(self) -> list[tuple[str, Content]]:
        """Every content with the id that says it, those of `where` and of conditions too."""
        return list(_contents(self.plan))

    @cached_property
    def conditions(self) -> list[tuple[Entry, Condition]]:
        """Every condition with the entry that holds it."""
        return [(entry, condition) for entry in self.plan.top.walk() for condition in entry.conditions]

    @cached_property
    def attributes(self) -> list[tuple[str, AttributeExpectation]]:
        """Every attribute that is named, with the id that says it: of spans, resources, events and links."""
        return [(id, each) for holder, content in self.contents for id, each in _attributes(holder, content)]

    @cached_property
    def references(self) -> list[tuple[str, AttributeExpectation, Reference]]:
        """Every `same_as`."""
        return [(id, each, each.matcher.same_as) for id, each in self.attributes if each.matcher.same_as]

    @cached_property
    def closes_attributes(self) -> bool:
        """Whether some place is closed for attributes, where naming one is enough to say something."""
        return any("attributes" in entry.closed for entry in self.plan.top.walk())

    def binds(self, id: str) -> bool:
        """Whether what an id says is meant as it stands: not pending, and its findings have no level of their own."""
        return id not in self.plan.pending and not any(key.startswith(f"{id}/") for key in self.plan.levels)

    def rules_of(self, entry: Entry) -> Iterator[Rule]:
        """The rules that surely select every span of an entry, and that bind."""
        for rule in self.plan.rules:
            if rule.span is None or entry.span is None or not self.binds(rule.id):
                continue
            if covers(rule.span, entry.span) and implied(rule.where, entry.where):
                yield rule


def implied(weaker: Content, stronger: Content) -> bool:
    """Whether every span that meets `stronger` meets `weaker`, as it says the same and perhaps more."""
    if weaker.exactly_one_true or weaker.events or weaker.links or weaker.forbid:
        return False
    kinds = ("kind", "status", "status_message", "scope", "parent", "duration")
    single = all(getattr(weaker, k) is None or _same(getattr(weaker, k), getattr(stronger, k)) for k in kinds)
    return single and all(
        any(_same(one.names, other.names) and _same(one.matcher, other.matcher) for other in getattr(stronger, k))
        for k in ("attributes", "resource")
        for one in getattr(weaker, k)
    )


def _same(one: object, other: object) -> bool:
    """Equal as written: in Python 1 equals true and 1.0."""
    return repr(one) == repr(other)


def place_of(content: Content, keyword: str, default: Place | None) -> Place | None:
    """Where a content keyword stands."""
    return content.places.get(keyword, default)


def _contents(plan: ContractPlan) -> Iterator[tuple[str, Content]]:
    for entry in plan.top.walk():
        yield entry.id, entry.where
        yield entry.id, entry.content
        for condition in entry.conditions:
            for side in (*condition.when, *condition.then):
                yield side.entry, side.content
    for rule in plan.rules:
        yield rule.id, rule.where
        yield rule.id, rule.content


def _attributes(holder: str, content: Content) -> Iterator[tuple[str, AttributeExpectation]]:
    yield from ((holder, each) for each in (*content.attributes, *content.resource))
    for event in content.events:
        yield from ((event.id, each) for each in event.attributes)
    for link in content.links:
        yield from ((link.id, each) for each in link.attributes)
