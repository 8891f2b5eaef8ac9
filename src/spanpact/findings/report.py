"""The report of a verification: for each contract the verdict, findings, what was not checked, and coverage.

All texts are masked: a report never contains a value of a built-in privacy class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from spanpact.errors import Place
from spanpact.findings.finding import Finding
from spanpact.findings.unmentioned import Unmentioned
from spanpact.trace.model import Reading, UnreadField

if TYPE_CHECKING:
    from spanpact.findings.saved_span import SavedSpan
    from spanpact.findings.scores import Scores

Verdict: TypeAlias = Literal["kept", "broken", "not checked"]
Reason: TypeAlias = Literal[
    "no-trace", "unseen", "incomplete", "too-few", "no-reference", "capability", "time-limit", "memory-limit"
]
CUT_SHORT: Final[frozenset[Reason]] = frozenset({"time-limit", "memory-limit"})
"""Reasons for which a verification ended before all traces were judged."""
CoverageState: TypeAlias = Literal["exercised", "vacuous", "unseen"]


@dataclass(frozen=True, slots=True)
class NotChecked:
    """An expectation that could not be decided: the reason, and for how many spans (`count`)."""

    entry: str
    keyword: str
    reason: Reason
    detail: str = ""
    count: int = 1
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one expectation: its state, and the number of spans for which it was decided (`exercised`).

    `proven` is set only where examples were judged: whether some example gives other findings when the expectation is
    removed. It is None for an expectation that demands nothing, such as `count: 0..`.
    """

    entry: str
    keyword: str
    state: CoverageState
    exercised: int = 0
    place: Place | None = None
    proven: bool | None = None


@dataclass(frozen=True, slots=True)
class ContractResult:
    """The verdict on one contract, with the number of flows, the findings and the coverage behind it."""

    contract: str
    version: str
    file: str
    verdict: Verdict
    flows: int
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    flow_spans: Sequence[tuple[str, str]] = ()
    """(trace id, span id) of each flow's top span; the span id is "" where the flow is the whole trace."""


@dataclass(frozen=True, slots=True)
class ScannedLogs:
    """The number of log records that belong to no span, and how many of them a contract scanned for privacy classes."""

    count: int = 0
    scanned: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one verification: a result for each contract, integrity findings, and the traces judged.

    Integrity findings are reported once per trace, whatever the number of contracts that select it.
    """

    results: tuple[ContractResult, ...]
    integrity: tuple[Finding, ...] = ()
    reading: Reading | None = None
    strict: bool = False
    allow_unseen: bool = False
    header: Sequence[tuple[str, str]] = field(default=())
    """(name, value) lines for the report's header, such as backend, version and address."""
    unmentioned: Unmentioned | None = None
    """What no contract mentions; None for a report on examples."""
    unread: Sequence[UnreadField] = ()
    """Unknown fields whose content was not read."""
    clocks: Sequence[tuple[str, int]] = ()
    """The services whose times are coarser than their source, with the resolution in nanoseconds."""
    logs_without_span: ScannedLogs = ScannedLogs()
    scores: Scores | None = None
    """The scores of the services, where the pack `instrumentation-score` was asked for."""
    saved_spans: Sequence[SavedSpan] = ()
    """Of a report that was read from a file: the spans that its findings are about."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings: those of the contracts in order, then the integrity findings."""
        return tuple(f for r in self.results for f in r.findings) + self.integrity

    @property
    def verdict(self) -> Verdict:
        """Return "broken" if a finding breaks its contract, else "not checked" if a contract was not, else "kept".

        A report without results is "not checked", and with `strict` one on a source that was not read whole.
        """
        if any(f.breaks for f in self.findings):
            return "broken"
        if self.strict and self.unread:
            return "not checked"
        if not self.results or any(not self.accepts(r) for r in self.results):
            return "not checked"
        return "kept"

    def accepts(self, result: ContractResult) -> bool:
        """Return whether the options accept how a contract ended: kept, or not checked for a reason they allow."""
        if result.verdict == "kept":
            return not (self.strict and any(n.reason == "capability" for n in result.not_checked))
        return (
            self.allow_unseen
            and all(n.reason in ("unseen", "no-trace") for n in result.not_checked)
            and any(r.verdict == "kept" for r in self.results)
        )

    @property
    def exit_code(self) -> int:
        """Return the exit code of the verdict: 0 kept, 1 broken, 3 could not verify."""
        return {"kept": 0, "broken": 1, "not checked": 3}[self.verdict]
