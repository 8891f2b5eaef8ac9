"""Examples that are missing or wrong, and expectations that no example proves.

Sections 11 and 13 of docs/contract-format.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.contract.document import Mapping as Document
from spanpact.contract.document import Sequence as DocumentList
from spanpact.errors import Place
from spanpact.findings import ContractResult, Finding
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.trace.name_patterns import NamePattern
from spanpact.verification.examples.contract_examples import JudgedExample, examples_result, judge_examples, unproven

_ADD: Final = {
    "accepted": "add a trace that keeps the contract",
    "rejected": "add a trace that breaks it, with its `findings`: without one nothing is proven",
}


@dataclass(frozen=True, slots=True)
class JudgedContract:
    """A contract whose examples were judged, with the result of each and of all."""

    contract: LintedContract
    judged: Sequence[JudgedExample]
    result: ContractResult


def judge_contract(contract: LintedContract) -> JudgedContract:
    """Judge the examples of a contract. Raises `ContractError` for examples that do not follow the language."""
    judged = judge_examples(contract.plan, one_kind=True)
    return JudgedContract(contract, judged, examples_result(contract.plan, judged))


def check_examples(judged: JudgedContract) -> Iterator[LintMessage]:
    """Yield messages about the examples of one contract, and about what they leave unproven in its own file."""
    yield from _missing_kinds(judged.contract)
    for finding in judged.result.findings:
        if finding.id in ("example-wrong", "expectation-unproven"):
            yield _as_message(finding)
    pattern = judged.contract.plan.top.span
    for each in judged.judged:
        names = {span.name for trace in each.example.reading.traces for span in trace.spans}
        if not each.example.expected and not any(pattern.fits(name) if pattern else name for name in names):
            wanted = f"span `{pattern}`" if pattern else "span"
            message = f"the example `{each.example.id}` is accepted only because it has no {wanted}"
            hint = "fix the name of the span, or remove the example"
            yield lint_message("example-without-flow", message, hint=hint, place=each.example.place)
    yield from _unused_given(judged)


def unproven_of_fragment(file: str, users: Sequence[JudgedContract]) -> Iterator[LintMessage]:
    """Yield a message for each expectation of a fragment that none of the contracts that extend it proves."""
    unknown: dict[Place, Finding | None] = {}
    known: set[Place] = set()
    for each in users:
        for coverage in each.result.coverage:
            if coverage.place is None or coverage.place.file != file or coverage.proven is None:
                continue
            if coverage.proven:
                known.add(coverage.place)
            elif coverage.place not in unknown:
                unknown[coverage.place] = unproven(each.contract.plan, coverage)
    for place, finding in unknown.items():
        if place not in known and finding is not None:
            yield _as_message(finding)


def _missing_kinds(contract: LintedContract) -> Iterator[LintMessage]:
    section = contract.document.items.get("examples")
    if not isinstance(section, Document):
        message = "the contract has no examples"
        hint = "add a trace that keeps it, and one that breaks it with its `findings`"
        yield lint_message("examples-missing", message, hint=hint, place=contract.plan.place)
        return
    rejects = [_expects_findings(item) for id, item in section.items.items() if id != "given"]
    for missing, is_there in (("accepted", False in rejects), ("rejected", True in rejects)):
        if not is_there:
            message = f"`examples` has no {missing} example"
            hint = _ADD[missing]
            place = contract.document.keys["examples"].place
            yield lint_message("examples-missing", message, hint=hint, place=place)


def _expects_findings(example: object) -> bool:
    findings = example.items.get("findings") if isinstance(example, Document) else None
    return isinstance(findings, DocumentList) and bool(findings.items)


def _unused_given(judged: JudgedContract) -> Iterator[LintMessage]:
    section = judged.contract.document.items.get("examples")
    given = section.items.get("given") if isinstance(section, Document) else None
    if not isinstance(given, Document):
        return
    readings = [each.example.reading for each in judged.judged]
    names = {span.name for reading in readings for trace in reading.traces for span in trace.spans}
    for text, location in given.keys.items():
        if not any(map(NamePattern((text,)).fits, names)):
            message = f"`given` describes `{text}`, but no example has such a span"
            yield lint_message("given-unused", message, hint="remove it, or fix the name", place=location.place)


def _as_message(finding: Finding) -> LintMessage:
    what = f"`{finding.entry}`: {finding.message}" if finding.id == "example-wrong" else finding.message
    expectation = f"{finding.entry}.{finding.keyword}" if finding.id == "expectation-unproven" else ""
    return LintMessage(finding.id, what, finding.hint, finding.place, level=finding.level, expectation=expectation)
