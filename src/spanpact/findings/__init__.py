"""Findings: what a verification reports, as values, and the catalogue of finding ids.

May import: `trace`, `errors`.
"""

from __future__ import annotations

from spanpact.findings.catalogue import CATALOGUE, FindingId
from spanpact.findings.finding import LEVELS, Finding, Level, Pending
from spanpact.findings.report import ContractResult, Coverage, CoverageState, NotChecked, Reason, Report, Verdict

__all__ = [
    "CATALOGUE",
    "LEVELS",
    "ContractResult",
    "Coverage",
    "CoverageState",
    "Finding",
    "FindingId",
    "Level",
    "NotChecked",
    "Pending",
    "Reason",
    "Report",
    "Verdict",
]
