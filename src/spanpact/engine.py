"""Contracts and traces in, a report out. Pure: no file, no clock, no network.

contracts ──compile──▶ CompiledContract
trace ──▶ Topology ──▶ Matcher places spans ──▶ Flow judges each flow ──▶ Tally ──▶ ContractResult
                  └──▶ integrity, once a trace
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from spanpact.across import Population
from spanpact.checks.base import Breach, Context, Undecided
from spanpact.checks.integrity import integrity
from spanpact.finding_ids import CATALOGUE
from spanpact.findings import LEVELS, ContractResult, Finding, Level, Report
from spanpact.flow import Flow, Scope
from spanpact.flow_spans import FlowSpans
from spanpact.matching import CompiledEntry, Matcher, compile_entry, flow_tops
from spanpact.model import Reading, Span, Trace
from spanpact.pending import settle_pending
from spanpact.plan import ContractPlan
from spanpact.precedents import Precedents
from spanpact.rules import CompiledRule, compile_rule
from spanpact.tally import Blueprint, Tally, abridged, masker
from spanpact.topology import TOP, Topology, by_content
from spanpact.verdict import verdict_of


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """A contract with all its checks compiled; make it once, judge with it as often as you like."""

    plan: ContractPlan
    top: CompiledEntry
    rules: tuple[CompiledRule, ...]
    blueprint: Blueprint

    @classmethod
    def of(cls, plan: ContractPlan) -> CompiledContract:
        """Compiles a plan."""
        return cls(plan, compile_entry(plan.top), tuple(map(compile_rule, plan.rules)), Blueprint.of(plan))


@dataclass(frozen=True, slots=True)
class FlowAssignment:
    """The spans of one flow by entry id: the counted ones, then the surplus ones."""

    trace_id: str
    spans: Mapping[str, Sequence[Span]]


@dataclass(slots=True)
class _Judged:
    """The state of one contract during a verification."""

    contract: CompiledContract
    tally: Tally
    population: Population
    flows: FlowSpans = field(default_factory=FlowSpans)
    labelled: int = 0


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
        self._judged = [_start(plan, reading) for plan in plans]
        self._found = find_span or _Lookup(reading.traces)
        self._findings: list[Finding] = []
        chosen = [each.contract.plan for each in self._judged]
        self._mask = _mask_of(chosen)
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
        before = len(self._findings) + sum(each.tally.breaches for each in self._judged)
        speaking = [each for each in self._judged if _judge_trace(each, topology, reading, found)]
        if speaking:
            plans = [each.contract.plan for each in speaking]
            self._findings += _integrity(topology, reading, found, plans, self._mask)
        amiss = len(self._findings) + sum(each.tally.breaches for each in self._judged) > before
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
        results = tuple(_result(each, reading, day) for each in self._judged)
        return Report(results, tuple(self._findings), reading, strict, allow_unseen, header)


def assignments(plan: ContractPlan, reading: Reading) -> list[FlowAssignment]:
    """Which spans stand for which entry, in every flow of every trace."""
    contract, found = CompiledContract.of(plan), _Lookup(reading.traces)
    result = []
    for trace in reading.traces:
        context = _context(plan, Topology(trace), reading, found)
        for flow in _flows(contract, context, Tally(contract.blueprint)):
            spans = {
                entry: [context.topology.spans[i] for i in indexes] for entry, indexes in flow.all_members().items()
            }
            result.append(FlowAssignment(trace.trace_id, spans))
    return result


FindSpan: TypeAlias = Callable[[str, str], Span | None]


class _Lookup:
    """Finds a span by trace and span id in all traces given; built when a link is first followed."""

    def __init__(self, traces: Iterable[Trace]) -> None:
        self._traces = traces
        self._spans: dict[tuple[str, str], Span] | None = None

    def __call__(self, trace_id: str, span_id: str) -> Span | None:
        if self._spans is None:
            self._spans = _by_ids(span for trace in self._traces for span in trace.spans)
        return self._spans.get((trace_id, span_id))


def _by_ids(spans: Iterable[Span]) -> dict[tuple[str, str], Span]:
    """Spans by trace and span id; of several with one id, the one that stays in the trace's topology."""
    found: dict[tuple[str, str], Span] = {}
    for span in spans:
        known = found.setdefault((span.trace_id, span.span_id), span)
        if known is not span:
            found[span.trace_id, span.span_id] = min(known, span, key=by_content)
    return found


def _start(plan: ContractPlan | CompiledContract, reading: Reading) -> _Judged:
    contract = plan if isinstance(plan, CompiledContract) else CompiledContract.of(plan)
    return _Judged(contract, Tally(contract.blueprint), Population(contract.plan, reading))


def _context(plan: ContractPlan, topology: Topology, reading: Reading, found: FindSpan) -> Context:
    return Context(
        topology,
        capabilities=reading.source.capabilities,
        find_span=found,
        tolerance_ns=plan.tolerance_ns,
        resolution_ns=reading.source.resolution_ns,
        skew_ns=plan.skew_ns,
    )


def _flows(contract: CompiledContract, context: Context, tally: Tally) -> list[Flow]:
    matcher = Matcher(context)
    tops, undecided = flow_tops(contract.top, matcher, context)
    for why in undecided:
        tally.undecided("top", "span", why)
    scope = Scope(tally, context, matcher, contract.rules)
    return [Flow(scope, matcher.place(contract.top, i)) for i in tops]


def _judge_trace(judged: _Judged, topology: Topology, reading: Reading, found: FindSpan) -> bool:
    """Judges one trace by one contract; whether the contract speaks of it."""
    plan, trace = judged.contract.plan, topology.trace
    if plan.scenario and trace.scenario != plan.scenario:
        return False
    context = _context(plan, topology, reading, found)
    tally = judged.tally
    tally.complete = trace.complete
    flows = _flows(judged.contract, context, tally)
    used = {i for flow in flows for i in flow.placed.used() if i != TOP}
    for flow in flows:
        judged.flows.append(trace.trace_id, topology.spans[flow.placed.span].span_id if flow.placed.span != TOP else "")
        flow.judge(used)
        judged.population.add(flow)
    if plan.scenario:
        judged.labelled += 1
        if not flows and not tally.has_undecided("top", "span"):
            message = f"no {plan.top.span} in a trace of scenario {plan.scenario}"
            tally.breach("top", "span", Breach("span-missing", message, "at least 1", "none"), topology, TOP)
    return bool(flows or plan.scenario)


def _mask_of(plans: Sequence[ContractPlan]) -> Callable[[str], str]:
    """Masks the known classes and those of all contracts; names are many and come again and again."""
    mask = masker(tuple(dict.fromkeys(each for plan in plans for each in plan.classes)))
    return lru_cache(4096)(lambda text: abridged(mask(text)))


def _integrity(
    topology: Topology, reading: Reading, found: FindSpan, plans: Sequence[ContractPlan], mask: Callable[[str], str]
) -> Iterable[Finding]:
    """The integrity findings of one trace, at the strictest level that a contract speaking of it gives."""
    widest = max(plans, key=lambda plan: plan.tolerance_ns + plan.skew_ns)
    for span_id, breach in integrity(_context(widest, topology, reading, found)):
        level = min((_level(plan, "integrity", breach.id) for plan in plans), key=LEVELS.index)
        if level == "off":
            continue
        i = topology.by_id.get(span_id, TOP)
        yield Finding(
            breach.id,
            "integrity",
            mask(breach.message),
            level,
            trace_id=mask(topology.trace.trace_id),
            span_id=mask(span_id),
            path=tuple(map(mask, topology.names(i))) if i != TOP else (),
            expected=mask(breach.expected),
            observed=mask(breach.observed),
        )


def _level(plan: ContractPlan, entry: str, finding: str) -> Level:
    specific = plan.levels.get(f"{entry}/{finding}")
    return specific or plan.levels.get(finding) or CATALOGUE[finding].level


def _result(judged: _Judged, reading: Reading, today: dt.date) -> ContractResult:
    plan, tally = judged.contract.plan, judged.tally
    if judged.flows:
        judged.population.judge(tally)
    elif plan.scenario and not judged.labelled:
        tally.undecided("top", "span", Undecided("no-trace", f"no trace of scenario {plan.scenario}"))
    elif not plan.scenario:
        looked = reading.trace_count
        tally.undecided("top", "span", Undecided("unseen", f"no {plan.top.span or 'span'} in {looked} traces"))
    not_checked, coverage = tally.not_checked(), tally.coverage()
    leveled = [replace(f, level=_level(plan, f.entry, f.id)) for f in tally.findings]
    settled = settle_pending(plan, leveled, not_checked, coverage, today)
    findings = [f for f in settled if f.level != "off"]
    return ContractResult(
        plan.name,
        plan.version,
        plan.file,
        verdict_of(findings, not_checked, coverage),
        len(judged.flows),
        tuple(findings),
        not_checked,
        coverage,
        judged.flows,
    )
