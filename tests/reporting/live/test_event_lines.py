"""Events of live judging as lines: each change is shown once, and what arrives late without effect says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spanpact.errors import Place
from spanpact.findings import Finding
from spanpact.listening import Event, FlowVerdict, Notice, Settled, TraceVerdict
from spanpact.reporting.live.event_lines import event_lines
from spanpact.reporting.text_options import TextOptions

TRACE_ID = f"{1:032x}"
FINDING = Finding(
    "kind", "lookup", "the span kind differs", contract="c", place=Place("c.yaml", 3, 4), trace_id=TRACE_ID,
    span_id=f"{2:016x}", expected='"client"', observed='"server"',
)  # fmt: skip
KEPT = FlowVerdict("c", "kept", 1)
BROKEN = FlowVerdict("c", "broken", 2, (FINDING,))
WHERE = f"GET /session  3 spans  6ms  trace {TRACE_ID}"
FOUND = (
    'finding     c  lookup/kind  the span kind differs: expected "client", observed "server"  c.yaml:3:4  '
    f"trace {TRACE_ID}"
)


def trace(*verdicts: FlowVerdict) -> TraceVerdict:
    return TraceVerdict(TRACE_ID, "GET /session", 3, 6_000_000, verdicts)


def lines(event: Event, options: TextOptions | None = None) -> list[str]:
    shown = options or TextOptions()
    return [line.drawn(shown.canvas) for line in event_lines(event, shown)]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Settled(trace(KEPT)), [f"kept        c  {WHERE}"]),
        (Settled(trace(BROKEN)), [f"broken      c  2 flows  {WHERE}", FOUND]),
        (Settled(trace()), [f"unmentioned {WHERE}"]),
        (Settled(trace(KEPT), trace(KEPT), 1), [f"late        1 late span, the same verdict  {WHERE}"]),
        (Settled(trace(KEPT), trace(BROKEN), 2), [f"changed     c  broken, now kept  2 late spans  {WHERE}"]),
        (Settled(trace(BROKEN), trace(KEPT)), [f"changed     c  kept, now broken  {WHERE}", FOUND]),
        (Settled(trace(KEPT), trace()), [f"changed     c  without a flow, now kept  {WHERE}"]),
        (Settled(trace(), trace(KEPT)), [f"changed     c  no longer kept  {WHERE}"]),
        (Notice("error", "c.yaml:1:1: \x1b[31m"), ["error       c.yaml:1:1: \\x1b[31m"]),
    ],
)
def test_lines_of_an_event(event: Event, expected: list[str]) -> None:
    assert lines(event) == expected


def test_a_finding_is_shown_once() -> None:
    other = replace(FINDING, id="status", message="the status differs")
    shown = lines(Settled(trace(replace(BROKEN, findings=(FINDING, other))), trace(BROKEN)))
    assert [line.partition("  ")[0] for line in shown] == ["changed", "finding"]
    assert "lookup/status" in shown[1]


def test_an_improvement_is_no_breach() -> None:
    advice = replace(FINDING, level="improvement", place=None, expected="", observed="")
    [_, found] = event_lines(Settled(trace(replace(KEPT, findings=(advice,)))), TextOptions())
    assert (found.style, found.rest) == ("doubt", f"c  lookup/kind  the span kind differs  trace {TRACE_ID}")


def test_a_line_is_cut_to_a_width_and_a_trace_is_a_link_where_there_is_one() -> None:
    options = TextOptions(trace_url="https://ui.example/{trace_id}")
    [line] = event_lines(Settled(trace(KEPT)), options)
    assert line.rest.endswith(f"6ms  https://ui.example/{TRACE_ID}")
    assert line.drawn(options.canvas, width=30) == "kept        c  GET /session  …"
