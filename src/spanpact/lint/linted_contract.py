"""A contract with what the rules of lint look up in it: entries, counts, contents, attributes, references."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from spanpact.contract.compiled import (
    AttributeExpectation,
    Condition,
    Content,
    ContractPlan,
    Entry,
    EventExpectation,
    LinkExpectation,
    Matcher,
    Reference,
    Rule,
)
from spanpact.contract.document import Mapping as Document
from spanpact.lint.name_coverage import covers

Range: TypeAlias = tuple[int, float]
"""The smallest and the largest number, which may be infinite."""

_SINGLE: Final = ("name", "kind", "status", "status_message", "scope", "parent", "duration", "limits")


@dataclass(frozen=True)
class LintedContract:
    """One contract: its compiled plan, its document, and the documents of its fragments."""

    plan: ContractPlan
    document: Document
    fragments: tuple[Document, ...] = ()

    @cached_property
    def parents(self) -> Mapping[str, Entry]:
        """Return the entry above each entry, by id; `top` has none."""
        return {below.id: entry for entry in self.plan.top.walk() for below in (*entry.children, *entry.descendants)}

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Return every entry by id."""
        return self.plan.entries()

    def path(self, ancestor: str, entry: str) -> list[Entry]:
        """Return the entries from below the ancestor down to the entry; none if they are the same."""
        found: list[Entry] = []
        while entry != ancestor and entry in self.parents:
            found.insert(0, self.entries[entry])
            entry = self.parents[entry].id
        return found

    def possible_spans(self, ancestor: str, entry: str) -> Range:
        """Return how many spans an entry can have below one span of its ancestor if every `count` is kept."""
        if entry == "top" and self.plan.top.span is None:
            return 0, 1
        low, high = 1, 1.0
        for each in self.path(ancestor, entry):
            low *= each.count.low
            most = math.inf if each.count.high is None else each.count.high
            high = 0 if 0 in (high, most) else high * most  # infinity times 0 is not a number
        return low, high

    @cached_property
    def contents(self) -> list[tuple[str, Content]]:
        """Return every content with its id, those of `where` and of conditions included."""
        return list(_contents(self.plan))

    @cached_property
    def conditions(self) -> list[tuple[Entry, Condition]]:
        """Return every condition with the entry that holds it."""
        return [(entry, condition) for entry in self.plan.top.walk() for condition in entry.conditions]

    @cached_property
    def attributes(self) -> list[tuple[str, AttributeExpectation]]:
        """Return every attribute expectation with its id: of spans, resources, events and links."""
        return [(id, each) for holder, content in self.contents for id, each in _attributes(holder, content)]

    @cached_property
    def references(self) -> list[tuple[str, AttributeExpectation, Reference]]:
        """Return every `same_as` with its id and attribute; `name` is an attribute without accepted names."""
        names = [
            (holder, AttributeExpectation("name", (), content.name, content.places.get("name")))
            for holder, content in self.contents
            if content.name
        ]
        return [(id, each, each.matcher.same_as) for id, each in (*names, *self.attributes) if each.matcher.same_as]

    @cached_property
    def closes_attributes(self) -> bool:
        """Return whether an entry is closed for attributes: there, naming an attribute has an effect by itself."""
        return any("attributes" in entry.closed for entry in self.plan.top.walk())

    def is_binding(self, id: str) -> bool:
        """Return whether the expectations of an id count: it is not pending, and no finding of it has its own level."""
        return id not in self.plan.pending and not any(key.startswith(f"{id}/") for key in self.plan.levels)

    def rules_of(self, entry: Entry) -> Iterator[Rule]:
        """Yield the binding rules of `every` that certainly select every span of an entry."""
        for rule in self.plan.rules:
            if rule.span is None or rule.except_spans or entry.span is None or not self.is_binding(rule.id):
                continue
            if covers(rule.span, entry.span) and implies(entry.where, rule.where):
                yield rule


def matchers_of(rule: Rule, names: tuple[str, ...]) -> list[Matcher]:
    """Return what a rule demands of an attribute with these names, or selects by it."""
    return [each.matcher for part in (rule.where, rule.content) for each in part.attributes if each.names == names]


def items_of(content: Content) -> tuple[EventExpectation | LinkExpectation, ...]:
    """Return the events and links of a content."""
    return (*content.events, *content.links)


def has_expectations(content: Content) -> bool:
    """Return whether a content has any expectation, or as `where` selects by anything."""
    return bool(content.keywords() or content.events or content.links)


def implies(stronger: Content, weaker: Content) -> bool:
    """Return whether every span that meets `stronger` certainly meets `weaker`: it repeats all of its expectations."""
    if weaker.exactly_one_true or weaker.events or weaker.links or weaker.forbid:
        return False
    single = all(getattr(weaker, k) is None or _same(getattr(weaker, k), getattr(stronger, k)) for k in _SINGLE)
    return single and all(
        any(_same(one.names, other.names) and _same(one.matcher, other.matcher) for other in getattr(stronger, k))
        for k in ("attributes", "resource")
        for one in getattr(weaker, k)
    )


def _same(one: object, other: object) -> bool:
    """Return whether both are written the same way: in Python, 1 equals true and 1.0."""
    return repr(one) == repr(other)


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
        yield from ((event.id, each) for each in event.where_attributes)
    for item in items_of(content):
        yield from ((item.id, each) for each in item.attributes)
