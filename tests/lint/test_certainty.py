"""Lint reports only what is certain: no generated value or name does what it calls impossible."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from spanpact.contract.compiled import UNSET, AttributeExpectation, Matcher
from spanpact.engine.checks import Breach, Context
from spanpact.engine.checks.keywords.attributes import compile_attribute
from spanpact.lint import lint
from spanpact.lint.name_coverage import covered_texts, covers, disjoint
from spanpact.lint.satisfiability import attribute_possible, impossible_alternatives, text_possible, value_possible
from spanpact.trace.model import Trace, Value
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.topology import Topology

VALUES: list[Value] = [
    "a", "ab", "b", "", True, False, 0, 1, 1.0, 2, 0.5, -1, float("inf"), float("nan"), None, b"a",
    ["a"], [1], [1.0], {"a": 1},
]  # fmt: skip
PATTERNS = ["a", "a.*", "b?", "[0-9]+"]
BOUNDS = st.sampled_from([-1, 0, 0.5, 1, 2, float("inf")])
CONTEXT = Context(Topology(Trace("1", ())), find_span=lambda *_: None)


@st.composite
def matchers(draw: st.DrawFn) -> Matcher:
    """Draw matchers as the loader makes them, contradictory ones included."""
    if draw(st.integers(0, 5)) == 0:
        return Matcher(presence=draw(st.sampled_from(["present", "absent"])))
    pattern = draw(st.none() | st.sampled_from(PATTERNS))
    types = ["string", "boolean", "int", "double", "number", "bytes", "array", "map"]
    return Matcher(
        equals=draw(st.just(UNSET) | st.sampled_from(VALUES)),
        one_of=draw(st.none() | st.lists(st.sampled_from(VALUES), min_size=1, max_size=3).map(tuple)),
        type=draw(st.none() | st.sampled_from(types)),  # type: ignore[arg-type]
        at_least=draw(st.none() | BOUNDS),
        at_most=draw(st.none() | BOUNDS),
        matches=pattern,
        regex=re2.compile(pattern) if pattern is not None else None,
        optional=draw(st.booleans()),
    )


def kept(matcher: Matcher, attributes: dict[str, Value]) -> bool:
    """Return whether the engine finds no breach of the attribute `k`."""
    judge = compile_attribute(AttributeExpectation("k", ("k",), matcher))
    return not any(isinstance(outcome, Breach) for outcome in judge(attributes, CONTEXT))


@given(st.lists(matchers(), min_size=1, max_size=3))
def test_impossible_attribute_is_met_by_no_value(together: list[Matcher]) -> None:
    if attribute_possible(*together):
        return
    found = [each for each in [{}, *({"k": value} for value in VALUES)] if all(kept(m, each) for m in together)]
    assert found == []


@given(st.lists(matchers(), min_size=1, max_size=2))
def test_impossible_value_is_met_by_no_value(together: list[Matcher]) -> None:
    if not value_possible(*together):
        assert [value for value in VALUES if all(kept(m, {"k": value}) for m in together)] == []


@given(matchers())
def test_impossible_alternative_is_met_by_no_value(matcher: Matcher) -> None:
    for value in impossible_alternatives(matcher):
        assert not kept(matcher, {"k": value}) or value in matcher.one_of[: matcher.one_of.index(value)]  # type: ignore[index, union-attr]


def test_possible_values_are_distinguished_from_impossible_ones() -> None:
    assert value_possible(Matcher(equals=1), Matcher(type="double"))
    assert not value_possible(Matcher(equals=1), Matcher(equals=2))
    assert not value_possible(Matcher(type="int"), Matcher(matches="1", regex=re2.compile("1")))
    assert not value_possible(Matcher(at_least=float("inf")), Matcher(at_most=1))
    assert value_possible(Matcher(type="int", at_least=-float("inf"), at_most=0.5))
    assert attribute_possible(Matcher(presence="absent"), Matcher(equals="a", optional=True))
    assert not attribute_possible(Matcher(presence="absent"), Matcher(equals="a"))


def test_empty_text_counts_as_missing_for_optional_and_absent() -> None:
    assert text_possible([Matcher(equals="x"), Matcher(matches="x|y", regex=re2.compile("x|y"))])
    assert not text_possible([Matcher(equals="x"), Matcher(presence="absent")])
    assert text_possible([Matcher(equals="x", optional=True), Matcher(presence="absent")])
    assert not text_possible([Matcher(presence="present"), Matcher(presence="absent")])
    assert not text_possible([Matcher(equals="error"), Matcher(equals="ok")], ("unset", "ok", "error"))


NAMES = st.text("ab*\\", min_size=1, max_size=5)


@given(st.lists(NAMES, min_size=1, max_size=2), st.lists(NAMES, min_size=1, max_size=2), st.text("ab*\\", max_size=7))
def test_pattern_that_covers_another_fits_all_that_it_fits(one: list[str], other: list[str], name: str) -> None:
    first, second = NamePattern(tuple(one)), NamePattern(tuple(other))
    if covers(first, second) and second.fits(name):
        assert first.fits(name)
    if disjoint(first, second):
        assert not (first.fits(name) and second.fits(name))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("*", "redis.*", True),
        ("redis.*", "redis.get", True),
        ("redis.*", "redis.*.x", True),
        ("redis.get", "redis.*", False),
        ("a*c", "a*b*c", True),
        ("a*b*c", "a*c", False),
        (r"a\*", "a*", False),
        ("a*", r"a\*", True),
    ],
)
def test_wildcard_covers_patterns_that_it_matches(one: str, other: str, *, expected: bool) -> None:
    assert covers(NamePattern((one,)), NamePattern((other,))) is expected


def test_later_of_two_equal_patterns_is_covered() -> None:
    assert list(covered_texts(NamePattern(("a*", "a**")))) == [("a**", "a*")]


@pytest.mark.expensive
def test_example_contracts_of_the_language_have_no_violation() -> None:
    messages = lint([Path(__file__).parents[1] / "contract" / "contract_examples"], today=dt.date(2026, 7, 1)).messages
    assert [each for each in messages if each.level == "violation"] == []
