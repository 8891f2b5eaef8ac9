"""Costs below a span are the same from an index of the trace as from the spans below it, at linear work."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.engine.assignment import SpanAssigner, assigner
from spanpact.engine.judging import trace_context
from spanpact.engine.linked_spans import SpanFinder
from spanpact.findings import Report
from spanpact.trace import Reading, SourceInfo, Span, Trace
from spanpact.trace.topology import Topology
from spanpact.verification.verifying import verify
from tests.counted_calls import count_calls

TRACE = "0" * 31 + "1"
HEAD = "spanpact: 1\ncontract: nested\nversion: 1.0.0\n"
CHAIN = "span: a\ndescendants: {p: {span: b, count: 1..3, attributes: {k: v}, descendants: {q: {span: b, count: 1}}}}"
PLACES = (
    CHAIN,
    "span: a\ndescendants: {p: {span: b, count: 1, descendants: {q: {span: '*', count: 2..3, attributes: {k: 1}}}}}",
    "span: a\ndescendants: {p: {span: '*', count: 2, descendants: {q: {span: b, count: 0..}, r: {span: c, count: 0}}}}",
    "descendants: {p: {span: b, count: 1, descendants: {q: {span: [b, c], count: 1}, r: {span: c, where: {attributes: "
    "{k: 1}}}}}}",
    "span: a\ndescendants: {p: {span: b, count: 1, closed: [children], children: {s: {span: c, count: 0..}}, "
    "descendants: {q: {span: b, count: 1, descendants: {r: {span: c, attributes: {k: 2}}}}}}}",
    "span: a\ndescendants: {p: {span: b, count: 1, descendants: {q: {span: c, where: {status_message: x}}}}}",
)


def contract(body: str) -> CompiledContract:
    return CompiledContract.of(load_text(HEAD + body))


def span(i: int, name: str, parent: int, value: int) -> Span:
    """Return a span below the one with the number `parent` (0 for none); numbers are in another order than times."""
    ids = (f"{i:016x}", f"{parent:016x}" if parent else "")
    return Span(TRACE, ids[0], name, ids[1], "internal", 10 + i * 7 % 11, 10**9, attributes={"k": value})


def judged(plan: CompiledContract, spans: list[Span], info: SourceInfo) -> Report:
    return verify([plan], Reading(info, [Trace(TRACE, spans)]))


@st.composite
def trees(draw: st.DrawFn) -> list[Span]:
    """Return spans of a random tree that is more often deep than wide."""
    number = draw(st.integers(1, 14))
    parents = [0] + [draw(st.integers(max(1, i - 2), i)) for i in range(1, number)]
    names = [draw(st.sampled_from("abbc")) for _ in range(number)]
    return [
        span(i, name, parent, draw(st.integers(1, 2)))
        for i, (name, parent) in enumerate(zip(names, parents, strict=True), 1)
    ]


@pytest.mark.parametrize("body", PLACES)
@given(spans=trees(), capable=st.booleans())
def test_an_index_of_the_trace_gives_the_same_costs_and_report(body: str, spans: list[Span], capable: bool) -> None:
    plan = contract(body)
    info = SourceInfo("test") if capable else SourceInfo("test", capabilities=frozenset())
    looked_at = costs(plan, spans, info), judged(plan, spans, info)
    with patch.object(assigner, "_FEW", -1):
        assert (costs(plan, spans, info), judged(plan, spans, info)) == looked_at


def costs(plan: CompiledContract, spans: list[Span], info: SourceInfo) -> list[int]:
    """Return what each span costs in the place of each entry."""
    reading = Reading(info, [Trace(TRACE, spans)])
    context = trace_context(plan.plan, Topology(reading.traces[0]), reading, SpanFinder(reading.traces))
    found = SpanAssigner(context, lambda _: frozenset())
    return [found.cost(entry, i) for entry in plan.top.walk() for i in range(len(spans))]


def test_the_work_on_a_chain_is_linear_in_its_depth() -> None:
    plan = contract(CHAIN)
    assert work(plan, 1600) < 2.5 * work(plan, 800)


def work(plan: CompiledContract, depth: int) -> int:
    """Return the calls for the verdict about a chain of so many spans."""
    spans = [span(i, "b" if i > 1 else "a", i - 1, 1) for i in range(1, depth + 1)]
    return count_calls(lambda: judged(plan, spans, SourceInfo("test")))
