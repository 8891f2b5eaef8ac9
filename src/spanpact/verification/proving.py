"""Proof of expectations by examples: one is proven if without it some example has another result (section 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.verification.removal import without
from spanpact.verification.verifying import verify

MOST_WORK: Final = 500_000
"""Judged for the proofs of one contract, all examples together, an expectation costing as much as a span."""

Expectation: TypeAlias = tuple[str, str]
"""Id and keyword, as coverage names an expectation."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One example's traces, and what the whole contract says of them."""

    reading: Reading
    report: Report


@dataclass(frozen=True, slots=True)
class _Witness:
    """An example: its result, the expectations whose place it reaches, and the ids that have findings in it."""

    reading: Reading
    result: Mapping[tuple[str, str, bool], int]
    reached: frozenset[Expectation]
    troubled: frozenset[str]
    size: int

    @classmethod
    def of(cls, judged: Judged) -> _Witness:
        report = judged.report
        return cls(
            judged.reading,
            _result(report),
            frozenset((each.entry, each.keyword) for each in report.results[0].coverage if each.state != "unseen"),
            frozenset(id for finding in report.findings for id in (finding.entry, finding.condition)),
            sum(len(trace.spans) for trace in judged.reading.traces),
        )


def proofs(plan: ContractPlan, examples: Sequence[Judged]) -> dict[Expectation, bool]:
    """Whether the examples prove each expectation of a contract that demands something.

    Every example that reaches its place is judged without it. It is not enough that some example gives its finding:
    where two expectations give the same, neither is needed. What is left when `MOST_WORK` were judged has no entry.
    """
    witnesses, apart = [_Witness.of(each) for each in examples], _judged_apart(plan)
    named = [(each.entry, each.keyword) for each in examples[0].report.results[0].coverage] if examples else []
    found: dict[Expectation, bool] = {}
    left = MOST_WORK
    for expectation in named:
        lesser = without(plan, *expectation)
        if lesser is plan:
            continue
        asked = _asked(expectation, witnesses, only_troubled=expectation[0] in apart)
        noticed, judged = _is_noticed(lesser, asked, left, each=len(named))
        left -= judged
        if noticed is not None:
            found[expectation] = noticed
    return found


def _judged_apart(plan: ContractPlan) -> frozenset[str]:
    """The ids whose expectations change nothing but their own findings: they steer no assignment.

    What they name counts in places that are closed for attributes: where there is one, all may matter.
    """
    if any("attributes" in entry.closed for entry in plan.top.walk()):
        return frozenset()
    ids = {each.id for each in plan.rules} | {each.id for each in plan.across}
    ids |= {condition.id for entry in plan.top.walk() for condition in entry.conditions}
    ids |= {event.id for rule in plan.rules for event in rule.content.events}
    return frozenset(ids | {link.id for rule in plan.rules for link in rule.content.links})


def _asked(expectation: Expectation, witnesses: Sequence[_Witness], *, only_troubled: bool) -> list[_Witness]:
    """The examples that may have another result; those where the id has a finding first, then the small ones."""
    id = expectation[0]
    asked = [w for w in witnesses if id in w.troubled or (expectation in w.reached and not only_troubled)]
    return sorted(asked, key=lambda witness: (id not in witness.troubled, witness.size))


def _is_noticed(lesser: ContractPlan, asked: Sequence[_Witness], left: int, *, each: int) -> tuple[bool | None, int]:
    """Whether an example has another result (None: too much to say), and what it cost; `each` example costs more."""
    if not asked:
        return False, 0
    contract, judged = CompiledContract.of(lesser), 0
    for witness in asked:
        judged += witness.size + each
        if judged > left:
            return None, judged
        if _result(verify([contract], witness.reading)) != witness.result:
            return True, judged
    return False, judged


def _result(report: Report) -> Mapping[tuple[str, str, bool], int]:
    """What an example gives; that a match is ambiguous also depends on who speaks of it, and is no result."""
    given = (finding for finding in report.findings if finding.id != "match-ambiguous")
    return Counter((finding.key, finding.level, finding.pending is not None) for finding in given)
