"""The totals of all traces that were judged live, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from spanpact.findings import Finding, Verdict
from spanpact.listening.events import TraceVerdict

_MOST_KINDS: Final = 1000
_MOST_NAMES: Final = 1000


@dataclass(slots=True)
class ContractTotal:
    """The flows of one contract, and the number of traces with each verdict."""

    flows: int = 0
    traces: dict[Verdict, int] = field(default_factory=lambda: {"kept": 0, "broken": 0, "not checked": 0})


@dataclass(slots=True)
class KindTotal:
    """The number of findings of one contract with one key, and the first of them."""

    first: Finding
    count: int = 0


class LiveTotals:
    """Counts by contract, by kind of finding, and of the traces that no contract mentions.

    What is judged again is first removed as it was judged before.
    """

    def __init__(self) -> None:
        self.traces = self.spans = 0
        self.unmentioned = 0
        self.contracts: dict[str, ContractTotal] = {}
        self.kinds: dict[tuple[str, str], KindTotal] = {}
        self.names: dict[str, int] = {}
        """The names of traces that no contract mentions, with their number; at most 1,000."""

    def begin(self, contracts: Mapping[str, str]) -> None:
        """Begin with contracts that have no flow yet."""
        self.contracts = {name: ContractTotal() for name in contracts}

    def add(self, trace: TraceVerdict) -> None:
        """Add what was judged."""
        self._count(trace, 1)

    def remove(self, trace: TraceVerdict) -> None:
        """Remove what is judged again."""
        self._count(trace, -1)

    def _count(self, trace: TraceVerdict, sign: int) -> None:
        self.traces += sign * bool(trace.spans)
        self.spans += sign * trace.spans
        for each in trace.verdicts:
            total = self.contracts.setdefault(each.contract, ContractTotal())
            total.flows += sign * each.flows
            total.traces[each.verdict] += sign
            for finding in each.findings:
                self._count_kind(each.contract, finding, sign)
        if trace.is_unmentioned:
            self.unmentioned += sign
            if trace.name in self.names or len(self.names) < _MOST_NAMES:
                self.names[trace.name] = self.names.get(trace.name, 0) + sign

    def _count_kind(self, contract: str, finding: Finding, sign: int) -> None:
        key = contract, finding.key
        kind = self.kinds.get(key)
        if kind is None:
            if len(self.kinds) >= _MOST_KINDS or sign < 0:
                return
            kind = self.kinds[key] = KindTotal(finding)
        kind.count += sign
        if not kind.count:
            del self.kinds[key]
