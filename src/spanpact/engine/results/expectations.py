"""List the expectations of a contract: every keyword and attribute of every entry, rule, condition and statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.contract.compiled import Content, ContractPlan, Entry, Rule
from spanpact.engine.results.masking import masker
from spanpact.errors import Place
from spanpact.privacy import Mask

ExpectationKey: TypeAlias = tuple[str, str]
"""The id of an entry, rule, condition, statement, event or link, and a keyword below it."""

PlacedExpectation: TypeAlias = tuple[str, str, Place | None]
"""An expectation's id and keyword, and its place in the contract's file."""


@dataclass(frozen=True, slots=True)
class ContractExpectations:
    """The expectations of one contract, indexed once, and the function that masks texts for its reports.

    `keys` are in the order of the file. `places` has more keys than there are expectations: a finding's keyword may
    be a part of one (`count`). `compared_entries` are those that a condition or a `same_as` names.
    `selecting` maps the id of an entry, rule or condition to the attributes that its `where` or `when` looks at; for an
    entry, also those of the entries in its places, for a rule also those of its aggregates.
    """

    plan: ContractPlan
    mask: Mask
    keys: tuple[ExpectationKey, ...]
    keywords_by_id: Mapping[str, Sequence[str]]
    places: Mapping[ExpectationKey, Place | None]
    compared_entries: frozenset[str]
    selecting: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, plan: ContractPlan) -> ContractExpectations:
        """Index the expectations of a plan."""
        listed = list(expectations(plan))
        keywords_by_id: dict[str, list[str]] = {}
        for id, keyword, _ in listed:
            keywords_by_id.setdefault(id, []).append(keyword)
        counts = {(each.id, "count"): each.places.get("count", each.place) for each in plan.top.walk()}
        places = {**counts, **{(id, keyword): place for id, keyword, place in listed}}
        keys = tuple(dict.fromkeys((id, keyword) for id, keyword, _ in listed))
        return cls(
            plan,
            masker(plan.classes),
            keys,
            keywords_by_id,
            places,
            frozenset(_compared_entries(plan)),
            _selecting(plan),
        )


def _selecting(plan: ContractPlan) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {
        rule.id: [*_attribute_names(rule.where), *(name for each in rule.aggregates for name in sorted(each.all_names))]
        for rule in plan.rules
    }
    for entry in plan.top.walk():
        below = [name for each in (*entry.children, *entry.descendants) for name in _attribute_names(each.where)]
        found[entry.id] = [*_attribute_names(entry.where), *below]
        for condition in entry.conditions:
            found[condition.id] = [name for side in condition.when for name in _attribute_names(side.content)]
    return {id: tuple(dict.fromkeys(names)) for id, names in found.items() if names}


def _attribute_names(content: Content) -> list[str]:
    return [name for attribute in content.attributes for name in attribute.names]


def expectations(plan: ContractPlan) -> Iterator[PlacedExpectation]:
    """List every expectation of a contract."""
    for entry in plan.top.walk():
        yield from _of_entry(entry)
    for rule in plan.rules:
        yield from _of_rule(rule)
    for statement in plan.across:
        yield statement.id, statement.keyword, statement.places.get(statement.keyword, statement.place)


def rule_expectations(rule: Rule) -> Iterator[ExpectationKey]:
    """List the expectations of a rule, with those of its events and links."""
    return ((id, keyword) for id, keyword, _ in _of_rule(rule))


def _of_rule(rule: Rule) -> Iterator[PlacedExpectation]:
    if rule.count is not None:
        yield rule.id, "count", rule.places.get("count", rule.place)
    if rule.parents is not None:
        yield rule.id, "parents", rule.places.get("parents", rule.place)
    yield from ((rule.id, aggregate.path, aggregate.place or rule.place) for aggregate in rule.aggregates)
    yield from _of_content(rule.id, rule.content, rule.place)


def _of_entry(entry: Entry) -> Iterator[PlacedExpectation]:
    def place(keyword: str) -> Place | None:
        return entry.places.get(keyword, entry.place)

    if entry.span is not None:
        yield entry.id, "span", place("span")
    if entry.same_count is not None:
        yield entry.id, "count", place("count")
    yield from _of_content(entry.id, entry.content, entry.place)
    for closed in sorted(entry.closed):
        yield entry.id, f"closed.{closed}", place("closed")
    if entry.order:
        yield entry.id, "order", place("order")
    if entry.concurrency:
        yield entry.id, "concurrency", place("concurrency")
    for condition in entry.conditions:
        yield condition.id, "then", condition.place


def _of_content(holder: str, content: Content, place: Place | None) -> Iterator[PlacedExpectation]:
    attributes = {f"attributes.{a.name}": a.place for a in content.attributes}
    attributes |= {f"resource.{a.name}": a.place for a in content.resource}
    for keyword in content.keywords():
        yield holder, keyword, attributes.get(keyword) or content.places.get(keyword, place)
    for event in content.events:
        yield event.id, "event", event.place
        yield from ((event.id, f"attributes.{a.name}", a.place) for a in event.attributes)
    for link in content.links:
        yield link.id, "link", link.place
        yield from ((link.id, f"attributes.{a.name}", a.place) for a in link.attributes)


def _compared_entries(plan: ContractPlan) -> Iterator[str]:
    """List the entries that a condition or a `same_as` names."""
    contents = [rule.content for rule in plan.rules]
    for entry in plan.top.walk():
        contents.append(entry.content)
        yield from (entry.id, entry.same_count.entry) if entry.same_count else ()
        for condition in entry.conditions:
            yield from (side.entry for side in (*condition.when, *condition.then))
            contents += [side.content for side in condition.then]
    for content in contents:
        if content.name and content.name.same_as:
            yield content.name.same_as.entry
        nested = [a for event in content.events for a in event.attributes]
        nested += [a for link in content.links for a in link.attributes]
        for attribute in (*content.attributes, *content.resource, *nested):
            if attribute.matcher.same_as:
                yield attribute.matcher.same_as.entry
