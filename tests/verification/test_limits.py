"""What a time limit or a memory limit leaves unjudged is not checked; what was judged by then counts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.reporting import render_json, render_text
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification.limits import MIB, Limits, held_bytes
from spanpact.verification.options import VerificationOptions
from spanpact.verification.streaming import verify_file, verify_files
from spanpact.verification.verifying import verify

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: a\n"
TIME = "the time limit of 3 s was reached before all traces were judged"
HOUR = 3600
Judge = Callable[[CompiledContract, "list[Trace]", Limits], Report]


def contract(body: str = "attributes: {n: {at_most: 5}}") -> CompiledContract:
    return CompiledContract.of(load_text(HEAD + body))


def traces(number: int, *, first: int = 1) -> list[Trace]:
    """Return traces of one span each, whose attribute `n` counts up and is text in each of another length."""
    ids = [f"{n:032x}" for n in range(first, first + number)]
    return [
        Trace(id, [Span(id, f"{n:016x}", "a", start_ns=n, end_ns=n + 1, attributes={"n": n, "x": "x" * n})])
        for n, id in enumerate(ids, first)
    ]


def seconds_for_each_look() -> Callable[[], float]:
    """Return a clock on which a second has passed at each look."""
    seconds = count()
    return lambda: next(seconds)


def in_memory(plan: CompiledContract, several: list[Trace], limits: Limits) -> Report:
    return verify(
        [plan], Reading(SourceInfo("made"), several, offered=len(several)), VerificationOptions(limits=limits)
    )


def in_a_file(plan: CompiledContract, several: list[Trace], limits: Limits) -> Report:
    """Verify a file that holds a document for each trace."""
    file = Path("traces.jsonl")
    file.write_bytes(b"\n".join(encode_traces_json(Reading(SourceInfo("made"), [each])) for each in several))
    report = verify_file(OtlpFileSource(file, offered=len(several)), [plan], VerificationOptions(limits=limits))
    assert report is not None
    return report


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def reasons(report: Report) -> set[tuple[str, str, str]]:
    return {(each.entry, each.reason, each.detail) for result in report.results for each in result.not_checked}


@pytest.mark.parametrize("judge", [in_memory, in_a_file])
class TestEveryWay:
    def test_traces_that_were_not_judged_in_time_are_not_checked(self, judge: Judge) -> None:
        report = judge(contract(), traces(5), Limits(3, clock=seconds_for_each_look()))
        assert reasons(report) == {("top", "time-limit", TIME)}
        assert (report.verdict, report.exit_code) == ("not checked", 3)

    def test_no_limit_that_is_not_reached_alters_the_report(self, judge: Judge) -> None:
        limits = Limits(HOUR, 1 << 20)
        assert render_json(judge(contract(), traces(5), limits)) == render_json(judge(contract(), traces(5), Limits()))

    def test_a_memory_limit_is_one_of_what_the_process_holds(self, judge: Judge) -> None:
        held = iter([100 * MIB, *[201 * MIB] * 99])
        report = judge(contract(), traces(5), Limits(None, 200, clock=seconds_for_each_look(), held=lambda: next(held)))
        detail = "the memory limit of 200 MiB was reached before all traces were judged"
        assert reasons(report) == {("top", "memory-limit", detail)}
        assert detail in render_text(report)

    def test_a_contract_of_which_no_flow_came_in_time_is_not_unseen(self, judge: Judge) -> None:
        report = judge(contract(), traces(5), Limits(1, clock=seconds_for_each_look()))
        assert {reason for _, reason, _ in reasons(report)} == {"time-limit"}
        assert report.exit_code == 3


def in_two_files(plan: CompiledContract, several: list[Trace], limits: Limits) -> Report:
    """Verify two files, the second of which holds the last trace alone."""
    files = [Path("first.jsonl"), Path("second.jsonl")]
    for file, part in zip(files, (several[:-1], several[-1:]), strict=True):
        file.write_bytes(b"\n".join(encode_traces_json(Reading(SourceInfo("made"), [each])) for each in part))
    report = verify_files([OtlpFileSource(each) for each in files], [plan], VerificationOptions(limits=limits))
    assert report is not None
    return report


@pytest.mark.parametrize("judge", [in_memory, in_a_file, in_two_files])
@pytest.mark.parametrize("first", [1, 6])
def test_wherever_a_limit_cuts_nothing_is_taken_for_kept(judge: Judge, first: int) -> None:
    plan, several = contract(), traces(5, first=first)
    whole, flows = judge(plan, several, Limits()), set()
    for seconds in range(1, 40):
        report = judge(plan, several, Limits(seconds, clock=seconds_for_each_look()))
        flows.add(report.results[0].flows)
        if reasons(report):
            assert {reason for _, reason, _ in reasons(report)} == {"time-limit"}
            assert report.verdict == ("broken" if report.findings else "not checked")
            assert set(report.findings) <= set(whole.findings)
        else:
            assert render_json(report) == render_json(whole)
    assert flows == set(range(6))


def test_what_was_broken_in_time_is_broken() -> None:
    report = in_memory(contract(), traces(5, first=6), Limits(4, clock=seconds_for_each_look()))
    assert (report.verdict, report.exit_code) == ("broken", 1)
    assert {finding.trace_id for finding in report.findings} == {f"{6:032x}"}
    assert {reason for _, reason, _ in reasons(report)} == {"time-limit"}


@pytest.mark.parametrize(
    "statement", ["{sampling: 1.0, samples: 1}", "{error_rate: 0, samples: 1}", "{duration: {p50: 0ns}, samples: 1}"]
)
def test_no_statement_about_all_traces_is_decided_on_some(statement: str) -> None:
    plan = contract(f"across: {{s: {statement}}}")
    report = in_memory(plan, traces(5), Limits(4, clock=seconds_for_each_look()))
    assert not report.findings
    assert {(entry, reason) for entry, reason, _ in reasons(report)} == {("top", "time-limit"), ("s", "time-limit")}


def test_no_pending_is_reported_as_kept_on_some_traces() -> None:
    plan = contract("attributes: {n: {at_most: 5}}\npending: {top: {reason: r, owner: o, until: 2999-01-01}}")
    assert [each.id for each in in_memory(plan, traces(5), Limits()).findings] == ["pending-kept"]
    assert not in_memory(plan, traces(5), Limits(4, clock=seconds_for_each_look())).findings


def test_flows_of_one_trace_are_cut_too() -> None:
    spans = [span for each in traces(50) for span in each.spans]
    whole = Trace(spans[0].trace_id, [Span(spans[0].trace_id, s.span_id, "a", start_ns=1, end_ns=2) for s in spans])
    report = in_memory(contract("kind: internal"), [whole], Limits(10, clock=seconds_for_each_look()))
    assert 0 < report.results[0].flows < 50
    assert {reason for _, reason, _ in reasons(report)} == {"time-limit"}


def test_what_the_process_holds_is_more_after_it_has_taken_more() -> None:
    before = held_bytes()
    taken = bytearray(b"x" * (64 * MIB))
    assert held_bytes() - before > 32 * MIB
    assert len(taken) == 64 * MIB
