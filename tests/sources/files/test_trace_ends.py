"""In which document a trace is seen for the last time, found by the name of the field alone."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.sources.files import trace_ends
from spanpact.sources.files.trace_ends import TraceEnds

ROOT = Path(__file__).parents[3]


def trace_id(number: int) -> str:
    return f"{random.Random(number).getrandbits(128):032x}"


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_the_last_document_of_each_trace_is_noted(separators: tuple[str, str]) -> None:
    ends = TraceEnds()
    for place, several in enumerate(([1, 2], [2, 3, 3], [3]), 1):
        spans = [{"traceId": trace_id(each).upper(), "name": '"traceId":'} for each in several]
        ends.note_json(json.dumps({"spans": spans}, separators=separators).encode(), place)
    assert [ends.of(trace_id(each), place) for each, place in ((1, 1), (2, 1), (3, 2))] == [1, 2, 3]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_log_records_without_a_trace_are_not_noted(separators: tuple[str, str]) -> None:
    ends = TraceEnds()
    for place in range(1, 6000):
        records = [{"traceId": none, "timeUnixNano": f"{place}"} for none in ("", None)]
        ends.note_json(json.dumps({"logRecords": records}, separators=separators).encode(), place)
    assert not ends.odd
    assert not list(ends.blocks())


def test_a_trace_that_was_not_noted_or_is_over_has_no_end() -> None:
    ends = TraceEnds()
    for place, several in enumerate(([1], [1, 2], [3], [3]), 1):
        ends.note(map(trace_id, several), place)
    assert ends.of(trace_id(1), 1) == 2
    assert ends.of(trace_id(1), 2) == 0  # it had begun
    assert ends.of(trace_id(2), 3) == 0  # it is over
    assert ends.of(trace_id(4), 3) == 0  # it was never noted
    assert ends.of(trace_id(3), 4) == 4  # a link noted it before


def expected(documents: Iterable[Iterable[str]]) -> dict[str, int]:
    return {each: place for place, ids in enumerate(documents, 1) for each in ids}


odd_ids = st.sampled_from(["", "ull", "AB" * 16, "ab" * 15 + "\t\n", "ab" * 8, "é" * 32, "ab" * 24])
ids = st.integers(0, 30).map(lambda number: f"{number:02x}" * 16) | odd_ids


@given(st.lists(st.lists(st.tuples(ids, st.booleans()), max_size=8), max_size=40), st.integers(1, 6))
def test_traces_that_pause_for_long_odd_ids_and_links(documents: list[list[tuple[str, bool]]], recent: int) -> None:
    """Where the flag is not set, the id is that of a link: it is noted, and the trace does not begin with it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trace_ends, "_RECENT", recent)
        ends = TraceEnds()
        noted = [[each for each, _ in several] for several in documents]
        for place, several in enumerate(noted, 1):
            ends.note(several, place)
        begun: set[str] = set()
        for place, spans in enumerate(documents, 1):
            for each, is_span in spans:
                if is_span and each not in begun:
                    begun.add(each)
                    assert ends.of(each, place) == expected(noted)[each]
        for each in begun:
            assert ends.of(each, len(documents) + 1) == 0


def test_many_traces() -> None:
    documents = [[trace_id(number) for number in range(start, start + 90)] for start in range(0, 20_000, 30)]
    for document in documents[::50]:
        document.append("cd" * 16)  # a trace that goes on and on
    ends = TraceEnds()
    for place, several in enumerate(documents, 1):
        ends.note(several, place)
    begun: set[str] = set()
    lasts = expected(documents)
    for place, several in enumerate(documents, 1):
        beginning = {*several} - begun
        assert {each: ends.of(each, place) for each in beginning} == {each: lasts[each] for each in beginning}
        begun.update(several)


def test_blocks_hold_all_traces_in_the_order_in_which_they_begin() -> None:
    documents = [[trace_id(number) for number in range(start, start + 9)] for start in range(0, 9_000, 6)]
    ends = TraceEnds()
    for place, several in enumerate(documents, 1):
        ends.note(several, place)
    found: dict[str, int] = {}
    until = 0
    for block in ends.blocks():
        assert until < block.until
        until = block.until
        for i, last in enumerate(block.lasts):
            found.setdefault(block.ids[16 * i : 16 * i + 16].hex(), last)
    assert list(found.items()) == list(expected(documents).items())
    assert until == len(documents)


def peak_memory(traces: int) -> int:
    """Return the bytes that noting and asking for so many traces takes at most, each of them in two documents."""
    tracemalloc.start()
    ends = TraceEnds()
    for place in range(1, traces // 50 + 1):
        ends.note([f"{number:032x}" for number in range(place * 50, place * 50 + 100)], place)
    for place in range(1, traces // 50 + 1):
        assert ends.of(f"{place * 50 + 99:032x}", place) == min(place + 1, traces // 50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_number_of_traces() -> None:
    script = f"from {__name__} import peak_memory; print(peak_memory(20_000), peak_memory(100_000))"
    own_process = subprocess.run(  # threads of other tests would be counted, too
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    few, many = map(int, own_process.stdout.split())
    assert many < 1.25 * few
