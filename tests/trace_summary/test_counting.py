"""Counting in bounded memory: roots and orphans are those that a look at all spans finds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.trace.model import Resource, Span
from spanpact.trace_summary import SummaryCounter, counting, parents
from spanpact.trace_summary.parents import ParentFinder

IDS = st.sampled_from(["", "a", "b", "c", "d"])
SPANS = st.lists(st.builds(Span, st.sampled_from("xyz"), IDS, st.just("n"), IDS), max_size=40)


@given(SPANS)
def test_roots_and_orphans_are_those_of_all_spans(spans: list[Span]) -> None:
    known = {(span.trace_id, span.span_id) for span in spans}
    finder = ParentFinder()
    for span in spans:
        finder.add(span, 0)
    found = finder.parentage()
    assert found.traces == len({span.trace_id for span in spans})
    assert found.roots.total() == sum(not span.parent_id for span in spans)
    assert found.orphans.total() == sum(
        bool(span.parent_id) and (span.trace_id, span.parent_id) not in known for span in spans
    )


def many(number: int) -> Iterator[Span]:
    resource = Resource({"service.name": "s"})
    for i in range(number):
        trace, child = f"{i // 2:032x}", i % 2
        yield Span(trace, f"{i:016x}", f"n{i % 7}", f"{i - 1:016x}" * child, attributes={"id": i}, resource=resource)


def peak(number: int) -> int:
    tracemalloc.start()
    counter = SummaryCounter(values=True)
    for span in many(number):
        counter.add([span])
    summary = counter.summary("many")
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (summary.spans, summary.roots, summary.orphans) == (number, number // 2, 0)
    return size


@pytest.mark.unmeasured
def test_memory_does_not_grow_with_the_number_of_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "_BUFFERED", 64)
    assert peak(24_000) < 1.5 * peak(6_000)


def test_names_and_attributes_beyond_the_limits_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_NAMES", 3)
    counter = SummaryCounter()
    counter.add([Span("t", f"{i}", f"n{i}", attributes={f"k{i}": 1}) for i in range(5)])
    counter.add([Span("t", "9", "x" * 501)])
    summary = counter.summary("s")
    assert (summary.spans, summary.roots, summary.other_names, summary.other_attributes) == (6, 6, 3, 2)
    assert [name.name for service in summary.services for name in service.names] == ["n0", "n1", "n2"]


def test_a_long_name_is_not_kept() -> None:
    counter = SummaryCounter()
    counter.add([Span("t", "1", "x" * 501)])
    (service,) = counter.summary("s").services
    assert service.names[0].name == "(longer than 500 characters)"
