"""Reports with every kind of outcome, for the tests of formats."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from spanpact.errors import Place
from spanpact.findings import ContractResult, Finding, NotChecked, Pending, Report
from spanpact.trace.model import UnreadField
from tests.reporting.sample_reports import CONTRACT, LOST, NEAR, changed, in_trace, judged, kept_flow, span

HOSTILE: Final = 'evil\x1b]0;\x07\r\n\u2028\ud800\ufffe<&"]]>--›name::%0A|`*_'
PENDING: Final = Pending("moving", "team", "2027-03-31")


def _broken() -> Report:
    ways = [changed(kept_flow(), "redis.get", kind=kind) for kind in ("server", "producer", "consumer", "internal")]
    ways += [changed(kept_flow(), "session.validate", status="error"), kept_flow()[:2], kept_flow()]
    ways += [changed(kept_flow(), "redis.get", attributes={"key": f"session:{n}@example.com"}) for n in range(3)]
    return judged(*(in_trace(way, n) for n, way in enumerate(ways, 1)))


def _hostile() -> Report:
    place = Place(f"{HOSTILE}.yaml", 3, 5)
    finding = Finding(
        "kind", HOSTILE, HOSTILE, contract=HOSTILE, keyword=HOSTILE, place=place, trace_id="f" * 32,
        path=(HOSTILE,), expected=HOSTILE, observed=HOSTILE, condition=HOSTILE, hint=HOSTILE,
    )  # fmt: skip
    not_checked = (NotChecked(HOSTILE, HOSTILE, "too-few", HOSTILE, place=place),)
    results = (
        ContractResult(HOSTILE, "1.0.0", f"{HOSTILE}.yaml", "broken", 1, (finding,)),
        ContractResult("other", HOSTILE, "/absolute/c d.yaml", "not checked", 0, not_checked=not_checked),
    )
    return Report(results)


def _levels() -> Report:
    findings = (
        Finding("duration", "store", "too slow", pending=PENDING, place=Place("c.yaml", 1, 2)),
        Finding("child-late", "integrity", "it ends late", "improvement", trace_id="a" * 32),
        Finding("match-ambiguous", "store", "as good", "information"),
    )
    return Report((ContractResult("c", "1.0.0", "c.yaml", "kept", 3, findings),))


_UNSEEN: Final = judged(in_trace(changed(kept_flow(), "session.validate", name="other"), 1))
_KEPT: Final = judged(in_trace(kept_flow(), 1), in_trace(kept_flow(), 2))
_GAP: Final = (NotChecked("top", "link", "capability", "the source has no links"),)

REPORTS: Final[dict[str, Report]] = {
    "kept": _KEPT,
    "broken": _broken(),
    "unseen": _UNSEEN,
    "unseen and allowed": replace(_KEPT, results=_KEPT.results + _UNSEEN.results, allow_unseen=True),
    "all unseen and allowed": replace(_UNSEEN, allow_unseen=True),
    "malformed": judged(in_trace([*kept_flow(), span(3, "again", 2, start=3), span(9, "lost", 77, start=2)], 1)),
    "strict": replace(_KEPT, results=(replace(_KEPT.results[0], not_checked=_GAP),), strict=True),
    "not read": replace(_KEPT, unread=(UnreadField("vendorSpans", "spans", 3),), strict=True),
    "nothing judged": Report(()),
    "levels": _levels(),
    "hostile": _hostile(),
    "near": NEAR,
    "lost": LOST,
    "scenario": judged(
        in_trace(kept_flow()[:1], 1, scenario="miss"),
        contract=CONTRACT.replace("version:", "scenario: miss\nversion:"),
    ),
}
"""Reports by what they show."""


def breaking(report: Report) -> int:
    """Return how many findings break a contract, as the summary line counts them."""
    return sum(finding.breaks for finding in report.findings)
