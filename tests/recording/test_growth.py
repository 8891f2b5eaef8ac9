"""The work of `record` grows with what it records."""

from __future__ import annotations

import pytest

from benchmarks.growth.dimensions import LINEAR
from spanpact.recording import Recorded, record
from tests.counted_calls import count_calls
from tests.recording.recorded_traces import Flow, reading_of


def calls_for(size: int) -> int:
    """Return the number of calls of recording flows of so many kinds of spans."""

    def make(flow: Flow, number: int) -> None:
        top = flow.span("top")
        for step in range(size):
            flow.span(f"step {chr(97 + step // 26)}{chr(97 + step % 26)}", top, attributes={"k": step})

    reading = reading_of(make, 10)
    return count_calls(lambda: record(Recorded(reading), "top"))


@pytest.mark.timeout(300)
@pytest.mark.unmeasured
def test_work_grows_with_the_spans_of_a_flow() -> None:
    calls_for(5)  # what is imported once
    assert calls_for(40) < LINEAR / 2 * calls_for(20)
