"""Findings: the values that a verification reports.

`finding` has one departure from a contract, `report` the verdict and coverage of each contract, `unmentioned` what no
contract mentions, `scores` the scores of services, `catalogue` the ids of all findings with their default levels. May
import: `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.findings.catalogue import CATALOGUE, FindingId
from spanpact.findings.finding import LEVELS, Edit, Finding, Level, LostRoot, Pending
from spanpact.findings.report import (
    ContractResult,
    Coverage,
    CoverageState,
    NotChecked,
    Reason,
    Report,
    ScannedLogs,
    Verdict,
)
from spanpact.findings.unmentioned import NamedCount, Unmentioned
from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.findings.saved_span import SavedSpan
    from spanpact.findings.scores import Scores, ServiceScore

__all__ = [
    "CATALOGUE",
    "LEVELS",
    "ContractResult",
    "Coverage",
    "CoverageState",
    "Edit",
    "Finding",
    "FindingId",
    "Level",
    "LostRoot",
    "NamedCount",
    "NotChecked",
    "Pending",
    "Reason",
    "Report",
    "SavedSpan",
    "ScannedLogs",
    "Scores",
    "ServiceScore",
    "Unmentioned",
    "Verdict",
]

__getattr__ = lazy_names(  # of what few reports have
    __name__,
    {
        "spanpact.findings.saved_span": ("SavedSpan",),
        "spanpact.findings.scores": ("Scores", "ServiceScore"),
    },
)
