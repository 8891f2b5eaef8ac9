"""The report of a verification: a result for each contract, with findings, gaps and coverage.

All text in it is masked already: a report never shows a value of a known privacy class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from spanpact.errors import Place
from spanpact.findings.finding import Finding
from spanpact.trace.model import Reading

Verdict: TypeAlias = Literal["kept", "broken", "not checked"]
Reason: TypeAlias = Literal["no-trace", "unseen", "incomplete", "too-few", "no-reference", "capability"]
CoverageState: TypeAlias = Literal["exercised", "vacuous", "unseen"]


@dataclass(frozen=True, slots=True)
class NotChecked:
    """An expectation that could not be decided: which, why, and how often."""

    entry: str
    keyword: str
    reason: Reason
    detail: str = ""
    count: int = 1
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far one expectation was exercised: its state, and on how many spans it was decided.

    `proven` is None but where examples were judged: whether one of them would give other findings without the
    expectation. It stays None where nothing is demanded, such as by `count: 0..`.
    """

    entry: str
    keyword: str
    state: CoverageState
    exercised: int = 0
    place: Place | None = None
    proven: bool | None = None


@dataclass(frozen=True, slots=True)
class ContractResult:
    """The verdict on one contract, with everything that led to it."""

    contract: str
    version: str
    file: str
    verdict: Verdict
    flows: int
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    flow_spans: Sequence[tuple[str, str]] = ()
    """(trace id, span id) of each flow's own span; the span id is "" where the flow is the whole trace."""


@dataclass(frozen=True, slots=True)
class Report:
    """One verification: a result for each contract, the integrity findings, and the traces that were judged.

    Integrity findings are made once per trace, whatever the number of contracts that speak of it.
    """

    results: tuple[ContractResult, ...]
    integrity: tuple[Finding, ...] = ()
    reading: Reading | None = None
    strict: bool = False
    allow_unseen: bool = False
    header: Sequence[tuple[str, str]] = field(default=())
    """(what, value) lines for the report's head: backend, version, address."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding: those of the contracts in their order, then integrity."""
        return tuple(f for r in self.results for f in r.findings) + self.integrity

    @property
    def verdict(self) -> Verdict:
        """Broken over not checked over kept; an empty report is not checked."""
        if any(f.breaks for f in self.findings):
            return "broken"
        if not self.results or any(not self._passes(r) for r in self.results):
            return "not checked"
        return "kept"

    def _passes(self, result: ContractResult) -> bool:
        if result.verdict == "kept":
            return not (self.strict and any(n.reason == "capability" for n in result.not_checked))
        return (
            self.allow_unseen
            and all(n.reason in ("unseen", "no-trace") for n in result.not_checked)
            and any(r.verdict == "kept" for r in self.results)
        )

    @property
    def exit_code(self) -> int:
        """0 kept, 1 broken, 3 could not verify."""
        return {"kept": 0, "broken": 1, "not checked": 3}[self.verdict]
