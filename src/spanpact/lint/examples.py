"""Examples that do not say what they should, and expectations that no example proves (sections 11 and 13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spanpact.contract.document import Mapping as Document
from spanpact.contract.document import Sequence as DocumentList
from spanpact.errors import Place
from spanpact.findings import ContractResult, Finding
from spanpact.lint.contract_facts import Facts
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.trace.name_patterns import NamePattern
from spanpact.verification.contract_examples import JudgedExample, examples_result, judge_examples, unproven


@dataclass(frozen=True, slots=True)
class Proved:
    """A contract whose examples were judged."""

    facts: Facts
    judged: Sequence[JudgedExample]
    result: ContractResult


def prove(facts: Facts) -> Proved:
    """Judges the examples of a contract. Raises ContractError for those that are not in the language."""
    judged = judge_examples(facts.plan, one_kind=True)
    return Proved(facts, judged, examples_result(facts.plan, judged))


def example_messages(proved: Proved) -> Iterator[LintMessage]:
    """What is wrong with the examples of one contract, and what of its own file they leave unproven."""
    yield from _kinds(proved.facts)
    for finding in proved.result.findings:
        if finding.id in ("example-wrong", "expectation-unproven"):
            yield _as_message(finding)
    pattern = proved.facts.plan.top.span
    for each in proved.judged:
        names = {span.name for trace in each.example.reading.traces for span in trace.spans}
        if not each.example.expected and not any(pattern.fits(name) if pattern else name for name in names):
            message = (
                f"the example `{each.example.id}` is accepted because there is no `{pattern or 'span'}` in it to judge"
            )
            hint = "mend the name, or remove the example"
            yield lint_message("example-without-flow", message, hint=hint, place=each.example.place)
    yield from _given(proved)


def fragment_proofs(file: str, proved: Sequence[Proved]) -> Iterator[LintMessage]:
    """What a fragment says and no contract among those that extend it proves."""
    unknown: dict[Place, Finding | None] = {}
    known: set[Place] = set()
    for each in proved:
        for coverage in each.result.coverage:
            if coverage.place is None or coverage.place.file != file or coverage.proven is None:
                continue
            if coverage.proven:
                known.add(coverage.place)
            elif coverage.place not in unknown:
                unknown[coverage.place] = unproven(each.facts.plan, coverage)
    for place, finding in unknown.items():
        if place not in known and finding is not None:
            yield _as_message(finding)


def _kinds(facts: Facts) -> Iterator[LintMessage]:
    section = facts.document.items.get("examples")
    if not isinstance(section, Document):
        message = "the contract has no examples"
        hint = "add one that it accepts, and one that it rejects, with its `findings`"
        yield lint_message("examples-missing", message, hint=hint, place=facts.plan.place)
        return
    rejects = [_expects_findings(item) for id, item in section.items.items() if id != "given"]
    for missing, is_there in (("accepted", False in rejects), ("rejected", True in rejects)):
        if not is_there:
            message = f"`examples` holds no {missing} example"
            hint = "without one nothing is proven" if missing == "rejected" else "add a trace that keeps the contract"
            place = facts.document.keys["examples"].place
            yield lint_message("examples-missing", message, hint=hint, place=place)


def _expects_findings(example: object) -> bool:
    findings = example.items.get("findings") if isinstance(example, Document) else None
    return isinstance(findings, DocumentList) and bool(findings.items)


def _given(proved: Proved) -> Iterator[LintMessage]:
    section = proved.facts.document.items.get("examples")
    given = section.items.get("given") if isinstance(section, Document) else None
    if not isinstance(given, Document):
        return
    readings = [each.example.reading for each in proved.judged]
    names = {span.name for reading in readings for trace in reading.traces for span in trace.spans}
    for text, location in given.keys.items():
        if not any(map(NamePattern((text,)).fits, names)):
            message = f"`given` says something of `{text}`, and no example has such a span"
            yield lint_message("given-unused", message, hint="remove it, or mend the name", place=location.place)


def _as_message(finding: Finding) -> LintMessage:
    what = f"`{finding.entry}`: {finding.message}" if finding.id == "example-wrong" else finding.message
    return LintMessage(finding.id, what, finding.hint, finding.place, level=finding.level)
