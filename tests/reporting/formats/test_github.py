"""Annotations of GitHub Actions: at most ten of a severity, on lines of contracts, and nothing else is a command."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from spanpact.errors import Place
from spanpact.findings import ContractResult, Finding, Report
from spanpact.reporting import TextOptions, summary_line
from spanpact.reporting.formats import render_report
from tests.reporting.formats.reports import HOSTILE, REPORTS

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    """Return severity, properties and message of each annotation, as a runner of GitHub reads them."""
    *lines, last = render_report("github", report, TextOptions()).splitlines()
    assert last == summary_line(report)
    found = []
    for line in lines:
        match = COMMAND.fullmatch(line)
        assert match
        named = dict(pair.split("=", 1) for pair in match[2].split(","))
        found.append((match[1], {name: _read(value) for name, value in named.items()}, _read(match[3])))
    return found


def _read(text: str) -> str:
    for code, character in (("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


@pytest.mark.parametrize("name", REPORTS)
def test_an_error_is_annotated_unless_the_exit_code_is_0(name: str) -> None:
    errors = [each for each in commands(REPORTS[name]) if each[0] == "error"]
    assert bool(errors) == (REPORTS[name].exit_code != 0)


def test_a_kind_of_finding_is_on_its_line_with_the_number_of_flows() -> None:
    severity, properties, message = commands(REPORTS["broken"])[0]
    assert severity == "error"
    assert properties == {
        "file": "contracts/session-validate.contract.yaml", "line": "8", "col": "29",
        "title": "lookup/kind in 4 flows of session-validate 1.0.0",
    }  # fmt: skip
    assert message.splitlines()[0] == "the span kind differs"
    assert message.splitlines()[-1] == f"first trace {1:032x}"


def test_levels_and_what_is_allowed_are_severities() -> None:
    assert [each[0] for each in commands(REPORTS["levels"])] == ["warning", "notice", "notice"]
    assert [each[0] for each in commands(REPORTS["unseen and allowed"])] == ["notice"]


def test_ten_errors_at_most_and_the_last_names_the_rest() -> None:
    findings = tuple(Finding("kind", f"entry{n}", "differs", place=Place("c.yaml", n, 1)) for n in range(1, 16))
    report = Report((ContractResult("c", "1.0.0", "c.yaml", "broken", 1, findings),))
    found = commands(report)
    assert len(found) == 10
    assert found[-1][1]["title"] == "6 more"
    assert found[-1][2].splitlines()[0] == "entry10/kind in 1 flow of c 1.0.0"
    nine = replace(report, results=(replace(report.results[0], findings=findings[:10]),))
    assert [each[1]["title"] for each in commands(nine)][-1] == "entry10/kind in 1 flow of c 1.0.0"


def test_hostile_texts_stay_in_their_place() -> None:
    text = render_report("github", REPORTS["hostile"], TextOptions())
    assert all(line.startswith("::error ") for line in text.splitlines()[:-1])
    assert all(character in "\n\ufffe" or character.isprintable() for character in text)
    titles = [properties["title"] for _, properties, _ in commands(REPORTS["hostile"])]
    assert HOSTILE[:4] in titles[0]
