"""Prove expectations by examples: one is proven if some example has another result without it (section 11).

Judging every example without every expectation would take a time that grows with the cube of a contract's size. An
expectation is therefore removed only where removing it may change more than its own findings: where its entry, or one
above it, competes for spans or has too many of them, and where a condition may give the same finding. Elsewhere the
spans stay where they are, and an expectation is proven by exactly those examples that have a finding of it, or a span
with an attribute that nothing else allows in its closed place (`closed_names`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from spanpact.contract.compiled import Content, ContractPlan, Entry
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import contested_entries
from spanpact.engine.results.expectations import ExpectationKey
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.verification.examples.closed_names import attributes_by_entry, names_by_expectation
from spanpact.verification.examples.expectation_removal import without
from spanpact.verification.verifying import verify

MOST_WORK: Final = 500_000
"""How much is judged to prove the expectations of one contract: the sum, over all judgements, of the spans, of the
checks of them, and of the expectations that are compiled."""


@dataclass(frozen=True, slots=True)
class JudgedReading:
    """The traces of one example, and the report of the whole contract on them."""

    reading: Reading
    report: Report


@dataclass(frozen=True, slots=True)
class _ExampleResult:
    """An example's result, the expectations whose place it reaches and those with findings, and contested entries.

    `attributes` are those of the spans of each closed entry; None if what a closed place holds may be undecided.
    """

    reading: Reading
    result: Mapping[tuple[str, str, bool], int]
    reached: frozenset[ExpectationKey]
    found: frozenset[ExpectationKey]
    ids_with_findings: frozenset[str]
    contested: frozenset[str]
    attributes: Mapping[str, AbstractSet[str]] | None
    size: int

    @classmethod
    def of(cls, contract: CompiledContract, judged: JudgedReading) -> _ExampleResult:
        report = judged.report
        return cls(
            judged.reading,
            _result(report),
            frozenset((each.entry, each.keyword) for each in report.results[0].coverage if each.state != "unseen"),
            frozenset(_expectations_found(report)),
            frozenset(id for finding in report.findings for id in (finding.entry, finding.condition)),
            contested_entries(contract, judged.reading),
            attributes_by_entry(contract, judged.reading),
            sum(len(trace.spans) for trace in judged.reading.traces)
            + sum(each.exercised for each in report.results[0].coverage),
        )


def _expectations_found(report: Report) -> Iterator[ExpectationKey]:
    """Yield the expectations that have a finding; a span too many breaks the count, which the key `span` stands for."""
    for finding in report.findings:
        if finding.id == "match-ambiguous":
            continue
        yield (finding.condition, "then") if finding.condition else (finding.entry, finding.keyword)
        if finding.keyword == "count" and not finding.condition:
            yield finding.entry, "span"


def proofs(plan: ContractPlan, examples: Sequence[JudgedReading]) -> dict[ExpectationKey, bool]:
    """Return whether the examples prove each expectation of a contract that demands something.

    It is not enough that an example has its finding: if two expectations give the same finding, neither is needed.
    Expectations that are left when `MOST_WORK` is used up have no entry.
    """
    if not examples:
        return {}
    contract, parts = CompiledContract.of(plan), _Parts(plan)
    results = [_ExampleResult.of(contract, each) for each in examples]
    keys = [(each.entry, each.keyword) for each in examples[0].report.results[0].coverage]
    found: dict[ExpectationKey, bool] = {}
    left = MOST_WORK
    for expectation in keys:
        if not parts.demands(expectation):
            continue
        if parts.proven_by_its_findings(expectation, results):
            found[expectation] = True
            continue
        relevant = parts.relevant(expectation, results)
        noticed, judged = _is_noticed(plan, expectation, relevant, left, each=len(keys))
        left -= judged
        if noticed is not None:
            found[expectation] = noticed
    return found


class _Parts:
    """The parts of a contract by id, and how their expectations depend on each other."""

    def __init__(self, plan: ContractPlan) -> None:
        self._plan = plan
        self._small_plans: dict[str, ContractPlan] = {}
        self._above: dict[str, frozenset[str]] = {}
        self._closed = {entry.id for entry in plan.top.walk() if "attributes" in entry.closed}
        self._allowed = names_by_expectation(plan)
        self._rules = {rule.id for rule in plan.rules}
        self._conditions = {condition.id for entry in plan.top.walk() for condition in entry.conditions}
        self._named_in_then = {
            id
            for entry in plan.top.walk()
            for condition in entry.conditions
            for side in condition.then
            for id in (side.entry, *_ids_within(side.content))
        }
        self._add_entry(plan.top, frozenset())
        for rule in plan.rules:
            ids = (rule.id, *_ids_within(rule.content))
            self._add(ids, replace(plan, top=_alone(plan.top), rules=(rule,), across=()))
        for statement in plan.across:
            self._add((statement.id,), replace(plan, top=_alone(plan.top), rules=(), across=(statement,)))

    def _add_entry(self, entry: Entry, above: frozenset[str]) -> None:
        above |= {entry.id}
        ids = (entry.id, *_ids_within(entry.content), *(condition.id for condition in entry.conditions))
        self._add(ids, replace(self._plan, top=_alone(entry), rules=(), across=()))
        for id in ids:
            self._above[id] = above
        for below in (*entry.children, *entry.descendants):
            self._add_entry(below, above)

    def _add(self, ids: Sequence[str], small_plan: ContractPlan) -> None:
        for id in ids:
            self._small_plans.setdefault(id, small_plan)

    def demands(self, expectation: ExpectationKey) -> bool:
        """Return whether an expectation demands something; only its own part of the contract is looked at."""
        if expectation[1].startswith(("attributes.", "resource.")):  # there may be hundreds; each always does
            return True
        small_plan = self._small_plans.get(expectation[0], self._plan)
        return without(small_plan, *expectation) is not small_plan

    def proven_by_its_findings(self, expectation: ExpectationKey, results: Sequence[_ExampleResult]) -> bool:
        """Return whether an example has a finding of the expectation that certainly vanishes without it."""
        id = expectation[0]
        if id in self._conditions or id in self._named_in_then:
            return False
        if self._reaches_others(expectation) and expectation not in self._allowed:
            return False
        return any(
            self._is_settled(expectation, each)
            and (expectation in each.found or self._allows_some(expectation, each) is True)
            for each in results
        )

    def relevant(self, expectation: ExpectationKey, results: Sequence[_ExampleResult]) -> list[_ExampleResult]:
        """Return the examples that may have another result: those where the id has a finding first, then small ones."""
        id, anywhere = expectation[0], self._reaches_others(expectation)
        relevant = [
            each
            for each in results
            if expectation in each.found
            or (
                (anywhere or not self._is_settled(expectation, each))
                and self._concerns(expectation, each)
                and not (self._is_settled(expectation, each) and self._allows_some(expectation, each) is False)
            )
        ]
        return sorted(relevant, key=lambda result: (id not in result.ids_with_findings, result.size))

    def _allows_some(self, expectation: ExpectationKey, example: _ExampleResult) -> bool | None:
        """Return whether a closed place of an example holds an attribute only the expectation allows; None: unknown."""
        if expectation not in self._allowed or example.attributes is None:
            return None
        return not self._allowed[expectation].isdisjoint(example.attributes.get(expectation[0], ()))

    def _concerns(self, expectation: ExpectationKey, example: _ExampleResult) -> bool:
        return expectation in example.reached or expectation[0] in example.ids_with_findings

    def _is_settled(self, expectation: ExpectationKey, example: _ExampleResult) -> bool:
        """Return whether the spans of an example stay where they are without the expectation."""
        id, keyword = expectation
        if (id, keyword) == ("top", "span"):  # its scenario decides which traces the contract applies to
            return False
        if keyword == "order":  # it decides which of two entries gets the earlier span
            return not example.contested
        return id in self._conditions or example.contested.isdisjoint(self._above.get(id, ()))

    def _reaches_others(self, expectation: ExpectationKey) -> bool:
        """Return whether removing the expectation can change findings other than its own, wherever the spans are.

        It may name attributes that a closed place then allows; and a pending id has a finding where all of it is kept.
        """
        id, keyword = expectation
        if id in self._plan.pending:
            return True
        if id in self._conditions:
            return bool(self._closed)
        if not keyword.startswith(("attributes.", "exactly_one_true", "sum.", "distinct.", "repeats.")):
            return False
        return id in self._closed or (id in self._rules and bool(self._closed))


def _alone(entry: Entry) -> Entry:
    """Return an entry without the entries below it."""
    return replace(entry, children=(), descendants=())


def _ids_within(content: Content) -> Iterator[str]:
    yield from (event.id for event in content.events)
    yield from (link.id for link in content.links)


def _is_noticed(
    plan: ContractPlan, expectation: ExpectationKey, relevant: Sequence[_ExampleResult], left: int, *, each: int
) -> tuple[bool | None, int]:
    """Return whether an example has another result without the expectation (None: too much work), and the work.

    `each` is added to the work per example.
    """
    if not relevant:
        return False, 0
    contract, judged = CompiledContract.of(without(plan, *expectation)), 0
    for result in relevant:
        judged += result.size + each
        if judged > left:
            return None, judged
        if _result(verify([contract], result.reading)) != result.result:
            return True, judged
    return False, judged


def _result(report: Report) -> Mapping[tuple[str, str, bool], int]:
    """Return an example's findings without `match-ambiguous`, which also depends on what else names the entries."""
    given = (finding for finding in report.findings if finding.id != "match-ambiguous")
    return Counter((finding.key, finding.level, finding.pending is not None) for finding in given)
