"""What of a trace one contract looks at, so that its split keys hold nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spanpact.contract.compiled import Content, ContractPlan, Reference
from spanpact.trace.model import SourceInfo
from spanpact.verification.shapes.observed_times import ObservedTimes
from spanpact.verification.shapes.plan_contents import (
    attributes_of,
    compared_names,
    contents_of_entries,
    contents_of_rules,
)
from spanpact.verification.split_keys.trace_view import EXCEPTION


@dataclass(frozen=True, slots=True)
class ContractParts:
    """What one contract looks at.

    - `compared_by_entries`: attributes whose values its entries compare with each other;
      `compared_by_rules`: those of which its rules compare a span's value with that of the flow's own span;
      `references`: the names, with aliases, of each attribute of the flow's own span that rules compare with;
    - `ordered`, `concurrent`: entries whose spans are compared by time; `times`: the differences that matter;
    - `durations`, `parent`, `parents`: whether it has such a keyword; `counted`: the numbers of its rules with `count`.
    """

    compared_by_entries: frozenset[str]
    compared_by_rules: frozenset[str]
    references: Sequence[Sequence[str]]
    ordered: frozenset[str]
    concurrent: frozenset[str]
    times: ObservedTimes
    durations: bool
    parent: bool
    parents: bool
    counted: Sequence[int]

    @classmethod
    def of(cls, plan: ContractPlan, source: SourceInfo) -> ContractParts:
        """Return what a contract that `may_be_split` looks at."""
        entries, rules = list(contents_of_entries(plan)), list(contents_of_rules(plan))
        conditions = [condition for entry in plan.top.walk() for condition in entry.conditions]
        orders = [*(entry.order for entry in plan.top.walk()), *(condition.order for condition in conditions)]
        return cls(
            frozenset(name for content in entries for name in _compared(content)),
            frozenset(name for content in rules for name in _compared(content)).union(
                EXCEPTION for rule in plan.rules if rule.via == "either"
            ),
            list(dict.fromkeys(each.names or (each.attribute,) for each in _references(rules))),
            frozenset(id for order in orders for id in order),
            frozenset(entry.id for entry in plan.top.walk() if entry.concurrency),
            ObservedTimes([(plan, [*entries, *rules])], source),
            any(content.duration for content in (*entries, *rules)),
            any(content.parent for content in (*entries, *rules)),
            any(rule.parents for rule in plan.rules),
            [number for number, rule in enumerate(plan.rules) if rule.count is not None],
        )


def may_be_split(plan: ContractPlan) -> bool:
    """Return whether what the contract says of a trace is a sum over its flows, their rules and single spans.

    It is not where the values or names of several spans are collected (`across`, aggregates), nor where a rule compares
    a span with those of an entry: which these are is only known when all spans are assigned.
    """
    collects = bool(plan.across) or any(rule.aggregates for rule in plan.rules)
    return not collects and all(each.entry == plan.top.id for each in _references(contents_of_rules(plan)))


def _references(contents: Iterator[Content] | Sequence[Content]) -> Iterator[Reference]:
    for content in contents:
        for expectation in attributes_of(content):
            if expectation.matcher.same_as:
                yield expectation.matcher.same_as


def _compared(content: Content) -> Iterator[str]:
    yield from (EXCEPTION for event in content.events if event.via == "either")
    for expectation in attributes_of(content):
        yield from compared_names(expectation)
