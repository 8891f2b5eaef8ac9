"""Walk through everything that a contract expects of the content of spans, entry by entry and rule by rule."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.contract.compiled import AttributeExpectation, Content, ContractPlan


def contents_of_entries(plan: ContractPlan) -> Iterator[Content]:
    """Yield what selects the spans of each entry, what is expected of them, and the sides of conditions."""
    for entry in plan.top.walk():
        yield entry.where
        yield entry.content
        for condition in entry.conditions:
            yield from (side.content for side in (*condition.when, *condition.then))


def contents_of_rules(plan: ContractPlan) -> Iterator[Content]:
    """Yield what selects the spans or events of each rule, and what is expected of them."""
    for rule in plan.rules:
        yield rule.where
        yield rule.content


def attributes_of(content: Content) -> Iterator[AttributeExpectation]:
    """Yield the attributes of spans, and of the events and links that they carry; not those of resources."""
    yield from content.attributes
    for event in content.events:
        yield from event.where_attributes
        yield from event.attributes
    for link in content.links:
        yield from link.attributes


def compared_names(expectation: AttributeExpectation) -> Iterator[str]:
    """Yield the names, with aliases, of an attribute that `same_as` compares, and of what it is compared with."""
    if reference := expectation.matcher.same_as:
        yield from expectation.names
        yield from reference.names or (reference.attribute,)
