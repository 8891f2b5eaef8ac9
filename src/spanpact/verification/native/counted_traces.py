"""Say what the core has added for one trace, so that the engine can check it (`--check-every`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from spanpact.engine.flows.flow_spans import FlowSpans
from spanpact.engine.judging import ContractRun
from spanpact.engine.results.coverage import PendingCounts
from spanpact.trace.topology import TOP
from spanpact.verification.cache.cached_traces import AppliedTrace
from spanpact.verification.native.counters import Counters, Rejected, Summand, Unmentioned, Verdict
from spanpact.verification.shapes import SpanSummary
from spanpact.verification.split_keys import Addition


@dataclass(slots=True)
class CountedTrace:
    """What the core has added for a trace whose spans have these summaries, sorted."""

    runs: Sequence[ContractRun]
    summaries: Sequence[SpanSummary]
    counts: dict[int, list[PendingCounts]] = field(default_factory=dict)
    rejected: dict[int, int] = field(default_factory=dict)
    names: list[Unmentioned] = field(default_factory=list)
    verdict: Verdict | None = None

    def add(self, counted: Iterable[tuple[int, int]], counters: Counters) -> None:
        """Note what was counted by some counters, each so many times."""
        numbers = {id(run): number for number, run in enumerate(self.runs)}
        of_results = {id(run.results): number for number, run in enumerate(self.runs)}
        for counter, times in counted:
            what = counters[counter]
            if isinstance(what, Summand):
                self.counts.setdefault(of_results[id(what.counts.counter)], []).extend([what.counts] * times)
            elif isinstance(what, Rejected):
                self.rejected[numbers[id(what.run)]] = times
            elif isinstance(what, Unmentioned):
                self.names += [what] * times
            elif isinstance(what, Verdict):
                self.verdict = what

    def applied(self, trace_id: str, flows: Sequence[tuple[int, bytes]], logs: int) -> AppliedTrace:
        """Return all of it, with packed flows of contracts, and the number of log records that no contract mentions."""
        if self.verdict:
            applied = self.verdict.trace.applied_to(self.summaries)
            additions = {self._number(each.run): each for each in applied.additions}
        else:
            names = [each.names for each in self.names]
            of_trace = next((each.trace for each in names if each.trace is not None), None)
            spans, unplaced = [n for each in names for n in each.spans], [n for each in names for n in each.unplaced]
            applied = AppliedTrace(self.summaries, (), (of_trace, spans, unplaced, logs))
            additions = {number: self.addition(number) for number in self.counts.keys() | self.rejected.keys()}
        noted = self._noted(trace_id, flows)
        return replace(
            applied,
            additions=[
                replace(additions.get(contract) or self.addition(contract), flows=noted.get(contract, ()))
                for contract in additions.keys() | noted.keys()
            ],
        )

    def addition(self, contract: int) -> Addition:
        """Return what was counted of a contract."""
        return Addition(
            self.runs[contract], counts=self.counts.get(contract, ()), rejected=self.rejected.get(contract, 0)
        )

    def _number(self, run: ContractRun) -> int:
        return next(number for number, each in enumerate(self.runs) if each is run)

    def _noted(self, trace_id: str, flows: Sequence[tuple[int, bytes]]) -> dict[int, Sequence[int]]:
        """Return the places of the spans of flows by contract; a span of another trace is at no place."""
        places = {(trace_id, summary[1]): i for i, summary in enumerate(self.summaries)} | {(trace_id, ""): TOP}
        noted: dict[int, Sequence[int]] = {}
        for contract, packed in flows:
            spans = FlowSpans()
            spans.extend_packed(packed)
            noted[contract] = [places.get(span, len(places)) for span in spans]
        return noted
