"""Traces as trees, without judging."""

from __future__ import annotations

from spanpact.reporting import TextOptions, render_traces
from spanpact.trace.model import Event, Link, Reading, SourceInfo
from tests.reporting.sample_reports import changed, in_trace, kept_flow, span


def test_tree_of_a_trace_shows_names_times_kinds_and_attributes() -> None:
    reading = Reading(SourceInfo("traces.json"), [in_trace(kept_flow(), 1, scenario="hit", complete=False)])
    assert render_traces(reading).splitlines() == [
        f"trace {1:032x}  3 spans, scenario hit, incomplete",
        "  GET /session  6ms  server",
        "  └─ session.validate  4ms  session.valid=true",
        '     └─ redis.get  400µs  client  key="session:*"  cache_hit=true',
        "",
        "traces.json: 1 trace, 3 spans",
    ]


def test_attributes_events_links_and_lost_parents_are_drawn_below_their_span() -> None:
    spans = changed(
        kept_flow(), "redis.get", status="error", status_message="refused",
        events=[Event("exception", attributes={"exception.type": "ValueError"})], links=[Link("a" * 32, "b" * 16)],
    )  # fmt: skip
    reading = Reading(SourceInfo("t"), [in_trace([*spans, span(9, "lost", 77, start=9)], 1)])
    text = render_traces(reading, attributes=True)
    assert 'status message "refused"' in text
    assert '· exception exception.type="ValueError"' in text
    assert f"› {'a' * 32} {'b' * 16}" in text
    assert 'key = "session:*"' in text
    assert f"its parent {77:016x} is not in the trace" in text


def test_traces_with_the_same_tree_are_drawn_once_with_fold() -> None:
    reading = Reading(
        SourceInfo("t"), [in_trace(kept_flow(), n) for n in (1, 2, 3)] + [in_trace([span(1, "other")], 4)]
    )
    lines = render_traces(reading, fold=True).splitlines()
    assert f"  2 more similar traces: {2:032x}, {3:032x}" in lines
    assert [line.split()[1] for line in lines if line.startswith("trace ")] == [f"{1:032x}", f"{4:032x}"]
    assert len(render_traces(reading).splitlines()) > len(lines)


def test_large_traces_are_abridged_unless_everything_is_set() -> None:
    spans = [span(1, "root"), *(span(10 + i, f"child{i}", 1) for i in range(100))]
    reading = Reading(SourceInfo("t"), [in_trace(spans, 1)])
    assert "… 97 more" in render_traces(reading)
    assert "child99" in render_traces(reading, TextOptions(everything=True))


def test_empty_reading_is_reported_as_zero_traces() -> None:
    assert render_traces(Reading(SourceInfo("t"), [])) == "t: 0 traces, 0 spans\n"
