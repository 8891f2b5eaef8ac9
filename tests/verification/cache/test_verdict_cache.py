"""A trace judged from the verdict cache is judged as the engine would judge it: the report is the same to the byte."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.reporting import render_json
from spanpact.trace.model import ALL_CAPABILITIES, Event, Reading, Resource, SourceInfo, Span, Trace, Value
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import Verification
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.properties import examples
from tests.sources.every_source import renumbered, without_capabilities
from tests.sources.trace_strategies import changes, lengths, situations

TODAY = dt.date(2026, 1, 1)
SHIFT = 60_000_000_000
TEXTS_FOR_LISTS = SourceInfo("texts", ALL_CAPABILITIES - {"value_types"})


def judged(
    contracts: Sequence[CompiledContract | ContractPlan], reading: Reading, *, use_cache: bool
) -> tuple[str, int]:
    """Return the report as text, and how many verdicts came from the cache."""
    verification = Verification(contracts, reading, VerificationOptions(today=TODAY), use_cache=use_cache)
    for trace in reading.traces:
        verification.judge(trace)
    report = verification.report(reading)
    return render_json(report), verification.cache_hits


def assert_same(contracts: Sequence[CompiledContract | ContractPlan], reading: Reading) -> int:
    """Assert that the cache makes no difference, and return how many verdicts came from it."""
    wanted, none = judged(contracts, reading, use_cache=False)
    cached, hits = judged(contracts, reading, use_cache=True)
    assert cached == wanted
    assert none == 0
    return hits


def later(span: Span, by: int) -> Span:
    moved = {"start_ns": span.start_ns + by, "end_ns": span.end_ns + by if span.end_ns else 0}
    return msgspec.structs.replace(span, **moved)


def repeated(reading: Reading, times: int) -> Reading:
    """Return every trace this many times, with other ids and a minute later each."""
    traces = [
        msgspec.structs.replace(trace, spans=[later(span, number * SHIFT) for span in trace.spans])
        for number in range(times)
        for trace in renumbered(reading, str(number)).traces
    ]
    return msgspec.structs.replace(reading, traces=traces)


@pytest.mark.unmeasured
@pytest.mark.parametrize("place", range(len(CASES)), ids=[case.id for case in CASES])
def test_every_case_of_the_corpus_three_times(place: int) -> None:
    assert_same([plan_of(place)[1]], repeated(reading_of(place), 3))


@pytest.mark.expensive
@pytest.mark.unmeasured
def test_all_examples_of_all_shipped_contracts_judged_by_all_of_them() -> None:
    plans = load_contracts([shipped_contracts()])
    examples = [example for plan in plans for example in load_examples(plan, assignments=assignments)]
    traces = [
        trace
        for number, example in enumerate(examples)
        for trace in repeated(renumbered(example.reading, str(number)), 2).traces
    ]
    assert assert_same(plans, Reading(SourceInfo("examples"), traces)) > len(plans)


@st.composite
def with_likenesses(draw: st.DrawFn) -> tuple[Sequence[CompiledContract], Reading]:
    """Draw contracts, and traces that repeat, some of them with small changes."""
    contracts, reading = draw(situations)
    traces: list[Trace] = []
    for number in range(draw(st.integers(2, 5))):
        for trace in renumbered(reading, str(number)).traces:
            spans = [later(span, number * SHIFT) for span in trace.spans]
            for change in draw(st.lists(changes | longer | other_text, max_size=2)) if spans else ():
                at = draw(st.integers(0, len(spans) - 1))
                spans[at] = change(spans[at])
            traces.append(msgspec.structs.replace(trace, spans=spans))
    source = draw(st.sampled_from([reading.source, TEXTS_FOR_LISTS]))
    return contracts, without_capabilities(
        msgspec.structs.replace(reading, traces=draw(st.permutations(traces))), source
    )


longer: st.SearchStrategy[Callable[[Span], Span]] = lengths.map(
    lambda length: lambda span: msgspec.structs.replace(span, end_ns=span.start_ns + length)
)
other_text: st.SearchStrategy[Callable[[Span], Span]] = st.sampled_from("pqr").map(
    lambda text: (
        lambda span: msgspec.structs.replace(
            span, attributes={name: text if value == "a" else value for name, value in span.attributes.items()}
        )
    )
)


@given(with_likenesses())
@settings(
    max_examples=examples(150),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_traces_that_are_nearly_alike(situation: tuple[Sequence[CompiledContract], Reading]) -> None:
    assert_same(*situation)


CONTRACT = load_text("""
spanpact: 1
contract: case
version: 1.0.0
clock: {tolerance: 2ns, skew: 10ns}
span: top
attributes: {s: {optional: true, matches: 'a.*'}, n: {optional: true, type: int, at_least: 3}}
duration: {at_least: 5ns, at_most: 100ns}
children:
  x: {span: x, count: 0.., concurrency: 0..1, attributes: {s: {optional: true, same_as: top.s}}}
  y: {span: y, count: 0.., events: {e: {event: e, count: 0.., attributes: {n: {optional: true, same_as: top.n}}}}}
order: [x, y]
every:
  t: {span: top, where: {attributes: {f: true}}, exactly_one_true: [f, g]}
  p: {span: '*', forbid: [email], except: [free]}
across: {o: {of: x, samples: 1, duration: {p50: 30ns}}, r: {error_rate: 0.5, samples: 1}}
""")


def span(number: int, name: str, start: int, end: int, parent: int = 1, **fields: Any) -> Span:
    parent_id = f"{parent:016x}" if parent else ""
    return Span("", f"{number:016x}", name, parent_id, start_ns=1000 + start, end_ns=1000 + end, **fields)


def reading_with(several: Iterable[Sequence[Span]]) -> Reading:
    traces = [Trace(f"{number:032x}", spans) for number, spans in enumerate(several, 1)]
    return Reading(SourceInfo("test"), traces)


def top(end: int = 90, **attributes: Value) -> Span:
    return span(1, "top", 0, end, parent=0, attributes=attributes)


ALIKE = {
    "other durations": [[top(90)], [top(80)]],
    "another text of which every test says the same": [[top(s="ab")], [top(s="ac")]],
    "another text that is the same within its trace": [
        [top(s="ab"), span(2, "x", 1, 2, attributes={"s": "ab"})],
        [top(s="ac"), span(2, "x", 1, 2, attributes={"s": "ac"})],
    ],
    "another number within the bounds": [[top(n=3)], [top(n=4)]],
    "an attribute that nobody looks at": [[top(z=1.5)], [top(z=2)]],
    "an order with other times": [
        [top(), span(2, "x", 1, 20), span(3, "y", 30, 40)],
        [top(), span(2, "x", 5, 12), span(3, "y", 15, 80)],
    ],
    "another resource": [
        [span(1, "top", 0, 90, parent=0, resource=Resource({"pod": "a"}))],
        [span(1, "top", 0, 90, parent=0, resource=Resource({"pod": "b"}))],
    ],
}

UNLIKE = {
    "a text that a test distinguishes": [[top(s="ab")], [top(s="b")]],
    "a number out of bounds": [[top(n=3)], [top(n=2)]],
    "a number of another type": [[top(n=3)], [top(n=3.0)]],
    "a boolean for a number": [[top(z=1)], [top(n=1)], [top(n=True)]],
    "an e-mail address": [[top(z="a b")], [top(z="a@example.com")]],
    "an e-mail address as a name": [[top(z=1)], [top(**{"a@example.com": 1})]],
    "another text than its parent's": [
        [top(s="ab"), span(2, "x", 1, 2, attributes={"s": "ab"})],
        [top(s="ab"), span(2, "x", 1, 2, attributes={"s": "ac"})],
    ],
    "an event's number that is another": [
        [top(n=3), span(2, "y", 1, 2, events=[Event("e", 0, {"n": 3})])],
        [top(n=3), span(2, "y", 1, 2, events=[Event("e", 0, {"n": 4})])],
    ],
    "too long": [[top(90)], [top(101)]],
    "too short": [[top(5)], [top(4)]],
    "out of order": [
        [top(), span(2, "x", 1, 20), span(3, "y", 30, 40)],
        [top(), span(2, "x", 1, 33), span(3, "y", 30, 40)],
    ],
    "out of order, but within the skew between two processes": [
        [top(), span(2, "x", 1, 33), span(3, "y", 30, 40, resource=Resource({"pod": "b"}))],
        [top(), span(2, "x", 1, 33), span(3, "y", 30, 40)],
    ],
    "out of order beyond the tolerance": [
        [top(), span(2, "x", 1, 32), span(3, "y", 30, 40)],
        [top(), span(2, "x", 1, 33), span(3, "y", 30, 40)],
    ],
    "open at once": [
        [top(), span(2, "x", 1, 20), span(3, "x", 30, 40)],
        [top(), span(2, "x", 1, 34), span(3, "x", 30, 40)],
    ],
    "another parent": [
        [top(), span(2, "x", 1, 29), span(3, "z", 20, 29)],
        [top(), span(2, "x", 1, 29), span(3, "z", 20, 29, 2)],
    ],
    "an orphan": [[top(), span(2, "x", 1, 9)], [top(), span(2, "x", 1, 9, 7)]],
    "later than its parent": [[top(), span(2, "x", 1, 90)], [top(), span(2, "x", 1, 200)]],
    "a status": [[top()], [msgspec.structs.replace(top(), status="error")]],
    "lost data": [[top()], [msgspec.structs.replace(top(), dropped_events=1)]],
    "two spans with one id": [[top()], [top(), top()]],
    "a number that is none": [[top(z=1.0)], [top(z=float("nan"))]],
}  # fmt: skip


@pytest.mark.parametrize("case", ALIKE.values(), ids=ALIKE)
def test_traces_of_one_shape_are_judged_from_the_cache(case: list[list[Span]]) -> None:
    assert assert_same([CONTRACT], reading_with(case)) == len(case) - 1


@pytest.mark.parametrize("case", UNLIKE.values(), ids=UNLIKE)
def test_what_the_contract_distinguishes_is_not_alike(case: list[list[Span]]) -> None:
    """In both orders, as only what is kept is cached."""
    for several in (case, case[::-1]):
        assert assert_same([CONTRACT], reading_with(several)) == 0


LIMITED = load_text("""
spanpact: 1
contract: limited
version: 1.0.0
span: top
limits: {attributes: 2}
every: {s: {span: '*', limits: {length: 4}}, e: {event: '*', limits: {attributes: 1, length: 5}}}
examples: {a: {trace: []}, b: {trace: [], findings: [top/span-missing]}}
""")


def test_texts_within_limits_are_alike() -> None:
    case = [[top(z="a", y=1)], [top(z="abcd", y=2)], [top(z="ab", y=3)]]
    assert assert_same([LIMITED], reading_with(case)) == 2


@pytest.mark.parametrize(
    "case",
    [
        [[top(z="abcd")], [top(z="abcde")]],
        [[top(z=["abcd"])], [top(z=["abcde"])]],
        [[top(z=b"abcd")], [top(z=b"abcde")]],
        [[top(z=1, y=2)], [top(z=1, y=2, x=3)]],
        [
            [top(), span(2, "x", 1, 2, events=[Event("e", 0, {"n": "abcde"})])],
            [top(), span(2, "x", 1, 2, events=[Event("e", 0, {"n": "abcdef"})])],
        ],
        [
            [top(), span(2, "x", 1, 2, events=[Event("e", 0, {"n": 1})])],
            [top(), span(2, "x", 1, 2, events=[Event("e", 0, {"n": 1, "m": 1})])],
        ],
    ],
)
def test_what_limits_distinguish_is_not_alike(case: list[list[Span]]) -> None:
    for several in (case, case[::-1]):
        assert assert_same([LIMITED], reading_with(several)) == 0


COMPARED = load_text("""
spanpact: 1
contract: compared
version: 1.0.0
span: top
children: {x: {span: x, attributes: {k: {same_as: top.k}, l: {optional: true, type: string}}}}
every: {p: {span: '*', forbid: [email]}}
examples: {a: {trace: []}, b: {trace: [], findings: [top/span-missing]}}
""")


def compared(one: Value, other: Value, **more: Value) -> list[Span]:
    return [span(1, "top", 0, 100, 0, attributes={"k": one}), span(2, "x", 1, 2, attributes={"k": other, **more})]


@pytest.mark.parametrize(
    "case",
    [
        [compared("u", "u"), compared("[1]", "[1]")],
        [compared("[0]", "[-0]"), compared("[0]", "[1]")],
        [compared("u", "u", l="u"), compared("u", "u", l="[1]")],
        [compared("u", "u", y='["Ym9iQGV4YW1wbGUuY29t"]'), compared("u", "u", y="[1]")],
    ],
)
def test_texts_that_may_be_lists_are_not_as_others(case: list[list[Span]]) -> None:
    for several in (case, case[::-1]):
        assert assert_same([COMPARED], msgspec.structs.replace(reading_with(several), source=TEXTS_FOR_LISTS)) == 0


PERCENTILE = load_text("""
spanpact: 1
contract: percentile
version: 1.0.0
span: top
across: {fast: {duration: {p50: 3ns}, samples: 1}}
examples: {a: {trace: []}, b: {trace: [], findings: [top/span-missing]}}
""")


def test_clocks_that_stood_still_are_left_out_of_percentiles() -> None:
    frozen, running = ([span(1, "top", 0, end, 0), span(2, "x", 0, end)] for end in (0, 9))
    reading = repeated(reading_with([frozen, running]), 4)
    assert assert_same([PERCENTILE], reading) == 6
    report = json.loads(judged([PERCENTILE], reading, use_cache=True)[0])["contracts"][0]
    assert [(each["reason"], each["count"]) for each in report["not_checked"]] == [("capability", 4)]
    assert [each["observed"] for each in report["findings"]] == ["9ns"]


@pytest.mark.expensive
@pytest.mark.unmeasured
def test_more_shapes_than_are_remembered() -> None:
    names = [[top(), span(2, f"n{number}", 1, 2)] for number in range(2500)]
    several = [spans for start in range(0, 2500, 500) for spans in names[start : start + 500] * 2]
    assert assert_same([CONTRACT], reading_with(several)) >= 1500


def test_a_trace_without_spans_and_one_with_logs() -> None:
    reading = reading_with([[], [], [top()], [top()]])
    assert assert_same([CONTRACT], reading) == 1


def test_what_across_counts_is_recorded_for_one_trace_at_a_time() -> None:
    """Otherwise the recording would grow with every trace that is judged, kept or not."""
    reading = reading_with([[top(end)] for end in (90, 80, 101, 102)])
    verification = Verification([CONTRACT], reading)
    for trace in reading.traces:
        verification.judge(trace)
        assert [judged.statistics.end_recording() for judged in verification._runs] == [()]


NAMES = load_text("""
spanpact: 1
contract: names
version: 1.0.0
span: top
every: {ids: {span: 'x*', where: {attributes: {f: true}}}}
across:
  all: {distinct_names: 4}
  some: {of: ids, distinct_names: 2}
  fast: {of: ids, duration: {p50: 5ns}, samples: 2}
examples: {a: {trace: []}, b: {trace: [], findings: [top/span-missing]}}
""")


@pytest.mark.parametrize("number", [2, 3, 5])
def test_names_are_collected_from_one_trace_of_each_shape(number: int) -> None:
    traces = [
        [top(), span(2, f"x{n % number}", 1, 2 + n, attributes={"f": True}), span(3, "y", 1, 2)] for n in range(12)
    ]
    assert assert_same([NAMES], reading_with(traces)) > 0
