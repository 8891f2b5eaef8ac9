"""Step 6: decide the verdict on one contract (section 10)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.findings import Coverage, Finding, NotChecked, Verdict


def verdict_of(findings: Sequence[Finding], not_checked: Sequence[NotChecked], coverage: Sequence[Coverage]) -> Verdict:
    """Return `broken` if a finding breaks the contract, `not checked` if something could not be decided, else `kept`.

    What the source cannot carry (reason `capability`) leaves a contract kept. A contract without any
    exercised expectation is `not checked`.
    """
    if any(finding.breaks for finding in findings):
        return "broken"
    if any(each.reason != "capability" for each in not_checked):
        return "not checked"
    return "kept" if any(each.state == "exercised" for each in coverage) else "not checked"
