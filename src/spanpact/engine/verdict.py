"""The verdict on one contract, from what its verification gathered (section 10)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.findings import Coverage, Finding, NotChecked, Verdict


def verdict_of(findings: Sequence[Finding], not_checked: Sequence[NotChecked], coverage: Sequence[Coverage]) -> Verdict:
    """Broken over not checked over kept. What a source cannot carry (`capability`) leaves a contract kept."""
    if any(finding.breaks for finding in findings):
        return "broken"
    if any(each.reason != "capability" for each in not_checked):
        return "not checked"
    return "kept" if any(each.state == "exercised" for each in coverage) else "not checked"
