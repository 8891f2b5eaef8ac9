"""In which document a trace is seen for the last time, found by the name of the field alone."""

from __future__ import annotations

import json
import random

import pytest

from spanpact.sources.files.last_seen import LastSeen


def trace_id(number: int) -> str:
    return f"{random.Random(number).getrandbits(128):032x}"


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_the_last_document_of_each_trace_is_noted(separators: tuple[str, str]) -> None:
    seen = LastSeen()
    for place, several in enumerate(([1, 2], [2, 3, 3], [3]), 1):
        spans = [{"traceId": trace_id(each).upper(), "name": '"traceId":'} for each in several]
        seen.note_json(json.dumps({"spans": spans}, separators=separators).encode(), place)
    assert [seen.place(trace_id(each)) for each in (1, 2, 3, 4)] == [1, 2, 3, 0]


def test_the_table_grows_with_the_number_of_traces() -> None:
    seen = LastSeen()
    several = [trace_id(number) for number in range(20_000)]
    for place in range(1, 21):
        seen.note(several[(place - 1) * 1000 : place * 1000 + 500], place)
    places = [seen.place(each) for each in several]
    assert places == [max(1, number // 1000 + 1) for number in range(20_000)]
