"""The report as JUnit XML: a test case for each contract, and one for the integrity of the traces.

A case has one element: readers show the last of several. Broken is a `failure` with all that the text report draws of
the contract; not checked is an `error`, or `skipped` where the options allow it. The same report gives the same bytes:
there is no time of day and no host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from spanpact.findings import ContractResult, Finding, Report
from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.reporting.formats.outcomes import Outcome, gaps_of, outcome_of, reason_of
from spanpact.reporting.report_text import findings_of_each
from spanpact.reporting.sections.summary import plain_summary
from spanpact.reporting.text_options import TextOptions, counted

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS: Final[dict[Outcome, str]] = {"failed": "failure", "not checked": "error", "allowed": "skipped"}


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    outcome: Outcome
    why: str = ""
    body: str = ""


def render(report: Report, options: TextOptions) -> str:
    """Return the report as JUnit XML."""
    *drawn, malformed = findings_of_each(report, options)
    contracts = [_case(report, result, text) for result, text in zip(report.results, drawn, strict=True)]
    suites = [("contracts", contracts)] if contracts else []
    suites += [("traces", [_integrity(report.integrity, malformed)])] if report.reading or report.integrity else []
    if gaps := [_Case(gap.name, "not checked", gap.why) for gap in gaps_of(report)]:
        suites.append(("run", gaps))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    totals = _counts([case for _, cases in suites for case in cases], skipped=False)
    lines.append(f'<testsuites name="spanpact"{totals}>')
    for name, cases in suites:
        lines.append(f'  <testsuite name="{name}"{_counts(cases)}>')
        lines += map(_case_element, cases)
        lines.append("  </testsuite>")
    lines.append(f"  <!-- {_valid(plain_summary(report)).replace('--', '- -')} -->")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _case(report: Report, result: ContractResult, drawn: str) -> _Case:
    outcome = outcome_of(report, result)
    name = f"{result.contract} {result.version}".rstrip()
    if outcome == "failed":
        return _Case(name, outcome, _number_of(result.findings, counted(result.flows, "flow")), drawn)
    return _Case(name, outcome, "" if outcome == "passed" else reason_of(report, result), drawn)


def _integrity(findings: Sequence[Finding], drawn: str) -> _Case:
    broken = any(finding.breaks for finding in findings)
    traces = counted(len({finding.trace_id for finding in findings if finding.breaks}), "malformed trace")
    return _Case("integrity", "failed" if broken else "passed", _number_of(findings, traces) if broken else "", drawn)


def _number_of(findings: Sequence[Finding], where: str) -> str:
    return f"{counted(sum(finding.breaks for finding in findings), 'finding')}, {where}"


def _counts(cases: Sequence[_Case], *, skipped: bool = True) -> str:
    numbers = {name: sum(case.outcome == outcome for case in cases) for outcome, name in _ELEMENTS.items()}
    counts = f' tests="{len(cases)}" failures="{numbers["failure"]}" errors="{numbers["error"]}"'
    return counts + (f' skipped="{numbers["skipped"]}"' if skipped else "")


def _case_element(case: _Case) -> str:
    start = f'    <testcase name={_attribute(case.name)} classname="spanpact"'
    element = _ELEMENTS.get(case.outcome)
    if element is None:
        return f"{start}/>"
    body = f"\n{escape(_valid(case.body))}\n      " if case.body else ""
    kind = case.outcome.replace(" ", "-")
    return (
        f'{start}>\n      <{element} type="{kind}" message={_attribute(case.why)}>{body}</{element}>\n    </testcase>'
    )


def _attribute(text: str) -> str:
    return quoteattr(_valid(escape_controls(text)))


def _valid(text: str) -> str:
    """Return the text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
