"""Markdown: within the limits of comments, and nothing of a trace is Markdown itself."""

from __future__ import annotations

import re

import pytest

from spanpact.errors import Place
from spanpact.findings import ContractResult, Finding, Report
from spanpact.reporting import TextOptions, summary_line
from spanpact.reporting.formats import render_report
from spanpact.reporting.formats.markdown import MOST_CHARACTERS
from tests.reporting.formats.reports import REPORTS


def markdown(report: Report) -> str:
    return render_report("markdown", report, TextOptions())


@pytest.mark.parametrize("name", REPORTS)
def test_report_begins_with_the_summary_and_shows_each_verdict(name: str) -> None:
    report = REPORTS[name]
    text = markdown(report)
    assert text.splitlines()[0] == f"### spanpact: {summary_line(report)}"
    assert text.count("❌ broken") == sum(result.verdict == "broken" for result in report.results)
    assert ("✅" in text) == any(result.verdict == "kept" and report.accepts(result) for result in report.results)
    assert report.exit_code != 3 or "⚠️" in text


def test_kinds_are_a_table_and_one_flow_is_in_detail() -> None:
    text = markdown(REPORTS["broken"])
    row = f"| `lookup/kind` | 4 | `the span kind differs` | `contracts/session-validate.contract.yaml:8` | `{1:032x}` |"
    assert row in text.splitlines()
    assert "<details><summary>in detail</summary>\n\n```text\nsession-validate broken in" in text


@pytest.mark.parametrize("name", REPORTS)
def test_outside_of_code_there_are_only_words_of_our_own(name: str) -> None:
    text = re.sub(r"(?ms)^(````*)text\n.*?^\1$", "", markdown(REPORTS[name]))
    text = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "evil" not in text
    assert "@" not in text
    assert set(re.findall("<[^>]*>", text)) <= {"<details>", "<summary>", "</summary>", "</details>"}


@pytest.mark.parametrize("name", REPORTS)
def test_every_row_of_a_table_has_the_cells_of_its_head(name: str) -> None:
    cells = 0
    for line in markdown(REPORTS[name]).splitlines():
        if not line.startswith("|"):
            cells = 0
            continue
        number = len(re.findall(r"(?<!\\)\|", line))
        assert cells in (0, number)
        cells = number


def test_a_long_report_is_cut_at_the_end_of_a_block() -> None:
    findings = tuple(
        Finding("kind", f"entry{n}", "d" * 300, place=Place("c.yaml", n, 1), expected="e" * 300) for n in range(1, 40)
    )
    results = tuple(ContractResult(f"c{n}", "1.0.0", "c.yaml", "broken", 1, findings) for n in range(60))
    text = markdown(Report(results))
    assert MOST_CHARACTERS // 2 < len(text) <= MOST_CHARACTERS
    assert text.endswith("\n_The report is cut here; `--format text` has all of it._\n")
    assert text.count("<details>") == text.count("</details>")
