"""The engine agrees with lint: no generated trace contradicts a message."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.findings import ContractResult
from spanpact.trace.model import Event, Reading, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify
from tests.lint.contracts import CASES, HEAD, Case

TRACE_ID = "0" * 31 + "1"
NAMES = ["db.query", "redis.get", "redis.flush", "a", "b", "c"]


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Draw one trace: `work` and up to six spans, each below it or below an earlier span."""
    spans: list[Span] = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        parent = 0 if number == 1 else draw(st.integers(1, number - 1) | st.just(1))
        start = draw(st.integers(0, 5)) * 10**6
        span = Span(
            TRACE_ID,
            f"{number:016x}",
            "work" if number == 1 else draw(st.sampled_from(NAMES)),
            parent_id=f"{parent:016x}" if parent else "",
            kind=draw(st.sampled_from(["internal", "client", "server"])),
            start_ns=start,
            end_ns=start + draw(st.sampled_from([1, 3, 2000])) * 10**6,
            status=draw(st.sampled_from(["unset", "ok", "error"])),
            attributes=draw(
                st.dictionaries(st.sampled_from("abkn"), st.sampled_from([1, 4, 5, "a", True]), max_size=3)
            ),
            events=draw(st.lists(st.sampled_from([Event("e"), Event("x", attributes={"a": 1})]), max_size=2)),
        )
        spans.append(span)
    return Reading(SourceInfo("made"), [Trace(TRACE_ID, spans)])


def case(id: str, name: str) -> Case:
    """Return the case of CASES with this id and name."""
    (found,) = (each for each in CASES if (each.id, each.name) == (id, name))
    return found


@lru_cache(256)
def compiled(body: str) -> CompiledContract:
    """Return the compiled contract of a body."""
    return CompiledContract.of(load_text(HEAD + body))


def judged(body: str, reading: Reading) -> ContractResult:
    """Return the engine's result."""
    return verify([compiled(body)], reading).results[0]


def keys(body: str, reading: Reading) -> set[str]:
    """Return the keys of the engine's findings."""
    return {finding.key for finding in judged(body, reading).findings}


def is_judged(result: ContractResult, entry: str, keyword: str) -> bool:
    """Return whether the expectation was exercised on a span."""
    return any((c.entry, c.keyword, c.state) == (entry, keyword, "exercised") for c in result.coverage)


def of(id: str) -> list[Case]:
    """Return the cases of an id."""
    return [each for each in CASES if each.id == id]


NEVER_FOUND = [
    ("entry-shadowed", "forbidden next to a taker of all", {"no/span-surplus"}),
    ("entry-shadowed", "content next to a taker of all", {"get/status"}),
    ("entry-shadowed", "maximum next to a taker of all", {"get/span-surplus"}),
    ("never-judged", "content of what is forbidden", {"load/status", "sub/span-missing"}),
    ("never-judged", "compared with what is forbidden", {"top/attribute-relation"}),
    ("never-judged", "a count of what is forbidden", {"a/span-missing", "a/span-surplus"}),
    ("says-nothing", "any number of distinct values", {"r/attribute-distinct"}),
    ("says-nothing", "as many as itself", {"a/span-missing", "a/span-surplus"}),
    ("says-nothing", "order of one", {"top/order"}),
    ("says-nothing", "closed next to a taker of all", {"top/span-extra"}),
    ("says-nothing", "closed events", {"top/event-extra"}),
    ("says-nothing", "closed links", {"top/link-extra"}),
    ("says-nothing", "concurrency", {"load/concurrency"}),
    ("says-nothing", "event of any number", {"e/event-missing", "e/event-surplus"}),
    ("says-nothing", "same as itself", {"load/attribute-relation"}),
    ("says-nothing", "anything or nothing", {"top/attribute-missing", "top/attribute-type", "top/attribute-value"}),
]


NO_BREACH = {"optional that can only be missing"}
"""Cases that a span without the attribute keeps: only its values are impossible."""


@given(readings())
def test_what_repeats_an_absent_attribute_is_found_without_the_count(reading: Reading) -> None:
    found = keys(case("never-judged", "repeats of what must be absent").wrong, reading)
    assert "r/attribute-repeats" not in found or "r/attribute-unexpected" in found


@given(readings())
def test_expectation_without_effect_never_breaks(reading: Reading) -> None:
    for id, name, findings in NEVER_FOUND:
        assert keys(case(id, name).wrong, reading).isdisjoint(findings), name


@pytest.mark.parametrize(
    ("id", "name", "finding", "child"),
    [
        ("entry-shadowed", "forbidden next to a taker of all", "no/span-surplus", {"name": "redis.flush"}),
        (
            "entry-shadowed",
            "content next to a taker of all",
            "get/status",
            {"name": "redis.get", "status": "error"},
        ),
        ("says-nothing", "closed next to a taker of all", "top/span-extra", {"name": "a", "kind": "server"}),
    ],
)
def test_fixed_expectation_can_break(id: str, name: str, finding: str, child: dict[str, Any]) -> None:
    top = Span(TRACE_ID, "1" * 16, "work", end_ns=10)
    spans = [top, Span(TRACE_ID, "2" * 16, parent_id=top.span_id, end_ns=5, **child)]
    reading = Reading(SourceInfo("made"), [Trace(TRACE_ID, spans)])
    assert finding in keys(case(id, name).clean, reading)
    assert finding not in keys(case(id, name).wrong, reading)


@given(readings())
def test_condition_whose_when_never_holds_is_never_judged(reading: Reading) -> None:
    assert [each.name for each in of("when-never-holds") if is_judged(judged(each.wrong, reading), "c1", "then")] == []


@given(readings())
def test_condition_whose_then_never_holds_breaks_whenever_it_is_judged(reading: Reading) -> None:
    for each in of("then-never-holds"):
        result = judged(each.wrong, reading)
        assert not (is_judged(result, "c1", "then") and result.verdict == "kept"), each.name


@given(readings())
def test_impossible_expectation_is_never_kept_on_a_span(reading: Reading) -> None:
    for each in of("never-holds"):
        keyword = each.says.partition("`")[2].partition("`")[0]
        entry = each.says.partition(" of `")[2].partition("`")[0] or "top"
        result = judged(each.wrong, reading)
        assert each.name in NO_BREACH or not (is_judged(result, entry, keyword) and result.verdict == "kept"), each.name


@given(readings())
def test_impossible_where_selects_no_span_and_no_event(reading: Reading) -> None:
    event, entry, rule = of("never-selects")
    assert "e/event-missing" in keys(event.wrong, reading)
    assert "load/span-missing" in keys(entry.wrong, reading)
    assert not is_judged(judged(rule.wrong, reading), "r", "status")


@given(readings())
def test_removing_a_redundant_side_keeps_the_verdict(reading: Reading) -> None:
    for each in of("then-redundant"):
        without = each.wrong.replace("load: present, top", "top").replace(
            "{load: present}}}", "{top: {kind: {matches: .*}}}}}"
        )
        assert without != each.wrong
        assert judged(each.wrong, reading).verdict == judged(without, reading).verdict
