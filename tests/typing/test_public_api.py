"""The public API has the types that its documentation promises: mypy checks this file strictly, pytest runs it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import assert_type

import pytest

from spanpact import (
    Contract,
    ContractError,
    ContractResult,
    Finding,
    Place,
    Reading,
    Report,
    SourceInfo,
    Span,
    Trace,
    load_contract,
    load_contracts,
    verify,
)
from spanpact.conformance import SCENARIOS, Implementation, Scenario, TraceContracts, judge_scenario, verify_examples
from spanpact.contract.compiled import ContractPlan
from spanpact.reporting import TextOptions, parse_json, render_json, render_text, render_traces, summary_line
from spanpact.sources import (
    JaegerSource,
    MemorySource,
    OtlpFileSource,
    OtlpReceiver,
    TraceSource,
    encode_traces_json,
    open_source,
)
from spanpact.testing import CountedIds, ManualClock, assert_kept, plans_of, verify_spans

CONTRACT = Contract("work", "1.0.0", span="work", kind="internal")
SPAN = Span("1" * 32, "2" * 16, "work", start_ns=1, end_ns=2)


class OwnImplementation:
    """An implementation as a third party writes it, without a base class."""

    name = "own"
    scenarios: Collection[str] = ("redis-get-hit",)

    def perform(self, scenario: str) -> Reading:
        return Reading(SourceInfo("own"), [Trace("1" * 32, [SPAN])])


def test_verification_gives_a_report_of_values() -> None:
    plans = assert_type(plans_of(CONTRACT), list[ContractPlan])
    report = assert_type(verify(plans, Reading(SourceInfo("memory"), [Trace("1" * 32, [SPAN])])), Report)
    assert_type(report.results, tuple[ContractResult, ...])
    for finding in report.findings:
        assert_type(finding, Finding)
    assert assert_type(report.exit_code, int) == 0


def test_contract_files_are_loaded_as_plans(tmp_path: Path) -> None:
    file = tmp_path / "work.contract.yaml"
    file.write_text("spanpact: 1\ncontract: work\nversion: 1.0.0\nspan: work\n")
    assert assert_type(load_contract(file), ContractPlan).name == "work"
    assert len(assert_type(load_contracts([str(tmp_path)]), list[ContractPlan])) == 1
    file.write_text("spanpact: 1\n")
    with pytest.raises(ContractError) as raised:
        load_contract(file)
    assert_type(raised.value.place, Place | None)


def test_tests_verify_spans_and_have_deterministic_ids_and_time() -> None:
    report = assert_type(verify_spans(CONTRACT, [SPAN], scenario="redis-get-hit"), Report)
    assert_kept(report)
    assert assert_type(CountedIds(seed=1).generate_span_id(), int) == 1 << 32 | 1
    assert assert_type(ManualClock()(), float) == 0.0


def test_reports_are_rendered_and_read_back() -> None:
    report = verify_spans(CONTRACT, [SPAN])
    text = assert_type(render_text(report, TextOptions(width=80)), str)
    assert text.endswith(f"{assert_type(summary_line(report), str)}\n")
    assert assert_type(parse_json(assert_type(render_json(report), str)), Report).exit_code == report.exit_code
    assert report.reading is not None
    assert "work" in assert_type(render_traces(report.reading), str)


def test_every_source_is_a_trace_source(tmp_path: Path) -> None:
    file = tmp_path / "traces.json"
    reading = Reading(SourceInfo("own"), [Trace("1" * 32, [SPAN])])
    file.write_bytes(assert_type(encode_traces_json(reading), bytes))
    sources: list[TraceSource] = [OtlpFileSource(file), MemorySource([])]
    for source in sources:
        assert_type(source.read(), Reading)
    with open_source(str(file)) as opened:
        assert assert_type(opened.read(), Reading).span_count == 1
    others: list[type[TraceSource]] = [OtlpReceiver, JaegerSource]
    assert all(hasattr(each, "read") for each in others)


def test_an_implementation_needs_no_base_class() -> None:
    implementation: Implementation = OwnImplementation()
    assert_type(SCENARIOS, tuple[Scenario, ...])
    report = assert_type(judge_scenario(implementation, SCENARIOS[0]), Report)
    assert report.verdict == "not checked"  # its only span is in no shipped contract
    assert_type(verify_examples(plans_of(CONTRACT)), Report)
    test: Callable[[Implementation, Scenario], None] = TraceContracts().test_scenario_keeps_its_contracts
    assert callable(test)
