"""The findings of a report by contract and kind, as the page lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spanpact.findings import ContractResult, Finding, Report
from spanpact.reporting.drawing.flow_findings import FlowFindings, MaskedTraces, group_by_flow


@dataclass(slots=True)
class Kind:
    """All findings of a contract with one key that break it, or that do not; `flows` is in how many flows they are."""

    findings: list[Finding] = field(default_factory=list)
    flows: int = 0

    @property
    def first(self) -> Finding:
        """Return the first finding."""
        return self.findings[0]


@dataclass(frozen=True, slots=True)
class Group:
    """The kinds of findings of a contract: the breaking ones first, then the most frequent.

    `result` is None for malformed traces, which are in no contract. `broken_flows` have a finding that breaks it.
    """

    result: ContractResult | None
    kinds: Sequence[Kind]
    broken_flows: int

    @property
    def title(self) -> str:
        """Return the contract's name."""
        return self.result.contract if self.result else "malformed traces"


def groups_of_findings(report: Report, traces: MaskedTraces) -> list[Group]:
    """Return a group for each contract and for malformed traces, also those without findings."""
    groups = [
        _group(result, group_by_flow([f for f in result.findings if not _is_in_coverage(f)], result.flow_spans, traces))
        for result in report.results
    ]
    return [*groups, _group(None, group_by_flow(report.integrity, (), traces))]


def _group(result: ContractResult | None, flows: Iterable[FlowFindings]) -> Group:
    kinds: dict[tuple[str, bool], Kind] = {}
    broken = 0
    for flow in flows:
        broken += flow.broken
        for key in dict.fromkeys((finding.key, finding.breaks) for finding in flow.findings):
            kinds.setdefault(key, Kind()).flows += 1
        for finding in flow.findings:
            kinds[finding.key, finding.breaks].findings.append(finding)
    return Group(result, sorted(kinds.values(), key=lambda kind: (not kind.first.breaks, -kind.flows)), broken)


def _is_in_coverage(finding: Finding) -> bool:
    """Return whether the table of expectations shows it already, as `unproven`."""
    return finding.id == "expectation-unproven" and finding.level == "information"
