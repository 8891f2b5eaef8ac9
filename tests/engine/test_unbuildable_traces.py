"""Traces that the language of examples cannot build, so that no case of the corpus holds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
import pytest

from spanpact.contract.loader import load_text
from spanpact.findings import Finding
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

TRACE, OTHER = "0" * 31 + "1", "0" * 31 + "2"
EXAMPLES = "examples: {good: {trace: [top]}, bad: {trace: [x], findings: [top/span-missing]}}"
PLAN = load_text(
    f"spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: top\nforbid: [email]\n{EXAMPLES}\n", file="c.contract.yaml"
)


def top(*, events: Sequence[Event] = (), links: Sequence[Link] = ()) -> Span:
    return Span(TRACE, "0" * 15 + "a", "top", start_ns=1, end_ns=2, events=list(events), links=list(links))


def findings(span: Span, logs: Sequence[LogRecord] = ()) -> list[tuple[str, str, str, str]]:
    reading = Reading(SourceInfo("test"), [Trace(TRACE, [span], logs=list(logs))])
    report = verify([PLAN], reading, VerificationOptions(today=dt.date(2026, 1, 1)))
    return [summary(finding) for finding in report.findings]


def summary(finding: Finding) -> tuple[str, str, str, str]:
    return finding.key, finding.message, finding.expected, finding.observed


def test_a_leak_in_the_trace_state_of_a_link_is_found() -> None:
    link = Link(OTHER, "0" * 15 + "b", trace_state="v=bob@example.com")
    leak = ("top/privacy-leak", "email in a link's trace state", "no email", "characters 2..17")
    assert findings(top(links=[link])) == [leak]


def test_what_was_dropped_of_events_and_of_links_is_reported() -> None:
    events = [Event("a", dropped_attributes=1), Event("b", dropped_attributes=2)]
    links = [Link(OTHER, "0" * 15 + "b", dropped_attributes=4)]

    def dropped(what: str) -> tuple[str, str, str, str]:
        return "integrity/data-dropped", "the SDK dropped data", "none dropped", what

    assert findings(top(events=events)) == [dropped("3 attributes of events")]
    assert findings(top(links=links)) == [dropped("4 attributes of links")]
    assert findings(top(events=events, links=links)) == [dropped("3 attributes of events, 4 attributes of links")]
    assert findings(top(events=[Event("a")], links=[Link(OTHER, "0" * 15 + "b")])) == []


@pytest.mark.parametrize(("flags", "number"), [(0, 1), (1, 1), (2, 0), (3, 1), (254, 0), (255, 1)])
def test_a_log_record_of_a_span_that_was_not_sampled_is_not_uncorrelated(flags: int, number: int) -> None:
    record = LogRecord(TRACE, "0" * 15 + "c", trace_flags=flags)
    assert len(findings(top(), [record])) == number


def test_dropped_attributes_of_resource_and_scope_are_reported_once_a_trace() -> None:
    resource, scope = Resource({"service.name": 5}, "", 2), Scope("", dropped_attributes=1)
    first = msgspec.structs.replace(top(), resource=resource, scope=scope)
    spans = [first, msgspec.structs.replace(first, span_id="0" * 15 + "b", parent_id="0" * 15 + "a", name="x")]
    found = verify([PLAN], Reading(SourceInfo("made"), [Trace(TRACE, spans)])).integrity
    assert [each.observed for each in found] == ["2 attributes of the resource, 1 attributes of the scope"]


def test_dropped_attributes_of_log_records() -> None:
    record = LogRecord(TRACE, "0" * 15 + "a", dropped_attributes=2)
    assert [each[3] for each in findings(top(), [record, record])] == ["4 attributes of log records"]


def test_log_records_of_a_strange_span_are_counted() -> None:
    strange = LogRecord(TRACE, "0" * 15 + "c", "e")
    records = [strange, LogRecord(TRACE, "0" * 15 + "a", "e"), strange, LogRecord(TRACE, "", "e")]
    message = "log records name a span that is not in their trace"
    assert findings(top(), records) == [("integrity/log-uncorrelated", message, "a span of the trace", "2 records")]
    assert findings(top(), records[1:2]) == []


def test_equal_resources_and_scopes_are_reported_once_whichever_objects_a_source_makes() -> None:
    def span(number: int) -> Span:
        owner = Resource(attributes_of([("user", "a"), ("user", "b")]), "", 2)
        return Span(TRACE, f"{number:016x}", "top", start_ns=number, end_ns=9, resource=owner, scope=Scope("lib", "1"))

    reading = Reading(SourceInfo("test"), [Trace(TRACE, [span(1), span(2)])])
    found = [each for each in verify([PLAN], reading).findings if each.id in ("data-dropped", "attribute-repeated")]
    assert sorted((each.id, each.span_id[-1]) for each in found) == [("attribute-repeated", "1"), ("data-dropped", "1")]
