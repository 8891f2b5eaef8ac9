"""K3: each way in which the spans of a trace fail to be a tree is a finding with a name, whatever the contract."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from spanpact.contract.loader import load_text
from spanpact.findings import Report
from spanpact.trace import Link, LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify

TRACE, OTHER, ZERO = f"{1:032x}", f"{2:032x}", "0" * 16
PLAN = load_text("{spanpact: 1, contract: c, version: 1.0.0, span: top}", file="f")
MS = 1_000_000


def span(number: int, parent: int = 0, *, name: str = "work", start: int = 1, end: int = 9, **fields: object) -> Span:
    """Return a span with the ids of numbers (0: no parent) and times in ms."""
    given = {
        "trace_id": TRACE,
        "span_id": f"{number:016x}",
        "name": name,
        "parent_id": f"{parent:016x}" if parent else "",
    }
    return Span(**{**given, "start_ns": start * MS, "end_ns": end * MS, **fields})  # type: ignore[arg-type]


TOP = span(1, name="top", start=0, end=10)
BROKEN: dict[str, tuple[Sequence[Span], set[str]]] = {
    "two roots": ([TOP, span(2)], {"trace-roots"}),
    "a parent that is not there": ([TOP, span(2, 77)], {"span-orphan"}),
    "two spans below each other": ([TOP, span(2, 3), span(3, 2)], {"span-cycle"}),
    "a span below itself": ([TOP, span(2, 2)], {"span-cycle"}),
    "a cycle of a thousand spans": ([TOP, span(2, 1001), *(span(n, n - 1) for n in range(3, 1002))], {"span-cycle"}),
    "a branch below a cycle": ([TOP, span(2, 3), span(3, 2), span(4, 3)], {"span-cycle"}),
    "no root at all": ([span(1, 2, name="top"), span(2, 1)], {"span-cycle"}),
    "a span twice": ([TOP, span(2, 1), span(2, 1)], {"span-duplicate"}),
    "two spans with one id": ([TOP, span(2, 1), span(2, 1, name="other")], {"span-duplicate"}),
    "a span id of zeros": ([TOP, span(2, 1, span_id=ZERO)], {"id-invalid"}),
    "a span id that is too short": ([TOP, span(2, 1, span_id="abc")], {"id-invalid"}),
    "a span id of no digits": ([TOP, span(2, 1, span_id="x" * 16)], {"id-invalid"}),
    "a parent id of zeros": ([TOP, span(2, parent_id=ZERO)], {"id-invalid", "span-orphan"}),
    "an end before the start": ([TOP, span(2, 1, start=5, end=4)], {"span-times"}),
    "no end": ([TOP, span(2, 1, end=0)], {"span-times"}),
    "a child before its parent": ([TOP, span(2, 1, start=3), span(3, 2, start=1, end=4)], {"child-early"}),
    "a child after its parent": ([TOP, span(2, 1, end=15)], {"child-late"}),
    "a link to a span that is not there": ([TOP, span(2, 1, links=[Link(TRACE, f"{9:016x}")])], {"link-dangling"}),
}  # fmt: skip


def judged(spans: Sequence[Span], *, complete: bool = True) -> Report:
    logs = [LogRecord(TRACE, spans[0].span_id, body="hello")]
    return verify([PLAN], Reading(SourceInfo("test"), [Trace(TRACE, spans, logs, complete=complete)]))


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_topology_is_a_named_finding(name: str) -> None:
    spans, expected = BROKEN[name]
    for order in (spans, list(reversed(spans))):
        report = judged(order)
        assert {finding.key for finding in report.findings} == {f"integrity/{each}" for each in expected}
        assert all(finding.message for finding in report.findings)


@pytest.mark.fault("K3")
def test_a_trace_that_is_a_tree_has_no_finding() -> None:
    assert judged([TOP, span(2, 1), span(3, 2, start=2)]).findings == ()


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", ["two roots", "a parent that is not there", "a span below itself", "no root at all"])
def test_what_may_still_come_is_no_finding_but_not_checked(name: str) -> None:
    report = judged(BROKEN[name][0], complete=False)
    assert report.findings == ()
    assert report.verdict == "not checked"
