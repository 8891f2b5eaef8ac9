"""The text of a lint report: what must be fixed first, and unproven expectations in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.lint import LintReport, lint
from spanpact.reporting import TextOptions
from spanpact.reporting.lint_json import lint_document
from spanpact.reporting.lint_text import render_lint_text

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: work\n"
UNPROVEN = "kind: server\nstatus: ok\nattributes: {a: present, b: present, c: present, d: present}\n"
LATE = "children: {load: {span: a, attributes: {n: {type: int, equals: x}}}}\naliases: {x: [y]}\n"
EXAMPLES = (
    "examples:\n  good: {trace: [{span: work, kind: server, status: ok, attributes: {a: 1, b: 1, c: 1, d: 1}}]}\n"
)


@pytest.fixture
def report(tmp_path: Path) -> LintReport:
    (tmp_path / "c.contract.yaml").write_text(HEAD + UNPROVEN + LATE + EXAMPLES)
    return lint([tmp_path])


def levels(text: str) -> list[str]:
    """Return the levels of the messages, in the order of the text."""
    return [line.split(": ")[1].split()[0] for line in text.splitlines() if ".contract.yaml:" in line]


def test_violations_come_first_then_improvements_then_information(report: LintReport) -> None:
    found = levels(render_lint_text(report))
    assert found == sorted(found, key=["violation", "improvement", "information"].index)
    assert set(found) == {"violation", "improvement", "information"}


def test_unproven_expectations_of_a_contract_are_one_line(report: LintReport) -> None:
    text = render_lint_text(report)
    number = sum(each.id == "expectation-unproven" for each in report.messages)
    assert number > 5
    assert text.count("expectation-unproven") == 1
    assert f"{number} expectations are unproven: top.kind, top.status, top.attributes.a, " in text
    assert f"{number} of information" in text
    assert "the missing examples are the cause" in text


def test_all_lists_each_unproven_expectation(report: LintReport) -> None:
    text = render_lint_text(report, TextOptions(everything=True))
    number = sum(each.id == "expectation-unproven" for each in report.messages)
    assert text.count("expectation-unproven") == number


def test_json_keeps_every_message(report: LintReport) -> None:
    assert len(lint_document(report)["messages"]) == len(report.messages)


def test_a_single_unproven_expectation_keeps_its_hint(tmp_path: Path) -> None:
    bad = "  bad: {trace: [work], findings: [top/status]}\n"
    text = HEAD + "status: ok\nkind: server\n" + EXAMPLES.replace(", kind: server", "") + bad
    (tmp_path / "c.contract.yaml").write_text(text.replace("kind: server", "kind: internal"))
    assert "no example proves top.kind" in render_lint_text(lint([tmp_path]))


def test_each_contract_has_its_own_line(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.contract.yaml").write_text(HEAD.replace(": c", f": {name}") + UNPROVEN + EXAMPLES)
    assert render_lint_text(lint([tmp_path])).count("expectation-unproven") == 2
