"""JUnit XML: valid, and the readers that others use count what the text report counts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

import pytest
from junit2htmlreport.parser import Junit
from junitparser import Error, Failure, JUnitXml, Skipped

from spanpact.reporting import TextOptions
from spanpact.reporting.formats import render_report
from tests.reporting.formats.reports import REPORTS, breaking

# What the JUnit schema of Jenkins (junit-10) lets an element hold: required attributes, further ones, children.
_GRAMMAR: Final[dict[str, tuple[set[str], set[str], set[str]]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
}


def junit(name: str) -> str:
    return render_report("junit", REPORTS[name], TextOptions())


@pytest.mark.parametrize("name", REPORTS)
def test_elements_and_attributes_are_those_of_the_schema(name: str) -> None:
    for element in ET.fromstring(junit(name).encode()).iter():
        required, optional, children = _GRAMMAR[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= children


@pytest.mark.parametrize("name", REPORTS)
def test_junitparser_counts_what_the_report_counts(name: str) -> None:
    report = REPORTS[name]
    suites = {suite.name: suite for suite in JUnitXml.fromstring(junit(name).encode())}
    for suite in suites.values():
        told = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()
        assert told == (suite.tests, suite.failures, suite.errors, suite.skipped)
    if contracts := suites.get("contracts"):
        assert contracts.tests == len(report.results)
        assert contracts.failures == sum(result.verdict == "broken" for result in report.results)
    cases = [case for suite in suites.values() for case in suite]
    numbers = [int(case.result[0].message.split()[0]) for case in cases if case.is_failure]
    assert sum(numbers) == breaking(report)


@pytest.mark.parametrize("name", REPORTS)
def test_all_cases_pass_only_if_the_exit_code_is_0(name: str) -> None:
    suites = list(JUnitXml.fromstring(junit(name).encode()))
    results = [result for suite in suites for case in suite for result in case.result]
    assert all(len(case.result) <= 1 for suite in suites for case in suite)
    assert {0: not any(isinstance(each, Failure | Error) for each in results) and bool(suites),
            1: any(isinstance(each, Failure) for each in results),
            3: any(isinstance(each, Error) for each in results)}[REPORTS[name].exit_code]  # fmt: skip


def test_what_is_not_checked_and_allowed_is_skipped_with_its_reason() -> None:
    suite = next(iter(JUnitXml.fromstring(junit("unseen and allowed").encode())))
    _, allowed = suite
    (result,) = allowed.result
    assert isinstance(result, Skipped)
    assert result.message.startswith("no-trace") or result.message.startswith("unseen")


@pytest.mark.parametrize("name", REPORTS)
def test_junit2html_shows_the_same_cases(name: str, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_text(junit(name), encoding="utf-8")
    read = Junit(str(file))
    outcomes = [case.outcome() for suite in read.suites for case in suite.all()]
    parsed = [case for suite in JUnitXml.fromstring(junit(name).encode()) for case in suite]
    assert len(outcomes) == len(parsed)
    assert outcomes.count("passed") == sum(case.is_passed for case in parsed)
    assert outcomes.count("skipped") == sum(case.is_skipped for case in parsed)


def test_a_broken_case_holds_the_findings_as_the_text_report_draws_them() -> None:
    case = ET.fromstring(junit("broken").encode()).find(".//failure")
    assert case is not None
    assert case.text is not None
    assert "session-validate broken in 10 flows" not in case.text
    assert "  lookup/kind " in case.text
    assert "✗ lookup/kind  contracts/session-validate.contract.yaml:8:29  (kind)" in case.text
