"""Judge each case of tests/corpus and compare its result exactly; tests/corpus/README.md describes the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from spanpact.findings import ContractResult, Finding, Report
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from tests.engine.corpus_cases import CASES, README, Case, cases_by_keyword, plan_of, reading_of, table

GROUP = {"description", "contract", "given", "cases"}
CASE = {
    "description", "trace", "traces", "findings", "verdict", "not_checked", "coverage", "without", "complete",
    "scenario", "offered", "resolution", "clocks", "today", "flows", "logs",
}  # fmt: skip


def judged(place: int) -> Report:
    return verify([plan_of(place)[0]], reading_of(place), VerificationOptions(today=CASES[place].today))


def fields_of(finding: Finding, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a finding that the case lists, in the case's format."""
    observed = {"finding": finding.key, **{name: getattr(finding, name) for name in wanted if name != "finding"}}
    if wanted.get("hint") and wanted["hint"] in finding.hint:
        observed["hint"] = wanted["hint"]  # a part of it is enough
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
    for each in sorted(expected, key=len, reverse=True):  # the most specific first
        found = [f for f in left if f.key == each["finding"]]
        hit = next((f for f in found if fields_of(f, each) == each), None)
        assert hit is not None, (each, [fields_of(f, each) for f in found])
        left.remove(hit)
    _check_result(case, report)
    _check_where(CASES[place], report)


def _check_result(case: Mapping[str, Any], report: Report) -> None:
    result: ContractResult = report.results[0]
    usual = "broken" if case.get("findings") else "kept"
    not_checked = Counter((n.entry, n.keyword, n.reason) for n in result.not_checked)
    wanted = Counter((n["entry"], n["keyword"], n["reason"]) for n in case.get("not_checked", ()))
    assert not_checked == wanted, shown(report)
    details = {(n.entry, n.keyword, n.detail) for n in result.not_checked}
    wanted_details = {(n["entry"], n["keyword"], n["detail"]) for n in case.get("not_checked", ()) if "detail" in n}
    assert wanted_details <= details, shown(report)
    assert all(n.detail for n in result.not_checked), shown(report)
    assert all(n.place for n in result.not_checked if n.reason != "unseen"), shown(report)
    assert all(f.place for f in result.findings if f.id != "pending-kept"), shown(report)
    assert report.verdict == case.get("verdict", usual), shown(report)
    coverage = {f"{c.entry}.{c.keyword}": c.state for c in result.coverage}
    wanted_coverage = case.get("coverage", {})
    assert {key: coverage.get(key) for key in wanted_coverage} == wanted_coverage


def _check_where(case: Case, report: Report) -> None:
    """Assert what holds of every case: flows and findings name spans that exist, and the contract."""
    assert report.reading is not None
    (result,), traces = report.results, report.reading.traces
    spans = {(trace.trace_id, span.span_id) for trace in traces for span in trace.spans}
    spans |= {(trace.trace_id, "") for trace in traces}
    assert (result.contract, result.version, result.file) == ("case", "1.0.0", "case.contract.yaml")
    assert result.flows == len(result.flow_spans) == case.case.get("flows", result.flows)
    assert spans.issuperset(result.flow_spans)
    named = "span" in case.group["contract"] and all(span.span_id for trace in traces for span in trace.spans)
    assert all(bool(span_id) == named for _, span_id in result.flow_spans)
    for finding in report.findings:
        exists = (finding.trace_id, finding.span_id) in spans
        assert not finding.span_id or exists or finding.id == "log-uncorrelated", finding
        assert finding.span_id or not finding.path or finding.id == "id-invalid", finding
        assert finding.trace_id or not finding.path, finding


def test_every_group_and_case_is_written_in_the_format() -> None:
    for case in CASES:
        assert set(case.group) <= GROUP, case.id
        assert set(case.case) <= CASE, case.id
        assert ("trace" in case.case) != ("traces" in case.case), case.id


def test_no_two_cases_have_one_name() -> None:
    assert not [id for id, times in Counter(case.id for case in CASES).items() if times > 1]


def test_every_keyword_has_cases_enough() -> None:
    assert {keyword: number for keyword, number in cases_by_keyword().items() if number < 5} == {}


def test_the_readme_says_how_many_there_are() -> None:
    assert README.read_text().endswith(table()), "python -m tests.engine.corpus_cases --write"
