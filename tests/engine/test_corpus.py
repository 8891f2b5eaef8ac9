"""The cases of tests/corpus, each judged by the engine and compared exactly; tests/corpus/README.md has the format."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from spanpact.engine import CompiledContract, verify
from spanpact.examples import load_examples
from spanpact.findings import ContractResult, Finding, Report
from spanpact.loader import load_text
from spanpact.model import ALL_CAPABILITIES, Reading, SourceInfo
from spanpact.plan import ContractPlan

CORPUS = Path(__file__).parents[1] / "corpus"
HEADER = {"spanpact": 1, "contract": "case", "version": "1.0.0"}
GROUP = {"description", "contract", "given", "cases"}
CASE = {
    "description", "trace", "traces", "findings", "verdict", "not_checked", "coverage", "without", "complete",
    "scenario", "offered", "resolution", "today",
}  # fmt: skip
PARTLY = ("message", "hint")


@dataclass(frozen=True)
class Case:
    """One case with the group that it belongs to."""

    file: str
    group: Mapping[str, Any]
    case: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.file}: {self.group['description']}: {self.case['description']}"


def cases() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.yaml")):
        for group in YAML(typ="safe", pure=True).load(path.read_text()):
            yield from (Case(path.stem, group, case) for case in group["cases"])


CASES = list(cases())


@cache
def plan_of(place: int) -> tuple[ContractPlan, CompiledContract]:
    """The contract of a case's group, whose only examples are this case and the two that every contract needs."""
    case = CASES[place]
    traces = {key: case.case[key] for key in ("trace", "traces", "offered") if key in case.case}
    examples = {
        **({"given": case.group["given"]} if "given" in case.group else {}),
        "case": traces,
        "accepted": {"trace": []},
        "rejected": {"trace": [], "findings": ["top/span-missing"]},
    }
    plan = load_text(written({**HEADER, **case.group["contract"], "examples": examples}), file="case.contract.yaml")
    return plan, CompiledContract.of(plan)


def written(mapping: Mapping[str, Any]) -> str:
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    yaml.representer.ignore_aliases = lambda *_: True  # contracts refuse anchors
    yaml.dump(mapping, text)
    return text.getvalue()


def reading_of(plan: ContractPlan, case: Mapping[str, Any]) -> Reading:
    reading = next(example.reading for example in load_examples(plan) if example.id == "case")
    label = case.get("scenario", plan.scenario)
    traces = [
        msgspec.structs.replace(trace, complete=case.get("complete", True), scenario=label) for trace in reading.traces
    ]
    source = SourceInfo("case", ALL_CAPABILITIES - set(case.get("without", ())), case.get("resolution", 1))
    return msgspec.structs.replace(reading, source=source, traces=traces)


def judged(place: int) -> Report:
    plan, contract = plan_of(place)
    case = CASES[place].case
    today = dt.date.fromisoformat(str(case.get("today", "2026-01-01")))
    return verify([contract], reading_of(plan, case), today=today)


def fields_of(finding: Finding, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a finding that the case speaks of, in the case's own form."""
    observed = {"finding": finding.key, **{name: getattr(finding, name) for name in wanted if name != "finding"}}
    for name in PARTLY:
        if name in wanted and wanted[name] and wanted[name] in observed[name]:
            observed[name] = wanted[name]
    if "pending" in wanted:
        observed["pending"] = finding.pending is not None
    if "path" in wanted:
        observed["path"] = list(finding.path)
    return observed


def shown(report: Report) -> str:
    return "\n".join(str(each) for each in (*report.findings, *report.results[0].not_checked))


@pytest.mark.parametrize("place", range(len(CASES)), ids=[case.id for case in CASES])
def test_case(place: int) -> None:
    case, report = CASES[place].case, judged(place)
    expected = [each if isinstance(each, dict) else {"finding": each} for each in case.get("findings", ())]
    assert Counter(f.key for f in report.findings) == Counter(each["finding"] for each in expected), shown(report)
    left = list(report.findings)
    for each in sorted(expected, key=len, reverse=True):  # the most particular first
        found = [f for f in left if f.key == each["finding"]]
        hit = next((f for f in found if fields_of(f, each) == each), None)
        assert hit is not None, (each, [fields_of(f, each) for f in found])
        left.remove(hit)
    _check_result(case, report)


def _check_result(case: Mapping[str, Any], report: Report) -> None:
    result: ContractResult = report.results[0]
    usual = "broken" if case.get("findings") else "kept"
    not_checked = Counter((n.entry, n.keyword, n.reason) for n in result.not_checked)
    wanted = Counter((n["entry"], n["keyword"], n["reason"]) for n in case.get("not_checked", ()))
    assert not_checked == wanted, shown(report)
    assert report.verdict == case.get("verdict", usual), shown(report)
    coverage = {f"{c.entry}.{c.keyword}": c.state for c in result.coverage}
    spoken_of = case.get("coverage", {})
    assert {key: coverage.get(key) for key in spoken_of} == spoken_of


def test_every_group_and_case_is_written_in_the_format() -> None:
    for case in CASES:
        assert set(case.group) <= GROUP, case.id
        assert set(case.case) <= CASE, case.id
        assert ("trace" in case.case) != ("traces" in case.case), case.id


def test_no_two_cases_have_one_name() -> None:
    assert not [id for id, times in Counter(case.id for case in CASES).items() if times > 1]
