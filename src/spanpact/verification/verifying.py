"""Verify all traces of a reading against contracts, trace by trace, with the verdict cache."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.checks import Undecided
from spanpact.engine.judging import (
    ContractRun,
    contract_result,
    has_clean_logs,
    integrity_findings,
    judge_trace,
    mask_for,
    scan_logs,
    start_run,
)
from spanpact.engine.linked_spans import FindSpan, SpanFinder
from spanpact.engine.results.mentions import MentionCounter, MentionedSpans, UnmentionedNames, unmentioned_names
from spanpact.engine.spanless_logs import records_without_span
from spanpact.findings import ContractResult, Finding, NotChecked, Report, ScannedLogs, Verdict
from spanpact.spool import Spool
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, Trace
from spanpact.trace.topology import Topology
from spanpact.verification.cache.cache_check import CacheCheck
from spanpact.verification.cache.cached_traces import AppliedTrace
from spanpact.verification.cache.verdict_cache import VerdictCache
from spanpact.verification.lost_context import RootIndex
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions


def verify(
    plans: Sequence[ContractPlan | CompiledContract],
    reading: Reading,
    options: VerificationOptions = DEFAULT_OPTIONS,
) -> Report:
    """Judge every trace of the reading by every contract and return the report. Nothing in a trace raises."""
    several = len(reading.traces) > 1  # a cache of one verdict costs more than the verdict
    verification = Verification(plans, reading, options, use_cache=several)
    for trace in reading.traces:
        if verification.is_stopped():
            break
        verification.judge(trace)
    for trace in reading.spanless:
        if verification.is_stopped():
            break
        verification.scan_logs(trace)
    return verification.report(reading)


class Verification:
    """One verification, trace by trace. A trace need not be kept after `judge`.

    `reading` gives the source's capabilities and how many requests were offered. `find_span` finds the spans that
    links lead to (default: among the reading's traces). `use_cache=False` lets the engine judge every trace, which
    gives the same report. `mentions` counts what no contract mentions (default: a new one).
    """

    def __init__(
        self,
        plans: Sequence[ContractPlan | CompiledContract],
        reading: Reading,
        options: VerificationOptions = DEFAULT_OPTIONS,
        *,
        find_span: FindSpan | None = None,
        use_cache: bool = True,
        mentions: MentionCounter | None = None,
    ) -> None:
        if reading.clocks is None:
            reading = msgspec.structs.replace(reading, clocks=Clocks.of(reading.traces))
        self._reading, self._options = reading, options
        self.observer = options.observer(reading.source) if options.observer else None
        """Looks at every trace: pass it those that are judged without `judge`."""
        spool = Spool()
        self._runs = [start_run(plan, reading, spool) for plan in plans]
        self._cut: Undecided | None = None
        for run in self._runs:
            run.stop = options.limits.reached
        self._find_span = find_span or SpanFinder(reading.traces)
        self._findings: list[Finding] = []
        plans_used = [each.contract.plan for each in self._runs]
        self._mask = mask_for(plans_used)
        self._unfinished = self._judged = 0
        self._mentions = mentions or MentionCounter()
        self._plans = plans_used
        self._roots = RootIndex(plans_used)
        self._cache = (
            VerdictCache.of(self._runs, reading, self._find_span, self._mentions, self._roots) if use_cache else None
        )
        self._check = (
            CacheCheck(self._runs, reading, self._find_span, self._mask, options.check_every)
            if options.check_every
            else None
        )

    @property
    def runs(self) -> Sequence[ContractRun]:
        """Return the state of each contract."""
        return self._runs

    def forget_roots(self) -> RootIndex:
        """Return a new index of roots, for callers that note those of all traces, by whatever they are judged."""
        self._roots = RootIndex(self._plans)
        return self._roots

    @property
    def cache_hits(self) -> int:
        """Return how many traces were judged from the cache, without the engine."""
        return self._cache.hits if self._cache else 0

    @property
    def cache(self) -> VerdictCache | None:
        """Return the cache of verdicts, None if the contracts look at more than it can distinguish."""
        return self._cache

    def is_stopped(self) -> bool:
        """Return whether a limit is reached: then what the caller has left is not checked, and the report says so."""
        if why := self._options.limits.reached():
            self._cut = why
            for run in self._runs:
                run.cut = why
        return self._cut is not None

    def judge(self, trace: Trace) -> bool:
        """Judge one trace by every contract. Return whether the report should show it: it has findings."""
        shown = bool(self.observer and self.observer.observe(trace))
        self._judged += 1
        if self._cache and self._cache.apply(trace):
            self.check_cache(self._judged, lambda: trace)
            return shown
        return self.judge_uncached(trace) or shown

    def check_cache(self, number: int, read: Callable[[], Trace]) -> None:
        """Let the engine judge the trace that the cache has just judged, if it is its turn. Raise CacheError."""
        if self._cache and self._check and self._check.is_due(number):
            self.check_applied(read(), self._cache.applied)

    def check_applied(self, trace: Trace, applied: AppliedTrace) -> None:
        """Let the engine judge a trace for which this was `applied`. Raise CacheError if it says something else."""
        assert self._check is not None
        self._check.check(trace, applied)

    def has_flows(self, *, each: bool) -> bool:
        """Return whether some contract has a flow so far, or with `each` every one; without contracts it does."""
        seen = [bool(run.flows) or bool(run.labelled) for run in self._runs]
        return all(seen) if each or not seen else any(seen)

    def judge_uncached(self, trace: Trace) -> bool:
        """Let the engine judge what is not in the cache of one trace. Return whether it has findings."""
        topology, reading, find_span = Topology(trace), self._reading, self._find_span
        before = len(self._findings) + sum(each.results.breach_count for each in self._runs)
        self._roots.note_trace(trace)
        self._unfinished += len(topology.unfinished)
        mentioned = MentionedSpans()
        applying = self._cache.judge_parts(topology, mentioned) if self._cache else None
        is_applicable = bool(applying)
        if applying is None:
            applies = [judge_trace(each, topology, reading, find_span, mentioned) for each in self._runs]
            plans = [run.contract.plan for run, each in zip(self._runs, applies, strict=True) if each.for_good]
            is_applicable = any(each.now for each in applies)
            if plans:
                self._findings += integrity_findings(topology, reading, find_span, plans, self._mask)
        without_span = self._scan_logs(topology)
        has_findings = len(self._findings) + sum(each.results.breach_count for each in self._runs) > before
        unmentioned = unmentioned_names(topology, mentioned, applicable=is_applicable)
        self._mentions.count_logs(len(trace.logs), without_span)
        self._mentions.add(unmentioned)
        if self._cache:
            self._cache.store(topology, unmentioned, without_span, has_findings=has_findings)
        return has_findings

    def scan_logs(self, trace: Trace) -> None:
        """Scan the log records of a trace without spans by every contract; count them as mentioned by none."""
        topology = Topology(trace)
        without_span, unmentioned = self._scan_logs(topology), _all_unmentioned(topology)
        self._mentions.count_logs(len(trace.logs), without_span)
        self._mentions.add(unmentioned)
        if self._cache:
            self._cache.store(topology, unmentioned, without_span, has_findings=False)

    def scan_clean_logs(self, trace: Trace) -> bool:
        """Do the same if nothing is found in any of them. Return whether that is so."""
        topology, reading, find_span = Topology(trace), self._reading, self._find_span
        clean = all(has_clean_logs(each, topology, reading, find_span) for each in self._runs)
        if clean:
            self.scan_logs(trace)
        elif self._cache:
            self._cache.discard()
        return clean

    def _scan_logs(self, topology: Topology) -> ScannedLogs:
        """Scan the log records that belong to no span. Return how many there are, and how many were scanned."""
        number = len(records_without_span(topology)) if topology.trace.logs else 0
        scanned = set[int]()
        for each in self._runs if number else ():
            scanned |= scan_logs(each, topology, self._reading, self._find_span)
        return ScannedLogs(number, len(scanned))

    def report(self, reading: Reading) -> Report:
        """Return the report on all traces judged; `reading` holds those that it shows."""
        options, header = self._options, self._options.header
        if self._cache:
            self._cache.flush()
        day = options.today or dt.datetime.now(dt.UTC).date()
        results = self._roots.explain((contract_result(each, reading, day) for each in self._runs), reading.traces)
        if self._unfinished:
            what = "exported before they ended, and again when they ended: the finished copies are judged"
            header = (*header, ("updates", f"{self._unfinished} copies of spans {what}"))
        if self._check:
            header = (*header, ("checked", f"{self._check.count} verdicts of the cache by the engine: no difference"))
        observer = self.observer
        unmentioned = self._mentions.result(reading.trace_count, reading.span_count, self._mask)
        return Report(
            (*results, *([_cut_short(observer.result(), self._cut)] if observer else [])),
            tuple(self._findings),
            reading,
            options.strict,
            options.allow_unseen,
            header,
            unmentioned,
            reading.unread,
            self._coarse_clocks(),
            self._mentions.without_span,
            observer.scores() if observer else None,
        )

    def _coarse_clocks(self) -> tuple[tuple[str, int], ...]:
        reading = self._reading
        coarse = reading.clocks.coarse() if reading.clocks else ()
        return tuple((self._mask(name), unit) for name, unit in coarse if unit > reading.source.resolution_ns)


def _cut_short(result: ContractResult, why: Undecided | None) -> ContractResult:
    """Return the result of an observer; not checked, unless it is broken, if it has not seen all traces."""
    if why is None:
        return result
    unseen = NotChecked("top", "span", why.reason, why.detail)
    verdict: Verdict = "broken" if result.verdict == "broken" else "not checked"
    return replace(result, verdict=verdict, not_checked=(unseen, *result.not_checked))


def _all_unmentioned(topology: Topology) -> UnmentionedNames:
    """Return the names of the log records of a trace without spans: no contract mentions one."""
    return unmentioned_names(topology, MentionedSpans(), applicable=True)
