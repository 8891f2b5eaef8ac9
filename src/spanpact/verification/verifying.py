"""Verify all traces of a reading against contracts, trace by trace, with the verdict cache."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.judging import contract_result, integrity_findings, judge_trace, mask_for, start_run
from spanpact.engine.linked_spans import FindSpan, SpanFinder
from spanpact.findings import Finding, Report
from spanpact.trace.model import Reading, Trace
from spanpact.trace.topology import Topology
from spanpact.verification.verdict_cache import Precedents


def verify(
    plans: Sequence[ContractPlan | CompiledContract],
    reading: Reading,
    *,
    strict: bool = False,
    allow_unseen: bool = False,
    today: dt.date | None = None,
    header: Sequence[tuple[str, str]] = (),
) -> Report:
    """Judges every trace of the reading by every contract.

    `today` (UTC) decides whether what is pending has expired; without it, the present day does. Never raises for
    what a trace holds.
    """
    verification = Verification(plans, reading)
    for trace in reading.traces:
        verification.judge(trace)
    return verification.report(reading, strict=strict, allow_unseen=allow_unseen, today=today, header=header)


class Verification:
    """One verification, trace by trace: after `judge` a trace may be let go.

    `reading` says what the source can carry and how much was offered. `find_span` finds the spans that links lead to,
    by trace and span id (default: among the reading's traces).
    `precedents=False` has every trace judged by itself, which gives the same report.
    """

    def __init__(
        self,
        plans: Sequence[ContractPlan | CompiledContract],
        reading: Reading,
        *,
        find_span: FindSpan | None = None,
        precedents: bool = True,
    ) -> None:
        self._reading = reading
        self._judged = [start_run(plan, reading) for plan in plans]
        self._found = find_span or SpanFinder(reading.traces)
        self._findings: list[Finding] = []
        chosen = [each.contract.plan for each in self._judged]
        self._mask = mask_for(chosen)
        self._precedents = Precedents.of(self._judged, chosen, reading.source) if precedents else None

    @property
    def followed(self) -> int:
        """How many traces were judged by a precedent, without the engine."""
        return self._precedents.followed if self._precedents else 0

    @property
    def precedents(self) -> Precedents | None:
        """What judges traces by others of their shape; None where the contracts look at too much for that."""
        return self._precedents

    def judge(self, trace: Trace) -> None:
        """Judges one trace by every contract."""
        if not (self._precedents and self._precedents.follow(trace)):
            self.judge_itself(trace)

    def judge_itself(self, trace: Trace) -> bool:
        """Judges one trace that has no precedent; whether anything is amiss."""
        topology, reading, found = Topology(trace), self._reading, self._found
        before = len(self._findings) + sum(each.results.breach_count for each in self._judged)
        speaking = [each for each in self._judged if judge_trace(each, topology, reading, found)]
        if speaking:
            plans = [each.contract.plan for each in speaking]
            self._findings += integrity_findings(topology, reading, found, plans, self._mask)
        amiss = len(self._findings) + sum(each.results.breach_count for each in self._judged) > before
        if self._precedents:
            self._precedents.note(amiss=amiss)
        return amiss

    def report(
        self,
        reading: Reading,
        *,
        strict: bool,
        allow_unseen: bool,
        today: dt.date | None,
        header: Sequence[tuple[str, str]],
    ) -> Report:
        """The report on all that was judged; `reading` is what it shows of it."""
        if self._precedents:
            self._precedents.settle()
        day = today or dt.datetime.now(dt.UTC).date()
        results = tuple(contract_result(each, reading, day) for each in self._judged)
        return Report(results, tuple(self._findings), reading, strict, allow_unseen, header)
