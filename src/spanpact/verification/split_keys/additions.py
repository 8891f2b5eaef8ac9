"""What one trace without a breach adds to the verification of one contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spanpact.contract.compiled import Matcher
from spanpact.engine.across import EntrySpans
from spanpact.engine.checks.between_spans.aggregates import is_sum_within
from spanpact.engine.judging import ContractRun
from spanpact.engine.results.coverage import PendingCounts
from spanpact.trace.topology import TOP
from spanpact.verification.shapes import SpanSummary

Bits = int
"""A set of spans of one trace: the bit of each index is 1."""


class Sum(NamedTuple):
    """A sum in the traces of one shape: its limits, and the span and the places of the numbers that each span adds."""

    within: Matcher
    numbers: Sequence[tuple[int, Sequence[int]]]

    def is_within(self, summaries: Sequence[SpanSummary]) -> bool:
        """Return whether the sum of a trace is within its limits."""
        values = [[summaries[i][7][place] for place in places] for i, places in self.numbers]
        return not values or is_sum_within(values, self.within)


@dataclass(slots=True, eq=False)  # not frozen: one is made for each trace and contract
class Addition:
    """What a trace adds: counts, flows by the index of their own span, spans for `across`, labels and rejected spans.

    `in_flows` and `placed` are the spans in flows, and those of them that have a place. `sums` must be within their
    limits, else the engine judges the trace.
    """

    run: ContractRun
    counts: Sequence[PendingCounts] = ()
    flows: Sequence[int] = ()
    recorded: Sequence[EntrySpans] = ()
    labelled: int = 0
    rejected: int = 0
    in_flows: Bits = 0
    placed: Bits = 0
    sums: Sequence[Sum] = ()

    @property
    def applies(self) -> bool:
        """Return whether the contract applies to the trace."""
        return bool(self.flows or self.labelled)

    def is_within(self, summaries: Sequence[SpanSummary]) -> bool:
        """Return whether the sums of another trace of the same shape are within their limits."""
        return all(each.is_within(summaries) for each in self.sums)

    def flush(self) -> None:
        """Add what was counted to the results."""
        for each in self.counts:
            each.flush()

    def add_counts(self, times: int) -> None:
        """Add all that is only counted, for so many traces."""
        for each in self.counts:
            each.times += times
        self.run.labelled += self.labelled * times
        self.run.rejected += self.rejected * times

    def add_flows(self, trace_id: str, summaries: Sequence[SpanSummary]) -> None:
        """Add the flows of one trace, and what `across` wants of its spans."""
        append = self.run.flows.append_well_formed
        for i in self.flows:
            append(trace_id, summaries[i][1] if i != TOP else "")
        if self.recorded:
            self.add_recorded(trace_id, summaries)

    def add_recorded(self, trace_id: str, summaries: Sequence[SpanSummary]) -> None:
        """Add what `across` wants of the spans of one trace."""
        self.run.statistics.add_recorded(trace_id, self.recorded, lambda i: (summaries[i][0], summaries[i][3]))


def bits_of(indexes: Sequence[int] | set[int]) -> Bits:
    """Return the set of these spans."""
    bits = 0
    for i in indexes:
        bits |= 1 << i
    return bits


def indexes_of(bits: Bits) -> list[int]:
    """Return the spans of a set, in order."""
    return [i for i in range(bits.bit_length()) if bits >> i & 1]
