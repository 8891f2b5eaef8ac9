"""Traces with log records are judged from the verdict cache as the engine would judge them (ADR 0038)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.trace.model import Event, LogRecord, Reading, Resource, Scope, SourceInfo, Trace, Value
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.properties import examples
from tests.sources.every_source import renumbered
from tests.sources.trace_strategies import UNKNOWN, attributes, counts, resources, scopes, span_names, texts, values
from tests.verification.cache.test_verdict_cache import assert_same, judged, span, top, with_likenesses

CONTRACT = load_text("""
spanpact: 1
contract: logged
version: 1.0.0
span: top
attributes: {s: {optional: true}}
children: {x: {span: x, count: 0..}}
events:
  line:
    event: line
    via: log
    count: 0..2
    severity: {one_of: [info, warn]}
    attributes: {s: {same_as: top.s}, n: {type: int}}
  failed: {event: exception, via: either, count: 0..1}
every:
  p: {span: '*', forbid: [email]}
  w: {event: 'w*', via: log, where: {attributes: {f: true}}, limits: {attributes: 2, length: 4}, count: 0..3}
""")
SPANLESS = load_text("""
spanpact: 1
contract: nowhere
version: 1.0.0
span: nothing
every: {u: {event: '*', via: log, where: {attributes: {f: true}}, forbid: [email]}}
""")
PLANS = [CONTRACT, SPANLESS]


def record(event: str = "line", of: int = 1, **fields: Any) -> LogRecord:
    given: dict[str, Any] = {"severity_number": 9, "attributes": {"s": "a", "n": 1}, "trace_flags": 1} | fields
    return LogRecord("", f"{of:016x}" if of else "", event, **given)


def trace(number: int, logs: Sequence[LogRecord], **more: Any) -> Trace:
    spans = more.get("spans") or [top(s="a"), span(2, "x", 1, 2)]
    return Trace(f"{number:032x}", spans, [msgspec.structs.replace(each, trace_id=f"{number:032x}") for each in logs])


def reading_of_traces(several: Sequence[Sequence[LogRecord]], **more: Any) -> Reading:
    return Reading(SourceInfo("test"), [trace(number, logs, **more) for number, logs in enumerate(several, 1)])


def failure(kind: Value = "E", message: Value = "m", **fields: Any) -> LogRecord:
    return record("", attributes={"exception.type": kind, "exception.message": message}, **fields)


ALIKE = {
    "another time": [[record(time_ns=1)], [record(time_ns=2)]],
    "another body": [[record(body="a 1")], [record(body="a 2")]],
    "a body of another type": [[record(body="a")], [record(body={"a": [1, "b"]})]],
    "another number that is no less an integer": [[record()], [record(attributes={"s": "a", "n": 2})]],
    "another severity of one family": [[record()], [record(severity_number=10)]],
    "the same severity as a text": [[record()], [record(severity_number=0, severity="INFO")]],
    "records of two spans in another order": [[record(), record("y", 2)], [record("y", 2), record()]],
    "a body that names the record": [[record("", body="a 1")], [record("", body="a 2")]],
    "a body that names a record of no span": [[record("", 0, body="a 1")], [record("", 0, body="a 2")]],
    "a record whose span was not sampled": [[record("", 7, trace_flags=2)], [record("", 7, trace_flags=4)]],
    "a resource of its own without leaks": [
        [record(resource=Resource({"p": "a"}))],
        [record(resource=Resource({"p": "b"}))],
    ],
    "exceptions that differ": [[failure("E", "1")], [failure("E", "2")]],
}  # fmt: skip
UNLIKE = {
    "one record more": [[record()], [record(), record()]],
    "no record": [[record()], []],
    "another event": [[record()], [record("lines")]],
    "another severity": [[record()], [record(severity_number=17)]],
    "a value that differs from that of the span": [[record()], [record(attributes={"s": "b", "n": 1})]],
    "a value of another type": [[record()], [record(attributes={"s": "a", "n": "1"})]],
    "of another span": [[record()], [record(of=2)]],
    "of no span": [[record()], [record(of=0)]],
    "of a span that is not there": [[record("y", 2)], [record("y", 9)]],
    "of a span that should be there": [[record("y", 9, trace_flags=2)], [record("y", 9)]],
    "a leak in the body": [[record(body="a")], [record(body="a@example.com")]],
    "a leak deep in the body": [[record(body=["a"])], [record(body={"k": ["a@example.com"]})]],
    "a leak in the body of a record of no span": [[record("", 0, body="a")], [record("", 0, body="a@example.com")]],
    "a leak in an attribute": [[record("y", attributes={"z": "a"})], [record("y", attributes={"z": "a@example.com"})]],
    "a leak in the name": [[record("y")], [record("a@example.com")]],
    "a leak in its resource": [[record()], [record(resource=Resource({"p": "a@example.com"}))]],
    "a leak in its scope": [[record()], [record(scope=Scope("a@example.com"))]],
    "selected": [[record("w", attributes={"f": True})], [record("w", attributes={"f": False})]],
    "too long": [
        [record("w", attributes={"f": True, "z": "abcd"})],
        [record("w", attributes={"f": True, "z": "abcde"})],
    ],
    "too many": [[record("w", attributes={"f": True})], [record("w", attributes={"f": True, "y": 1, "z": 1})]],
    "an exception": [[failure()], [failure(5)]],
    "two exceptions": [[failure()], [failure(), failure("F")]],
    "lost data": [[record()], [record(dropped_attributes=1)]],
    "a number that is none": [[record("y", attributes={"z": 1.0})], [record("y", attributes={"z": float("nan")})]],
}  # fmt: skip


@pytest.mark.parametrize("case", ALIKE.values(), ids=ALIKE)
def test_log_records_of_one_shape_are_judged_from_the_cache(case: list[list[LogRecord]]) -> None:
    assert assert_same(PLANS, reading_of_traces(case)) == len(case) - 1


@pytest.mark.parametrize("case", UNLIKE.values(), ids=UNLIKE)
def test_what_a_contract_distinguishes_is_not_alike(case: list[list[LogRecord]]) -> None:
    for several in (case, case[::-1]):
        assert assert_same(PLANS, reading_of_traces(several)) == 0


@pytest.mark.parametrize(
    ("reported", "logged", "alike"),
    [
        (("E", "1"), ("E", "1"), True),
        (("E", "1"), ("E", "2"), False),
        (("E", "1"), ("F", "1"), False),
        (("E", None), ("E", "1"), False),
    ],
)
def test_an_exception_that_is_reported_twice_is_not_as_two(
    reported: tuple[Value, Value], logged: tuple[Value, Value], *, alike: bool
) -> None:
    def one(number: int, event: tuple[Value, Value], log: tuple[Value, Value]) -> Trace:
        happened = Event("exception", 0, {"exception.type": event[0], "exception.message": event[1]})
        return trace(number, [failure(*log)], spans=[msgspec.structs.replace(top(s="a"), events=[happened])])

    traces = [one(1, ("D", "0"), ("D", "0")), one(2, reported, logged)]
    assert assert_same(PLANS, Reading(SourceInfo("test"), traces)) == alike
    assert assert_same(PLANS, Reading(SourceInfo("test"), traces[::-1])) == alike


def test_records_are_counted_under_their_own_names() -> None:
    bodies = [[record("", of, body=f"{of} {number}") for of in (0, 9)] for number in range(1300)]
    several = [[msgspec.structs.replace(each, trace_flags=2) for each in logs] for logs in bodies]
    reading = reading_of_traces([*several, several[0]])
    assert assert_same([SPANLESS], reading) == 1300
    report = json.loads(judged([SPANLESS], reading, use_cache=True)[0])
    assert (report["unmentioned"]["logs"]["count"], report["unmentioned"]["logs"]["of"]) == (2602, 2602)
    assert report["unmentioned"]["logs"]["names"][0] == {"name": "0 0", "count": 2}
    assert report["logs_without_span"] == {"count": 2602, "scanned": 0}


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


LOGGED = [place for place, case in enumerate(CASES) if any(each.logs for each in reading_of(place).traces)]


@pytest.mark.parametrize("place", LOGGED, ids=[CASES[place].id for place in LOGGED])
def test_cases_of_the_corpus_with_log_records_are_followed_where_they_are_kept(place: int) -> None:
    reading, plan = reading_of(place), plan_of(place)[1]
    several = [each for number in range(3) for each in renumbered(reading, str(number)).traces]
    assert_same([plan], msgspec.structs.replace(reading, traces=several))


odd_records: st.SearchStrategy[LogRecord] = st.builds(
    LogRecord,
    st.just(""),
    st.sampled_from([f"{number:016x}" for number in (1, 1, 2, 3)] + ["", UNKNOWN]),
    span_names | st.sampled_from(["exception", "done.well"]),
    values | texts,
    texts | st.sampled_from(["INFO", "warning"]),
    st.integers(0, 9),
    attributes
    | st.fixed_dictionaries(
        {"exception.type": st.sampled_from(["a", 1])}, optional={"exception.message": st.sampled_from(["a", "b", 2])}
    ),
    resources,
    scopes,
    st.sampled_from([0, 9, 10, 17, 30]),
    st.sampled_from([0, 1, 2]),
    counts,
)


@st.composite
def with_log_records(draw: st.DrawFn) -> tuple[Sequence[CompiledContract | ContractPlan], Reading]:
    """Draw contracts, and traces that repeat, with some of a few log records each."""
    contracts, reading = draw(with_likenesses())
    drawn = draw(st.lists(odd_records, min_size=1, max_size=3))
    traces = []
    for each in reading.traces:
        logs = [msgspec.structs.replace(one, trace_id=each.trace_id) for one in draw(st.permutations(drawn))]
        traces.append(msgspec.structs.replace(each, logs=[*each.logs, *logs[: draw(st.integers(0, 3))]]))
    return [*contracts, *PLANS], msgspec.structs.replace(reading, traces=traces)


@given(with_log_records())
@settings(
    max_examples=examples(150),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_traces_with_log_records_that_are_nearly_alike(
    situation: tuple[Sequence[CompiledContract | ContractPlan], Reading],
) -> None:
    assert_same(*situation)
