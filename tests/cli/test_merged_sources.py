"""What several sources carry together: an expectation is checked where one of them would show what it is about."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from spanpact.contract.loader import load_text
from spanpact.sources.merging import merged
from spanpact.trace.model import ALL_CAPABILITIES, Capability, LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify

A, B = f"{1:032x}", f"{2:032x}"
OF_LOGS: frozenset[Capability] = frozenset(["logs"])
LOGS = ALL_CAPABILITIES
NO_LOGS = ALL_CAPABILITIES - OF_LOGS
CONTRACT = load_text(
    "{spanpact: 1, contract: c, version: 1.0.0, span: top, events: {audit: {event: shop.audit, via: log}}}"
)


def span(trace_id: str) -> Span:
    return Span(trace_id, f"{1:016x}", "top", "", "server", 1, 2)


def log(trace_id: str, name: str = "shop.audit") -> LogRecord:
    return LogRecord(trace_id, f"{1:016x}", name)


def of_spans(*trace_ids: str, capabilities: frozenset[Capability] = NO_LOGS, logs: Sequence[str] = ()) -> Reading:
    traces = [Trace(each, [span(each)], [log(each)] if each in logs else []) for each in trace_ids]
    return Reading(SourceInfo("spans", capabilities), traces)


def of_logs(*trace_ids: str, name: str = "shop.audit", capabilities: frozenset[Capability] = LOGS) -> Reading:
    """Return the reading of a file with log records alone."""
    return Reading(
        SourceInfo("logs", capabilities), [], spanless=[Trace(each, [], [log(each, name)]) for each in trace_ids]
    )


def outcome(*readings: Reading) -> str:
    report = verify([CONTRACT], merged(readings))
    reasons = {f"{each.entry} {each.reason}" for each in report.results[0].not_checked}
    return ", ".join([report.verdict, *(finding.key for finding in report.findings), *sorted(reasons)])


NOT_CARRIED = "kept, audit capability"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([of_spans(A), of_logs(A)], "kept"),
        ([of_spans(A), of_logs(A, name="other")], "broken, audit/event-missing"),
        ([of_spans(A, B), of_logs(A)], "broken, audit/event-missing"),  # as in one file with these spans and logs
        ([of_spans(A), of_spans(B)], NOT_CARRIED),
        ([of_spans(A), of_spans(A, capabilities=LOGS, logs=[A])], "kept"),
        ([of_spans(A), of_spans(B, capabilities=LOGS, logs=[B])], NOT_CARRIED),  # nobody knows where logs of A are
        ([of_spans(A, capabilities=LOGS, logs=[A]), of_spans(B, capabilities=LOGS)], "broken, audit/event-missing"),
        ([of_spans(A, capabilities=LOGS, logs=[A]), of_spans()], NOT_CARRIED),  # a source that may give spans later
    ],
)
def test_logs(readings: list[Reading], expected: str, turned: bool) -> None:
    assert outcome(*(readings[::-1] if turned else readings)) == expected


@pytest.mark.parametrize("capability", sorted(ALL_CAPABILITIES - OF_LOGS))
def test_what_one_source_of_spans_lacks_is_lacking(capability: Capability) -> None:
    lacking = of_spans(A, capabilities=NO_LOGS - {capability})
    assert capability not in merged([lacking, of_spans(B)]).source.capabilities
    assert capability not in merged([lacking, of_logs(A)]).source.capabilities


@pytest.mark.parametrize("capability", ["events", "links", "status_message", "remote", "trace_state", "offered"])
def test_a_source_of_logs_alone_says_nothing_of_spans(capability: Capability) -> None:
    assert capability in merged([of_spans(A), of_logs(A, capabilities=LOGS - {capability})]).source.capabilities


@pytest.mark.parametrize("capability", ["value_types", "number_types", "bytes", "resource", "scope", "complete"])
def test_what_log_records_have_as_well_they_may_lack(capability: Capability) -> None:
    assert capability not in merged([of_spans(A), of_logs(A, capabilities=LOGS - {capability})]).source.capabilities


def test_offered_requests_are_those_of_the_sources_of_spans() -> None:
    spans = Reading(SourceInfo("spans"), [Trace(A, [span(A)])], 10)
    assert merged([spans, of_logs(A)]).offered == 10
