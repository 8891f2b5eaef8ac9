"""Traces that are judged as they settle, change late and end: bounded, with the report of all of them at the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.findings import Report, Verdict
from spanpact.listening import Event, Listener, ListenerLimits, Settled
from spanpact.reporting import TextOptions, render_text
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from tests.reporting.sample_reports import CONTRACT, changed, in_trace, kept_flow, span

PLAN = load_text(CONTRACT, file="contracts/session-validate.contract.yaml")
LAX = load_text(CONTRACT.replace("kind: client, ", ""), file="contracts/session-validate.contract.yaml")
INFO = SourceInfo("OTLP receiver")
BROKEN = changed(kept_flow(), "redis.get", kind="server")
FLOWS = [kept_flow(), BROKEN, [span(1, "GET /health")], kept_flow()[:2], kept_flow(), BROKEN]
LIMITS = ListenerLimits(settle=2, late=30, most=1000)


def listening(limits: ListenerLimits = LIMITS) -> Listener:
    return Listener([PLAN], VerificationOptions(), INFO, limits)


def add(listener: Listener, spans: Sequence[Span], number: int, now: float) -> None:
    listener.add(in_trace(spans, number).spans, (), now)


def verdicts(events: Sequence[Event]) -> list[tuple[str, list[tuple[str, Verdict]]]]:
    settled = [each.trace for each in events if isinstance(each, Settled)]
    return [(each.trace_id[-1], [(one.contract, one.verdict) for one in each.verdicts]) for each in settled]


def test_a_trace_is_judged_once_nothing_came_to_it_for_a_while() -> None:
    listener = listening()
    add(listener, kept_flow()[:2], 1, now=0)
    add(listener, kept_flow()[2:], 1, now=1.5)
    assert list(listener.judge(2.5)) == []
    events = list(listener.judge(3.5))
    assert verdicts(events) == [("1", [("session-validate", "kept")])]
    (event,) = events
    assert isinstance(event, Settled)
    assert (event.trace.name, event.trace.spans, event.trace.duration_ns) == ("GET /session", 3, 6_000_000)
    assert list(listener.judge(4)) == []
    assert listener.totals.contracts["session-validate"].flows == 1


def test_what_comes_late_changes_the_verdict_and_the_totals() -> None:
    listener = listening()
    add(listener, kept_flow()[:2], 1, now=0)
    assert verdicts(list(listener.judge(2))) == [("1", [("session-validate", "broken")])]
    assert list(listener.totals.kinds) == [("session-validate", "lookup/span-missing")]
    add(listener, kept_flow()[2:], 1, now=10)
    (event,) = listener.judge(12)
    assert isinstance(event, Settled)
    assert event.before
    assert (event.before.verdicts[0].verdict, event.trace.verdicts[0].verdict, event.late) == ("broken", "kept", 1)
    assert listener.totals.kinds == {}
    assert (listener.totals.traces, listener.totals.spans) == (1, 3)
    assert list(listener.judge(99, everything=True)) == []
    assert listener.report().verdict == "kept"


def test_spans_that_come_when_their_trace_is_over_are_counted() -> None:
    listener = listening()
    add(listener, kept_flow()[:2], 1, now=0)
    list(listener.judge(2))
    list(listener.judge(40))
    add(listener, kept_flow()[2:], 1, now=41)
    assert list(listener.judge(50, everything=True)) == []
    report = listener.report()
    assert (report.verdict, listener.too_late) == ("broken", 1)
    assert ("too late", "1 spans and logs came after their trace was judged for good") in report.header


@pytest.mark.parametrize("most", [1000, 7])
def test_the_report_at_the_end_is_that_of_all_traces_read_at_once(most: int) -> None:
    listener = listening(ListenerLimits(settle=2, late=5, most=most))
    for number, spans in enumerate(FLOWS, 1):
        add(listener, spans, number, now=number * 4)
        list(listener.judge(number * 4 + 3))
    list(listener.judge(99, everything=True))
    traces = tuple(in_trace(spans, number) for number, spans in enumerate(FLOWS, 1))
    whole = verify([PLAN], Reading(INFO, traces))
    assert render_text(listener.report(), TextOptions()) == render_text(whole, TextOptions())
    assert (listener.totals.unmentioned, listener.totals.names) == (1, {"GET /health": 1})


PARTS = st.tuples(st.sampled_from(FLOWS), st.integers(0, 3), st.integers(0, 20), st.integers(0, 29))
"""The flow of a trace, how many of its spans come first, when these come (s), and how much later the others do."""


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(PARTS, min_size=1, max_size=6), most=st.sampled_from([4, 1000]))
def test_however_spans_come_the_report_is_that_of_whole_traces(
    parts: Sequence[tuple[Sequence[Span], int, int, int]], most: int
) -> None:
    listener = listening(ListenerLimits(settle=2, late=30, most=most))
    arrivals = []
    for number, (spans, cut, first, later) in enumerate(parts, 1):
        made = in_trace(spans, number).spans
        arrivals += [(first, made[:cut]), (first + later, made[cut:])]
    for now in range(60):
        for when, spans in arrivals:
            if when == now:
                listener.add(spans, (), now)
        list(listener.judge(now))
    list(listener.judge(60, everything=True))
    report = listener.report()
    traces = tuple(in_trace(spans, number) for number, (spans, *_) in enumerate(parts, 1))
    whole = verify([PLAN], Reading(INFO, traces))
    if listener.too_late:  # only for want of room: it is counted
        assert most == 4
        return
    assert _content(report) == _content(whole)
    assert listener.totals.traces == len(traces)
    assert sum(each.count for each in listener.totals.kinds.values()) == len(whole.findings)


def _content(report: Report) -> object:
    """Return what a report says, whatever the order in which its traces were judged."""
    (result,) = report.results
    findings = sorted((each.trace_id, each.key, each.span_id) for each in report.findings)
    return report.verdict, result.flows, findings, result.coverage, report.unmentioned


def test_log_records_without_a_span_are_scanned() -> None:
    listener = listening()
    logs = [LogRecord("", body="ada@example.com"), LogRecord(f"{7:032x}", body="hello")]
    listener.add((), logs, 0)
    events = list(listener.judge(9, everything=True))
    whole = verify([PLAN], Reading(INFO, (), spanless=(Trace("", (), logs[:1]), Trace(logs[1].trace_id, (), logs[1:]))))
    report = listener.report()
    assert [finding.key for event in events if isinstance(event, Settled) for finding in event.trace.findings] == [
        finding.key for finding in whole.findings
    ]
    assert (report.verdict, report.logs_without_span) == (whole.verdict, whole.logs_without_span)


def test_without_room_the_oldest_traces_are_judged_early_and_dropped() -> None:
    listener = listening(ListenerLimits(settle=1000, late=1000, most=30))
    for number in range(1, 101):
        add(listener, kept_flow(), number, now=number)
        list(listener.judge(number))
        assert listener._traces._size <= 33
    assert listener.early >= 80
    list(listener.judge(101, everything=True))
    report = listener.report()
    assert (report.verdict, report.results[0].flows) == ("kept", 100)
    assert [name for name, _ in report.header] == ["too early"]


def test_a_listener_of_days_lists_some_of_what_is_broken_alike_and_each_other_kind() -> None:
    listener = listening(ListenerLimits(settle=0, late=0, most=1000))
    for number in range(1, 1101):
        add(listener, BROKEN, number, now=number)
        list(listener.judge(number))
    add(listener, changed(kept_flow(), "session.validate", status="error"), 2000, now=2000)
    list(listener.judge(2001, everything=True))
    report = listener.report()
    assert len([each for each in report.findings if each.key == "lookup/kind"]) == 1000
    assert [each.key for each in report.findings if each.key != "lookup/kind"] == ["top/status"]
    assert ("not listed", "100 more traces with findings of the kinds that are listed") in report.header
    assert report.reading
    assert (report.reading.trace_count, listener.totals.kinds["session-validate", "lookup/kind"].count) == (1101, 1100)


def test_contracts_that_change_judge_what_is_held_again() -> None:
    listener = listening(ListenerLimits(settle=0, late=10, most=1000))
    add(listener, BROKEN, 1, now=0)
    list(listener.judge(1))
    list(listener.judge(20))
    add(listener, BROKEN, 2, now=21)
    add(listener, kept_flow(), 3, now=21)
    list(listener.judge(22))
    assert len(listener.totals.kinds) == 1
    events = list(listener.replace_contracts([LAX], VerificationOptions()))
    assert verdicts(events) == [("2", [("session-validate", "kept")])]
    assert listener.totals.kinds == {}
    list(listener.judge(30, everything=True))
    report = listener.report()
    assert (report.verdict, report.results[0].flows) == ("kept", 2)
    assert ("reloaded", "1 traces that came before the contracts changed are left out") in report.header
