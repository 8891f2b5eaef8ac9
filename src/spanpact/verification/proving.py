"""Prove expectations by examples: one is proven if some example has another result without it (section 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.expectations import ExpectationKey
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.verification.expectation_removal import without
from spanpact.verification.verifying import verify

MOST_WORK: Final = 500_000
"""How much is judged to prove the expectations of one contract: the sum of spans and expectations in all judgements."""


@dataclass(frozen=True, slots=True)
class JudgedReading:
    """The traces of one example, and the report of the whole contract on them."""

    reading: Reading
    report: Report


@dataclass(frozen=True, slots=True)
class _ExampleResult:
    """An example's result, the expectations whose place it reaches, and the ids that have findings in it."""

    reading: Reading
    result: Mapping[tuple[str, str, bool], int]
    reached: frozenset[ExpectationKey]
    ids_with_findings: frozenset[str]
    size: int

    @classmethod
    def of(cls, judged: JudgedReading) -> _ExampleResult:
        report = judged.report
        return cls(
            judged.reading,
            _result(report),
            frozenset((each.entry, each.keyword) for each in report.results[0].coverage if each.state != "unseen"),
            frozenset(id for finding in report.findings for id in (finding.entry, finding.condition)),
            sum(len(trace.spans) for trace in judged.reading.traces),
        )


def proofs(plan: ContractPlan, examples: Sequence[JudgedReading]) -> dict[ExpectationKey, bool]:
    """Return whether the examples prove each expectation of a contract that demands something.

    For each expectation, the examples that reach its place are judged without it. It is not enough that an example has
    its finding: if two expectations give the same finding, neither is needed. Expectations that are left when
    `MOST_WORK` is used up have no entry.
    """
    results, independent = [_ExampleResult.of(each) for each in examples], _independent_ids(plan)
    keys = [(each.entry, each.keyword) for each in examples[0].report.results[0].coverage] if examples else []
    found: dict[ExpectationKey, bool] = {}
    left = MOST_WORK
    for expectation in keys:
        reduced = without(plan, *expectation)
        if reduced is plan:
            continue
        relevant = _relevant(expectation, results, only_with_findings=expectation[0] in independent)
        noticed, judged = _is_noticed(reduced, relevant, left, each=len(keys))
        left -= judged
        if noticed is not None:
            found[expectation] = noticed
    return found


def _independent_ids(plan: ContractPlan) -> frozenset[str]:
    """Return the ids whose expectations change nothing but their own findings: they do not affect the assignment.

    Attributes that they name are allowed in places closed for attributes: with such a place, none is independent.
    """
    if any("attributes" in entry.closed for entry in plan.top.walk()):
        return frozenset()
    ids = {each.id for each in plan.rules} | {each.id for each in plan.across}
    ids |= {condition.id for entry in plan.top.walk() for condition in entry.conditions}
    ids |= {event.id for rule in plan.rules for event in rule.content.events}
    return frozenset(ids | {link.id for rule in plan.rules for link in rule.content.links})


def _relevant(
    expectation: ExpectationKey, results: Sequence[_ExampleResult], *, only_with_findings: bool
) -> list[_ExampleResult]:
    """Return the examples that may have another result: those where the id has a finding first, then small ones."""
    id = expectation[0]
    relevant = [
        w for w in results if id in w.ids_with_findings or (expectation in w.reached and not only_with_findings)
    ]
    return sorted(relevant, key=lambda result: (id not in result.ids_with_findings, result.size))


def _is_noticed(
    reduced: ContractPlan, relevant: Sequence[_ExampleResult], left: int, *, each: int
) -> tuple[bool | None, int]:
    """Return whether an example has another result (None: too much work), and the work; `each` is added per example."""
    if not relevant:
        return False, 0
    contract, judged = CompiledContract.of(reduced), 0
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
