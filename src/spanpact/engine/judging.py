"""Contracts and traces in, a report out. Pure: no file, no clock, no network.

contracts ──compile──▶ CompiledContract
trace ──▶ Topology ──▶ Matcher places spans ──▶ Flow judges each flow ──▶ Tally ──▶ ContractResult
                  └──▶ integrity, once a trace
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.across import Population
from spanpact.engine.assignment.matching import CompiledEntry, Matcher, compile_entry, flow_tops
from spanpact.engine.checks.base import Breach, Context, Undecided
from spanpact.engine.checks.integrity import integrity
from spanpact.engine.coverage import Blueprint, Tally, abridged, masker
from spanpact.engine.flow import Flow, Scope
from spanpact.engine.flow_spans import FlowSpans
from spanpact.engine.pending import settle_pending
from spanpact.engine.rules import CompiledRule, compile_rule
from spanpact.engine.verdict import verdict_of
from spanpact.findings import LEVELS, ContractResult, Finding, Level
from spanpact.findings.catalogue import CATALOGUE
from spanpact.trace.equality import content_key
from spanpact.trace.model import Reading, Span, Trace
from spanpact.trace.topology import TOP, Topology


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


@dataclass(slots=True)
class Judged:
    """The state of one contract during a verification."""

    contract: CompiledContract
    tally: Tally
    population: Population
    flows: FlowSpans = field(default_factory=FlowSpans)
    labelled: int = 0


FindSpan: TypeAlias = Callable[[str, str], Span | None]


class SpanLookup:
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
            found[span.trace_id, span.span_id] = min(known, span, key=content_key)
    return found


def start(plan: ContractPlan | CompiledContract, reading: Reading) -> Judged:
    contract = plan if isinstance(plan, CompiledContract) else CompiledContract.of(plan)
    return Judged(contract, Tally(contract.blueprint), Population(contract.plan, reading))


def context_of(plan: ContractPlan, topology: Topology, reading: Reading, found: FindSpan) -> Context:
    return Context(
        topology,
        capabilities=reading.source.capabilities,
        find_span=found,
        tolerance_ns=plan.tolerance_ns,
        resolution_ns=reading.source.resolution_ns,
        skew_ns=plan.skew_ns,
    )


def flows_of(contract: CompiledContract, context: Context, tally: Tally) -> list[Flow]:
    matcher = Matcher(context)
    tops, undecided = flow_tops(contract.top, matcher, context)
    for why in undecided:
        tally.undecided("top", "span", why)
    scope = Scope(tally, context, matcher, contract.rules)
    return [Flow(scope, matcher.place(contract.top, i)) for i in tops]


def judge_trace(judged: Judged, topology: Topology, reading: Reading, found: FindSpan) -> bool:
    """Judges one trace by one contract; whether the contract speaks of it."""
    plan, trace = judged.contract.plan, topology.trace
    if plan.scenario and trace.scenario != plan.scenario:
        return False
    context = context_of(plan, topology, reading, found)
    tally = judged.tally
    tally.complete = trace.complete
    flows = flows_of(judged.contract, context, tally)
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


def mask_of(plans: Sequence[ContractPlan]) -> Callable[[str], str]:
    """Masks the known classes and those of all contracts; names are many and come again and again."""
    mask = masker(tuple(dict.fromkeys(each for plan in plans for each in plan.classes)))
    return lru_cache(4096)(lambda text: abridged(mask(text)))


def integrity_findings(
    topology: Topology, reading: Reading, found: FindSpan, plans: Sequence[ContractPlan], mask: Callable[[str], str]
) -> Iterable[Finding]:
    """The integrity findings of one trace, at the strictest level that a contract speaking of it gives."""
    widest = max(plans, key=lambda plan: plan.tolerance_ns + plan.skew_ns)
    for span_id, breach in integrity(context_of(widest, topology, reading, found)):
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


def contract_result(judged: Judged, reading: Reading, today: dt.date) -> ContractResult:
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
