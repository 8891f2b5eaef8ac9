"""Traces that a report holds are the same in memory and in a file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings

from spanpact import spool
from spanpact.trace import held_traces
from spanpact.trace.attributes import IrregularAttributes, attributes_of
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import LogRecord, Reading, Span, Trace
from tests.properties import examples
from tests.sources.trace_strategies import made_anew


def trace(number: int) -> Trace:
    spans = [Span(f"{number:032x}", f"{i:016x}", "a", attributes={"n": i}) for i in range(number % 3 + 1)]
    return Trace(f"{number:032x}", spans, [LogRecord(f"{number:032x}", body=["a"])])


def held(traces: Iterable[Trace]) -> HeldTraces:
    several = HeldTraces()
    for each in traces:
        several.append(each)
    return several


def test_traces_are_found_where_they_were_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_traces, "_MOST_IN_MEMORY", 3)
    wanted = [trace(number) for number in range(7)]
    there = held(wanted)
    assert (len(there), there.spans) == (7, sum(len(each.spans) for each in wanted))
    assert list(there) == wanted == there
    assert there != wanted[:6]
    assert [there[i] for i in range(-7, 7)] == [*wanted, *wanted]
    assert there[2:5] == wanted[2:5]
    with pytest.raises(IndexError):
        there[7]


@given(made_anew)
@settings(max_examples=examples(50), derandomize=True, database=None)
def test_traces_of_every_kind_stay_as_they_are(reading: Reading) -> None:
    filler = [trace(0)] * 256
    assert repr(list(held([*filler, *reading.traces]))[256:]) == repr(list(reading.traces))  # NaN equals nothing


def test_a_key_that_repeats_still_does() -> None:
    irregular = attributes_of([("a", 1), ("a", 2)])
    spans = [msgspec.structs.replace(each, attributes=irregular) for each in trace(1).spans]
    several = held([trace(0)] * 256 + [msgspec.structs.replace(trace(1), spans=spans)])
    there = several[256].spans[0].attributes
    assert isinstance(there, IrregularAttributes)
    assert list(there.pairs) == [("a", 1), ("a", 2)]


@pytest.mark.unmeasured
def test_many_traces_take_little_memory() -> None:
    there = held(map(trace, range(256)))
    tracemalloc.start()
    try:
        for number in range(256, 3256):
            there.append(trace(number))
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    own = [tracemalloc.Filter(True, file) for file in (held_traces.__file__, spool.__file__, __file__)]
    assert len(there) == 3256
    assert 0 < sum(each.size for each in snapshot.filter_traces(own).traces) < 3000 * 200
