"""How a contract ended, for formats that know tests and problems only: what is not checked is never a pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.findings import ContractResult, Report
from spanpact.reporting.sections.summary import unread_text, why_not_checked
from spanpact.reporting.text_options import counted

Outcome: TypeAlias = Literal["passed", "failed", "not checked", "allowed"]
"""`allowed`: not checked, for a reason that the options accept."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What of a run as a whole was not checked, though no contract says so: a name and the reason."""

    name: str
    why: str


def outcome_of(report: Report, result: ContractResult) -> Outcome:
    """Return how a contract ended under the options of the report."""
    if result.verdict == "broken":
        return "failed"
    if not report.accepts(result):
        return "not checked"
    return "passed" if result.verdict == "kept" else "allowed"


def reason_of(report: Report, result: ContractResult) -> str:
    """Return in one line why a contract was not checked."""
    gaps = sum(each.reason == "capability" for each in result.not_checked)
    if result.verdict == "kept":
        return f"{counted(gaps, 'expectation')} beyond what the source can carry, counted by --strict"
    details = dict.fromkeys(each.detail for each in result.not_checked if each.detail and each.reason != "capability")
    return "; ".join([why_not_checked(result), *details])


def gaps_of(report: Report) -> Iterator[Gap]:
    """Yield what was not checked of the run as a whole: nothing was judged, or not everything was read."""
    if not report.results:
        yield Gap("contracts", "no contract was judged")
    if report.strict and report.unread:
        yield Gap("source", f"unknown fields were not read: {unread_text(report)}")
