"""Judge single traces by contracts, each by itself; those of a known shape without the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.linked_spans import FindSpan
from spanpact.findings import ContractResult, Verdict
from spanpact.listening.events import FlowVerdict, TraceVerdict
from spanpact.trace.model import Reading, Trace
from spanpact.verification.split_keys import Addition
from spanpact.verification.verifying import Verification

_MOST_JUDGED: Final = 20_000  # traces; then the cache begins anew, so that what it counts does not grow


class TraceJudge:
    """Judges one trace after another. Statements over all flows (`across`) are not for a single trace.

    `reading` gives source and clocks, `find_span` the spans that links lead to.
    """

    def __init__(
        self, plans: Sequence[ContractPlan], reading: Reading, find_span: FindSpan, mask: Callable[[str], str]
    ) -> None:
        self._contracts = [CompiledContract.of(replace(plan, across=())) for plan in plans]
        self._reading, self._find_span, self._mask = reading, find_span, mask
        self._known = self._begin()
        self._judged = 0

    def _begin(self) -> Verification:
        return Verification(self._contracts, self._reading, find_span=self._find_span)

    def judge(self, trace: Trace) -> TraceVerdict:
        """Return the verdicts on a trace as if it were complete."""
        verdicts: Sequence[FlowVerdict] | None = None
        cache = self._known.cache
        if trace.spans and cache:
            if self._judged == _MOST_JUDGED:
                self._known, self._judged = self._begin(), 0
                cache = self._known.cache
                assert cache
            self._judged += 1
            if cache.apply(trace) or (not self._known.judge_uncached(trace) and cache.apply(trace)):
                verdicts = [_of_addition(each) for each in cache.applied.additions if each.applies]
        if verdicts is None:
            verdicts = self._judged_alone(trace)
        roots = sorted((span for span in trace.spans if not span.parent_id), key=lambda span: span.start_ns)
        first = next(iter(roots or trace.spans), None)
        ends = [span.end_ns for span in trace.spans if span.end_ns]
        begun = min((span.start_ns for span in trace.spans), default=0)
        return TraceVerdict(
            self._mask(trace.trace_id),
            self._mask(first.name) if first else "",
            len(trace.spans),
            max(0, max(ends) - begun) if ends else 0,
            verdicts,
        )

    def _judged_alone(self, trace: Trace) -> Sequence[FlowVerdict]:
        verification = Verification(self._contracts, self._reading, find_span=self._find_span, use_cache=False)
        if trace.spans:
            verification.judge(trace)
        else:
            verification.scan_logs(trace)
        reading = msgspec.structs.replace(self._reading, traces=(trace,) if trace.spans else ())
        report = verification.report(reading)
        verdicts = [_of_result(each) for each in report.results if each.flows or each.findings]
        if report.integrity:
            breaks = any(finding.breaks for finding in report.integrity)
            verdicts.append(FlowVerdict("integrity", "broken" if breaks else "kept", 0, report.integrity))
        return verdicts


def _of_result(result: ContractResult) -> FlowVerdict:
    return FlowVerdict(result.contract, result.verdict, result.flows, result.findings)


def _of_addition(addition: Addition) -> FlowVerdict:
    """Return the verdict on a trace without findings, as `verdict_of` decides it."""
    counts = [each.counts for each in addition.counts]
    undecided = any(why.reason != "capability" for each in counts for _, _, why in each.undecided)
    exercised = any(number for each in counts for number in each.exercised.values())
    verdict: Verdict = "kept" if exercised and not undecided else "not checked"
    return FlowVerdict(addition.run.contract.plan.name, verdict, len(addition.flows))
