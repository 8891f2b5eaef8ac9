"""Run the steps of a verification for one trace and one contract, and decide the result of a contract at the end.

contract ──compile──▶ CompiledContract
trace ──▶ Topology ──▶ select_flows ──▶ SpanAssigner ──▶ Flow ──▶ check_flow ──▶ ResultCollector ──▶ ContractResult
                  └──▶ check_integrity, once a trace
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.across import AcrossStatistics
from spanpact.engine.assignment.assigner import SpanAssigner
from spanpact.engine.assignment.hints import where_edit
from spanpact.engine.checks import Breach, Context, Undecided
from spanpact.engine.checks.integrity import check_integrity
from spanpact.engine.compiled_contract import CompiledContract, compiled
from spanpact.engine.early_decisions import level_of, may_break_later
from spanpact.engine.flow_checking import TraceScope, check_flow
from spanpact.engine.flow_memory import FlowMemory
from spanpact.engine.flows.flow import Flow
from spanpact.engine.flows.flow_spans import FlowSpans
from spanpact.engine.flows.selection import SelectedFlows, select_flows, selects_duplicate
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.masking import abridged, masker
from spanpact.engine.results.mentions import MentionedSpans
from spanpact.engine.results.pending import apply_pending
from spanpact.engine.results.verdict import verdict_of
from spanpact.engine.rules import names_of_rules
from spanpact.engine.spanless_logs import is_clean, records_without_span, scan_records
from spanpact.findings import LEVELS, ContractResult, Finding, Level, NotChecked
from spanpact.spool import Spool
from spanpact.trace.clocks import COARSE_NS
from spanpact.trace.model import Reading
from spanpact.trace.topology import TOP, Topology


@dataclass(slots=True)
class ContractRun:
    """The state of one contract during a verification.

    `labelled` counts the traces of its scenario. `rejected` counts the spans whose name fits the contract's `span` but
    not its `where`; `rejection` says for the first of them which part of `where` differs. `may_break_later` says that a
    trace is incomplete, `awaits_flow` that one has no span yet.
    `unlisted` counts flows that are not in `flows`: they were judged elsewhere.
    `stop` returns why no more flows are to be judged, None to go on; `cut` is why some were not.
    """

    contract: CompiledContract
    results: ResultCollector
    statistics: AcrossStatistics
    flows: FlowSpans
    labelled: int = 0
    unlisted: int = 0
    rejected: int = 0
    rejection: str = ""
    may_break_later: bool = False
    awaits_flow: bool = False
    stop: Callable[[], Undecided | None] = lambda: None
    cut: Undecided | None = None


class Applies(NamedTuple):
    """Whether a contract applies to a trace: as it is now, and whatever comes (then its integrity counts)."""

    now: bool
    for_good: bool


NOT_APPLICABLE = Applies(False, False)


def start_run(plan: ContractPlan | CompiledContract, reading: Reading, spool: Spool) -> ContractRun:
    """Return the state of a contract before the first trace; compile the contract if it is not.

    All contracts of a verification share the spool, in which what grows with the number of traces is kept.
    """
    contract = compiled(plan)
    statistics = AcrossStatistics(contract.plan, contract.rules, reading, spool)
    return ContractRun(contract, ResultCollector(contract.expectations), statistics, FlowSpans(spool))


def trace_context(plan: ContractPlan, topology: Topology, reading: Reading, find_span: FindSpan) -> Context:
    """Return what the checks of one contract may ask for about one trace."""
    return Context(
        topology,
        capabilities=reading.source.capabilities,
        find_span=find_span,
        lacks_span=find_span.lacks,
        tolerance_ns=plan.tolerance_ns,
        skew_ns=plan.skew_ns,
        resolution_ns=reading.source.resolution_ns,
        fixed_resolution_ns=plan.resolution_ns,
        clocks=reading.clocks,
        mask=masker(plan.classes),
    )


def select_and_assign(
    contract: CompiledContract, context: Context, results: ResultCollector
) -> tuple[SelectedFlows, SpanAssigner, list[Flow]]:
    """Select the flows of a trace and assign their spans to entries (steps 1 to 3)."""
    assigner = SpanAssigner(context, partial(names_of_rules, contract.rules, context=context))
    selected = select_flows(contract.top, context)
    for why in selected.undecided:
        results.mark_undecided("top", "span", why)
    return selected, assigner, [Flow(context.topology, assigner.place(contract.top, i)) for i in selected.spans]


def judge_trace(
    run: ContractRun,
    topology: Topology,
    reading: Reading,
    find_span: FindSpan,
    mentioned: MentionedSpans,
    memory: FlowMemory | None = None,
) -> Applies:
    """Judge one trace by one contract. Return whether the contract applies to it; add its spans to `mentioned`.

    Flows that `memory` knows are not judged.
    It also applies if it selects a span whose id another one has, even if the other is judged: else the repeated id
    would hide the trace from the contract.
    """
    plan, trace = run.contract.plan, topology.trace
    if plan.scenario and trace.scenario != plan.scenario:
        return NOT_APPLICABLE
    context = trace_context(plan, topology, reading, find_span)
    results = run.results
    results.complete = trace.complete
    if not trace.complete:
        run.may_break_later = True
        run.statistics.note_incomplete()
        run.awaits_flow = run.awaits_flow or not topology.spans
    selected, assigner, flows = select_and_assign(run.contract, context, results)
    run.rejected += len(selected.rejected)
    if selected.rejected and not run.rejection:
        run.rejection = where_edit(run.contract.top, selected.rejected[0], context)
    used = {i for flow in flows for i in flow.placement.used_spans() if i != TOP}
    scope = TraceScope(results, context, run.contract.rules, assigner, mentioned.placed)
    for flow in flows:
        if why := run.stop():
            run.cut = why
            break
        own = flow.placement.span
        run.flows.append(trace.trace_id, topology.spans[own].span_id if own != TOP else "")
        if not (memory and memory.apply(own, mentioned)):
            check_flow(flow, scope, used, memory)
        run.statistics.add(flow, context)
        mentioned.in_flows.update(flow.spans)
    mentioned.placed |= used
    if plan.scenario:
        run.labelled += 1
        if not flows and not results.has_undecided("top", "span"):
            message = f"no {plan.top.span} in a trace of scenario {plan.scenario}"
            breach = Breach("span-missing", message, "at least 1", "none")
            results.record_breach("top", "span", breach, topology, TOP)
    owners = [flow.placement.span for flow in flows]
    stays = any(i == TOP or context.is_final(topology.spans[i]) for i in owners)
    stays = stays or bool(topology.duplicates and selects_duplicate(run.contract.top, context))
    return Applies(bool(flows or plan.scenario), bool(stays or plan.scenario))


def scan_logs(run: ContractRun, topology: Topology, reading: Reading, find_span: FindSpan) -> set[int]:
    """Scan the log records of a trace that belong to no span for what the contract forbids.

    Return which of `records_without_span` were scanned, by index.

    They belong to no flow either: a contract scans them whether it has a flow in this trace or not.
    """
    if not _scans_logs(run, topology):
        return set()
    context = trace_context(run.contract.plan, topology, reading, find_span)
    return scan_records(run.contract.log_scans, records_without_span(topology), context, run.results)


def has_clean_logs(run: ContractRun, topology: Topology, reading: Reading, find_span: FindSpan) -> bool:
    """Return whether `scan_logs` finds nothing in the log records of a trace without spans, and decides on all."""
    if not _scans_logs(run, topology):
        return True
    context = trace_context(run.contract.plan, topology, reading, find_span)
    return is_clean(run.contract.log_scans, topology.trace.logs, context)


def _scans_logs(run: ContractRun, topology: Topology) -> bool:
    plan = run.contract.plan
    return bool(run.contract.log_scans) and plan.scenario in ("", topology.trace.scenario)


def mask_for(plans: Sequence[ContractPlan]) -> Callable[[str], str]:
    """Return a function that masks the known classes and those of all contracts; it remembers what it masked."""
    mask = masker(tuple(dict.fromkeys(each for plan in plans for each in plan.classes)))
    return lru_cache(4096)(lambda text: abridged(mask(text)))  # names repeat


def integrity_findings(
    topology: Topology, reading: Reading, find_span: FindSpan, plans: Sequence[ContractPlan], mask: Callable[[str], str]
) -> Iterable[Finding]:
    """Yield the integrity findings of one trace, at the strictest level that a contract applying to it gives."""
    widest = max(plans, key=lambda plan: plan.tolerance_ns + plan.skew_ns + (plan.resolution_ns or COARSE_NS[0]))
    may_be_replaced = not topology.trace.complete and _integrity_level(plans, "span-duplicate") != "violation"
    for span_id, breach in check_integrity(trace_context(widest, topology, reading, find_span)):
        level = _integrity_level(plans, breach.id)
        i = topology.by_id.get(span_id, TOP)
        if level == "off" or (may_be_replaced and level == "violation" and i != TOP):
            continue
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
            hint=mask(breach.hint),
        )


def _integrity_level(plans: Sequence[ContractPlan], finding: str) -> Level:
    return min((level_of(plan, finding) for plan in plans), key=LEVELS.index)


def contract_result(run: ContractRun, reading: Reading, today: dt.date) -> ContractResult:
    """Return the result of a contract after the last trace (step 6); `today` decides which pendings have expired."""
    plan, results = run.contract.plan, run.results
    if run.cut:
        results.mark_undecided("top", "span", run.cut)
        run.statistics.note_cut(run.cut)
    if run.flows or run.unlisted:
        run.statistics.judge(results)
    elif not run.cut and (why := _why_no_flow(run, reading)):
        results.mark_undecided("top", "span", why)
    not_checked, coverage = results.not_checked(), results.coverage()
    leveled = [replace(f, level=level_of(plan, f.id, f.entry)) for f in results.findings]
    settled = apply_pending(plan, leveled, not_checked, coverage, today)
    findings = [f for f in settled if f.level != "off"]
    verdict = verdict_of(findings, not_checked, coverage)
    if verdict == "kept" and (run.awaits_flow or (run.may_break_later and may_break_later(plan))):
        place = plan.top.places.get("span", plan.top.place)
        not_checked += (NotChecked("top", "span", "incomplete", "spans may still arrive that break it", 1, place),)
        verdict = "not checked"
    return ContractResult(
        plan.name,
        plan.version,
        plan.file,
        verdict,
        len(run.flows) + run.unlisted,
        tuple(findings),
        not_checked,
        coverage,
        run.flows,
    )


def _why_no_flow(run: ContractRun, reading: Reading) -> Undecided | None:
    """Return why a contract without a flow is not checked; None where a trace of its scenario breaks it."""
    scenario = run.contract.plan.scenario
    if not scenario:
        return Undecided("unseen", _why_unseen(run, reading))
    return None if run.labelled else Undecided("no-trace", f"no trace of scenario {scenario}")


def _why_unseen(run: ContractRun, reading: Reading) -> str:
    """Return why the contract has no flow: no span of the name, or none that its `where` selects."""
    wanted, traces = str(run.contract.plan.top.span or "span"), reading.trace_count
    name = "span" if wanted == "*" else wanted
    inside = f"in {traces} trace" if traces == 1 else f"in {traces} traces"
    if run.rejected:
        plural = "s" if wanted == "*" and run.rejected > 1 else ""
        return f"{run.rejected} {name}{plural} found {inside}, none with {run.rejection or 'its where'}"
    return f"no {name} {inside}"
