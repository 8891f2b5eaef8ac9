"""Judge contracts by their own examples: each must give exactly the findings that it lists (section 13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import Example, load_examples
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.engine.results.expectations import ExpectationKey
from spanpact.errors import Place
from spanpact.findings import ContractResult, Coverage, CoverageState, Finding, NotChecked, Report, Verdict
from spanpact.findings.catalogue import CATALOGUE
from spanpact.sources import OtlpFileSource
from spanpact.trace.model import Reading, SourceInfo, Trace
from spanpact.verification.examples.proving import JudgedReading, proofs
from spanpact.verification.verifying import verify

_LISTED_LEVELS = ("violation", "improvement")
_HOW_TO_PROVE: Mapping[CoverageState, str] = {
    "unseen": "no example reaches its place: add one that does, and one that breaks it",
    "vacuous": "no example has anything to decide there: add one that has, and one that breaks it",
    "exercised": "add a rejected example that breaks it and nothing else",
}
_STATES: tuple[CoverageState, ...] = ("unseen", "vacuous", "exercised")


def verify_examples(plans: Sequence[ContractPlan], *, strict: bool = False, allow_unseen: bool = False) -> Report:
    """Judge every example of every contract.

    An example that gives other findings (violations and improvements, by key) than it lists is an `example-wrong`
    finding; the findings that it does not list are added as information. Coverage is that of all examples together.
    An expectation of the contract's own file that none of them proves is `expectation-unproven`. The traces in the
    report are named `contract/example`. Raise ContractError for examples that are not in the language.
    """
    results, traces = [], list[Trace]()
    for plan in plans:
        judged = judge_examples(plan)
        results.append(examples_result(plan, judged))
        traces += (trace for each in judged for trace in _named(plan, each.example))
    reading = Reading(SourceInfo("examples of the contracts"), traces)
    return Report(tuple(results), (), reading, strict, allow_unseen)


@dataclass(frozen=True, slots=True)
class JudgedExample:
    """One example, and the report of its contract on it."""

    example: Example
    report: Report


def judge_examples(plan: ContractPlan, *, one_kind: bool = False) -> list[JudgedExample]:
    """Judge the examples of one contract; with `one_kind` all of them may be accepted, or all rejected.

    Raise ContractError for examples that are not in the language.
    """
    contract = CompiledContract.of(plan)
    examples = load_examples(
        plan,
        assignments=lambda _, reading: assignments(contract, reading),
        read_file=lambda path: OtlpFileSource(path).read(),
        one_kind=one_kind,
    )
    return [JudgedExample(example, verify([contract], example.reading)) for example in examples]


def examples_result(plan: ContractPlan, judged: Sequence[JudgedExample]) -> ContractResult:
    """Return the result of a contract by its own examples: whether each gives what it lists, and what they prove."""
    findings = [finding for each in judged for finding in _departures(plan, each.example, each.report)]
    results = [each.report.results[0] for each in judged]
    proof = proofs(plan, [JudgedReading(each.example.reading, each.report) for each in judged])
    coverage = _proven(_combined(result.coverage for result in results), proof)
    findings += _unproven(plan, coverage)
    missing = () if judged else (NotChecked("top", "examples", "unseen", "it has no examples", place=plan.place),)
    broken = any(finding.breaks for finding in findings)
    verdict: Verdict = "broken" if broken else "kept" if judged else "not checked"
    flows, name, version, file = sum(result.flows for result in results), plan.name, plan.version, plan.file
    return ContractResult(name, version, file, verdict, flows, tuple(findings), missing, coverage)


def _proven(coverage: Iterable[Coverage], proof: Mapping[ExpectationKey, bool]) -> tuple[Coverage, ...]:
    return tuple(replace(each, proven=proof.get((each.entry, each.keyword))) for each in coverage)


def _unproven(plan: ContractPlan, coverage: Iterable[Coverage]) -> Iterator[Finding]:
    """Yield what no example proves, but for fragments: another contract that extends one may prove those."""
    for each in coverage:
        own = each.place is None or each.place.file == plan.file
        if own and each.proven is False and (finding := unproven(plan, each)):
            yield finding


def unproven(plan: ContractPlan, coverage: Coverage) -> Finding | None:
    """Return the `expectation-unproven` finding of an expectation at the contract's level; None if that is off."""
    id = "expectation-unproven"
    level = plan.levels.get(f"{coverage.entry}/{id}") or plan.levels.get(id) or CATALOGUE[id].level
    if level == "off":
        return None
    return Finding(
        id,
        coverage.entry,
        f"no example proves {coverage.entry}.{coverage.keyword}: without it, all give the same findings",
        level,
        contract=plan.name,
        keyword=coverage.keyword,
        place=coverage.place,
        hint=_HOW_TO_PROVE[coverage.state],
    )


def _departures(plan: ContractPlan, example: Example, report: Report) -> list[Finding]:
    """Return the `example-wrong` finding and the findings that the example does not list; nothing if it is right."""
    given = [finding for finding in report.findings if finding.level in _LISTED_LEVELS and not finding.pending]
    got, expected = Counter(finding.key for finding in given), Counter(example.expected)
    missing, surplus = expected - got, got - expected
    if not missing and not surplus:
        return []
    unlisted = [_as_information(plan, example, finding) for finding in given if finding.key in surplus]
    parts = [f"listed but not found: {_list(missing)}"] if missing else []
    parts += [f"found but not listed: {_list(surplus)}"] if surplus else []
    wrong = Finding(
        "example-wrong",
        example.id,
        "the example gave other findings than it lists",
        contract=plan.name,
        keyword="findings",
        place=example.place,
        trace_id=_label(plan, example, 0),
        expected=_list(expected),
        observed=_list(got),
        hint="; ".join(parts),
    )
    return [wrong, *unlisted]


def _as_information(plan: ContractPlan, example: Example, finding: Finding) -> Finding:
    ids = [trace.trace_id for trace in example.reading.traces]
    number = ids.index(finding.trace_id) if finding.trace_id in ids else 0
    return replace(finding, level="information", contract=plan.name, trace_id=_label(plan, example, number))


def _list(keys: Counter[str]) -> str:
    return ", ".join(sorted(keys.elements())) or "none"


def _label(plan: ContractPlan, example: Example, number: int) -> str:
    return f"{plan.name}/{example.id}" + (f"#{number + 1}" if len(example.reading.traces) > 1 else "")


def _named(plan: ContractPlan, example: Example) -> list[Trace]:
    """Return the example's traces with names as ids: the ids of two examples are the same."""
    return [
        msgspec.structs.replace(trace, trace_id=_label(plan, example, i))
        for i, trace in enumerate(example.reading.traces)
    ]


def _combined(coverages: Iterable[Sequence[Coverage]]) -> tuple[Coverage, ...]:
    """Return the coverage by all examples: the furthest state of each expectation, and how often it was exercised."""
    combined: dict[tuple[str, str, Place | None], Coverage] = {}
    for coverage in coverages:
        for each in coverage:
            key = (each.entry, each.keyword, each.place)
            before = combined.get(key, replace(each, state="unseen", exercised=0))
            state = max(before.state, each.state, key=_STATES.index)
            combined[key] = replace(each, state=state, exercised=before.exercised + each.exercised)
    return tuple(combined.values())
