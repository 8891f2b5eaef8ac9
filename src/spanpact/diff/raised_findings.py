"""The findings that a part of a contract can raise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Condition, Content, Entry, Rule
from spanpact.diff.compatibility_rules import KEYWORDS

RaisedFinding: TypeAlias = tuple[str, str]
"""(id of the contract, id of the finding)."""


def findings_of_content(id: str, content: Content) -> Iterator[RaisedFinding]:
    """Yield the findings of the content of an id; events and links have their own ids."""
    for keyword in content.keywords():
        yield from ((id, finding) for finding in KEYWORDS[keyword.partition(".")[0]].findings)
    for event in content.events:
        yield from _findings_of_item(event.id, "events", event.attributes)
    for link in content.links:
        yield from _findings_of_item(link.id, "links", link.attributes)


def _findings_of_item(id: str, keyword: str, attributes: Sequence[AttributeExpectation]) -> Iterator[RaisedFinding]:
    for each in (keyword, *(("attributes",) if attributes else ())):
        yield from ((id, finding) for finding in KEYWORDS[each].findings)


def findings_of_condition(condition: Condition) -> Iterator[RaisedFinding]:
    """Yield the findings of a condition, which the entries of its `then` carry."""
    for side in condition.then:
        yield from ((side.entry, finding) for finding in KEYWORDS["then"].findings)
        yield from findings_of_content(side.entry, side.content)
    if condition.order:
        yield condition.id, "order"


def findings_of_entry(entry: Entry) -> Iterator[RaisedFinding]:
    """Yield the findings of an entry and of everything below it."""
    for each in entry.walk():
        relations = [keyword for keyword in ("closed", "order", "concurrency") if getattr(each, keyword)]
        yield from ((each.id, finding) for keyword in ("count", *relations) for finding in KEYWORDS[keyword].findings)
        yield from ((each.id, "attribute-type"),) if each.same_count and each.same_count.attribute else ()
        yield from findings_of_content(each.id, each.content)
        for condition in each.conditions:
            yield from findings_of_condition(condition)


def findings_of_rule(rule: Rule) -> Iterator[RaisedFinding]:
    """Yield the findings of a rule of `every`."""
    yield from findings_of_content(rule.id, rule.content)
    if rule.parents:
        yield rule.id, "parent"
    for aggregate in rule.aggregates:
        yield from ((rule.id, finding) for finding in KEYWORDS[aggregate.keyword].findings)
    if rule.count is not None:
        what = "span" if rule.event is None else "event"
        yield from ((rule.id, f"{what}-missing"), (rule.id, f"{what}-surplus"))
