"""Aggregates, and counts that an attribute gives, from the verdict cache and from a streamed file: the same report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.trace.model import Span, Value
from tests.properties import examples
from tests.verification.cache.test_verdict_cache import assert_same, reading_with, span, top
from tests.verification.test_streaming import assert_same as assert_streamed_alike
from tests.verification.test_streaming import written

CONTRACT = load_text("""
spanpact: 1
contract: aggregates
version: 1.0.0
span: top
aliases: {n: [m]}
children: {x: {span: x, count: {same_as: top.items}}, y: {span: y, count: {same_as: z}}, z: {span: z, count: 0..}}
every:
  budget: {span: x, sum: {n: {at_most: 10}}}
  one: {span: x, distinct: {k: 1}}
  loop: {span: x, repeats: {s + t: 0..1}}
""")


def trace(*several: dict[str, Value], items: Value = None) -> list[Span]:
    """Return a flow with one span `x` for each of these attributes."""
    number = len(several) if items is None else items
    return [top(items=number), *(span(2 + i, "x", i, i + 1, attributes=each) for i, each in enumerate(several))]


def x(**attributes: Value) -> dict[str, Value]:
    return {"n": 1, "k": "k", **attributes}


ALIKE = {
    "other values that are equal within the trace": [
        trace(x(k="a", s=1), x(k="a", s=2)),
        trace(x(k="b", s=3), x(k="b", s=4)),
    ],
    "equal numbers": [trace(x(n=4, s=1), x(n=5, s=2)), trace(x(n=4, s=1), x(n=5, s=2))],
    "sums that are within their limits": [trace(x(n=4, s=1), x(n=5, s=2)), trace(x(n=-6, s=1), x(n=0, s=2))],
    "sums of doubles": [trace(x(n=4.5, s=1), x(n=5.5, s=2)), trace(x(n=-0.0, s=1), x(n=1e-300, s=2))],
    "sums of integers and doubles": [trace(x(n=4, s=1), x(n=5.5, s=2)), trace(x(n=4.5, s=1), x(n=5, s=2))],
    "sums of numbers that are large": [trace(x(n=-(2**63), s=1)), trace(x(n=-1e300, s=1)), trace(x(n=7, s=1))],
    "sums of either name": [trace(x(m=3, s=1)), trace(x(m=4, s=1))],
    "as many as another entry has": [
        [*trace(x(s=1)), span(8, "y", 3, 4), span(9, "z", 5, 6)],
        [*trace(x(s=1)), span(8, "y", 3, 5), span(9, "z", 5, 6)],
    ],
}  # fmt: skip
UNLIKE = {
    "another sum": [trace(x(n=4, s=1), x(n=5, s=2)), trace(x(n=6, s=1), x(n=5, s=2))],
    "another sum of doubles": [trace(x(n=5.5, s=1), x(n=4.5, s=2)), trace(x(n=5.5, s=1), x(n=4.6, s=2))],
    "a sum under another name": [trace(x(m=4, s=1)), trace(x(m=14, s=1))],
    "a sum of the first name": [trace(x(m=4, s=1)), trace(x(m=4, n=14, s=1))],
    "a number that is not finite": [trace(x(n=1, s=1)), trace(x(n=float("nan"), s=1)), trace(x(n=float("-inf"), s=1))],
    "names in another order": [
        [*trace(items=1), span(2, "x", 0, 9, attributes={"n": 9, "m": 8, "k": "", "s": 1})],
        [*trace(items=1), span(2, "x", 0, 9, attributes={"m": 9, "n": 18, "k": "", "s": 1})],
    ],
    "a boolean and a text instead of 1": [trace(x(n=1, s=1)), trace(x(n=True, s=1)), trace(x(n="1", s=1))],
    "a second value": [trace(x(k="a", s=1), x(k="a", s=2)), trace(x(k="a", s=1), x(k="b", s=2))],
    "a second list": [trace(x(k=["a"], s=1), x(k=["a"], s=2)), trace(x(k=["a"], s=1), x(k=["b"], s=2))],
    "a pair that repeats": [trace(x(s=1, t=1), x(s=1, t=2)), trace(x(s=1, t=1), x(s=1, t=1))],
    "a pair that repeats with a missing value": [trace(x(s=1), x(s=1, t=2)), trace(x(s=1), x(s=1))],
    "none has the attribute": [trace(x(s=1)), trace({"n": 1, "s": 1})],
    "another number of items": [trace(x(s=1)), trace(x(s=1), items=2)],
    "items as a text": [trace(x(s=1)), trace(x(s=1), items="1"), trace(x(s=1), items=True)],
    "one span less of an entry": [
        [*trace(x(s=1)), span(8, "y", 3, 4), span(9, "z", 5, 6)],
        [*trace(x(s=1)), span(8, "z", 3, 4), span(9, "z", 5, 6)],
    ],
}


@pytest.mark.parametrize("case", ALIKE.values(), ids=ALIKE)
def test_what_an_aggregate_cannot_distinguish_is_judged_from_the_cache(case: list[list[Span]]) -> None:
    assert assert_same([CONTRACT], reading_with(case)) == len(case) - 1


@pytest.mark.parametrize("case", UNLIKE.values(), ids=UNLIKE)
def test_what_an_aggregate_distinguishes_is_not_alike(case: list[list[Span]]) -> None:
    """In both orders, as only what is kept is cached."""
    for several in (case, case[::-1]):
        assert assert_same([CONTRACT], reading_with(several)) == 0


@pytest.mark.parametrize("name", ["lines.jsonl", "protobuf.pb"])
@pytest.mark.parametrize("case", [*ALIKE.values(), *UNLIKE.values()], ids=[*ALIKE, *UNLIKE])
def test_a_file_with_aggregates_is_streamed(tmp_path: Path, name: str, case: Sequence[Sequence[Span]]) -> None:
    several = [reading_with([spans]) for spans in (*case, *case)]
    for number, reading in enumerate(several, 1):
        trace_id = f"{number:032x}"
        spans = [msgspec.structs.replace(each, trace_id=trace_id) for each in reading.traces[0].spans]
        several[number - 1] = msgspec.structs.replace(
            reading, traces=[msgspec.structs.replace(reading.traces[0], trace_id=trace_id, spans=spans)]
        )
    assert_streamed_alike(written(tmp_path / name, several), [CONTRACT])


NUMBERS: Sequence[Value] = [0, 1, 2, 3, 5, -1, 0.1, 0.2, 0.3, 2.5, -0.0, 1e15, -1e15, 2**63 - 1, -(2**63)]


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.dictionaries(st.sampled_from(["n", "m"]), st.sampled_from(NUMBERS)), max_size=3),
        min_size=2,
        max_size=8,
    )
)
def test_sums_of_any_numbers(traces: list[list[dict[str, Value]]]) -> None:
    """Whether from the cache or not, the report is that of the engine (which `assert_same` compares)."""
    assert_same([CONTRACT], reading_with([trace(*({"k": 1, **each} for each in several)) for several in traces]))
