"""Judge the traces of scenarios by the shipped contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import msgspec

from spanpact.conformance.implementation import Implementation
from spanpact.conformance.scenarios import Scenario
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.findings import Report, Verdict
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify


def judge_scenario(implementation: Implementation, scenario: Scenario) -> Report:
    """Perform a scenario and verify its traces against every shipped contract; contracts without a flow are allowed."""
    return judge_traces(implementation.perform(scenario.name))


def judge_traces(reading: Reading) -> Report:
    """Verify the traces of a scenario against every shipped contract; contracts without a flow are allowed."""
    return verify(_contracts(), reading, VerificationOptions(allow_unseen=True))


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How a scenario ended: `why` says what kept it from being checked, `report` is on the traces that arrived."""

    scenario: Scenario
    verdict: Verdict
    why: str = ""
    report: Report | None = None


def judge_performed(performed: Mapping[Scenario, tuple[str, ...] | str], reading: Reading) -> Iterator[ScenarioResult]:
    """Judge scenarios by what was received of their traces, in order.

    `performed` has the ids of each scenario's traces, or why it was not performed. The span of the request that asked
    for a scenario is not judged as one: it belongs to the test.
    """
    arrived = {trace.trace_id: trace for trace in reading.traces}
    for scenario, traces in performed.items():
        if isinstance(traces, str):
            yield ScenarioResult(scenario, "not checked", traces)
        elif missing := [each for each in traces if each not in arrived]:
            yield ScenarioResult(scenario, "not checked", f"no span of trace {missing[0]} arrived")
        else:
            own = [_labelled(arrived[each], scenario.name) for each in traces]
            yield _judged(scenario, judge_traces(msgspec.structs.replace(reading, traces=own)))


def _labelled(trace: Trace, scenario: str) -> Trace:
    """Return the trace with its scenario; the server span of the endpoint is of no kind that a contract selects."""
    spans = [
        _endpoint(span) if span.kind == "server" and _asked_for(span) == scenario else span for span in trace.spans
    ]
    return msgspec.structs.replace(trace, spans=spans, scenario=scenario)


def _endpoint(span: Span) -> Span:
    return msgspec.structs.replace(span, name="spanpact conform", kind="internal", attributes={}, events=())


def _asked_for(span: Span) -> str:
    """Return the scenario that the request of a server span asked for, "" for none."""
    path = next((span.attributes[key] for key in ("url.path", "http.target") if key in span.attributes), "")
    return path.rpartition("/scenarios/")[2] if isinstance(path, str) and "/scenarios/" in path else ""


def _judged(scenario: Scenario, report: Report) -> ScenarioResult:
    kept = {result.contract for result in report.results if result.verdict == "kept"}
    if report.verdict != "broken" and (lacking := [name for name in scenario.contracts if name not in kept]):
        return ScenarioResult(scenario, "not checked", f"its traces have no flow of {', '.join(lacking)}", report)
    return ScenarioResult(scenario, report.verdict, report=report)


@cache
def _contracts() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]
