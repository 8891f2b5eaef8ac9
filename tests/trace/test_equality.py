"""Which values are equal: in one source, across two, and as a key that orders spans with one id."""

from __future__ import annotations

import pytest

from spanpact.trace.equality import content_key, equal, equal_across_sources, may_equal, possible_values
from spanpact.trace.model import ALL_CAPABILITIES, Span, Value

NAN = float("nan")
WITHOUT_VALUE_TYPES = ALL_CAPABILITIES - {"value_types"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "a"), (1, 1.0), (True, True), (None, None), ([1, "a"], [1.0, "a"]), ({"a": [1]}, {"a": [1]})],
)
def test_equal_values(one: Value, other: Value) -> None:
    assert equal(one, other)
    assert equal(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", 1), (True, 1), (False, None), (NAN, NAN), ([1, 2], [2, 1]), ([1], [1, 1]), ({"a": 1}, {"b": 1}), ([], {})],
)
def test_unequal_values(one: Value, other: Value) -> None:
    assert not equal(one, other)
    assert not equal(other, one)


def test_values_may_be_nested_as_deep_as_they_like() -> None:
    one: Value = 1
    other: Value = 1
    for _ in range(100_000):
        one, other = [one], [other]
    assert equal(one, other)


@pytest.mark.parametrize(
    ("text", "values"), [("[1]", ([1],)), ('{"a": 1}', ({"a": 1},)), ("a", ()), ("[1", ()), (1, ()), ("[\ud800]", ())]
)
def test_a_text_may_stand_for_what_it_is_the_json_of(text: Value, values: tuple[Value, ...]) -> None:
    assert possible_values(text, WITHOUT_VALUE_TYPES) == values
    assert possible_values(text, ALL_CAPABILITIES) == ()


def test_the_empty_text_may_stand_for_null() -> None:
    assert None in possible_values("", WITHOUT_VALUE_TYPES)
    assert may_equal("", "", WITHOUT_VALUE_TYPES)


def test_two_texts_may_stand_for_one_list() -> None:
    assert may_equal("[1, 2]", "[1,2]", WITHOUT_VALUE_TYPES)
    assert not may_equal("[1, 2]", "[1,2]", ALL_CAPABILITIES)
    assert not may_equal("[1, 2]", "[2,1]", WITHOUT_VALUE_TYPES)


def test_across_sources_nan_is_nan_and_a_double_is_no_integer() -> None:
    assert equal_across_sources([NAN], [NAN], ALL_CAPABILITIES)
    assert not equal_across_sources(1, 1.0, ALL_CAPABILITIES)
    assert not equal_across_sources({"a": 1}, {"a": True}, ALL_CAPABILITIES)


def test_across_sources_what_one_cannot_show_makes_no_difference() -> None:
    assert equal_across_sources(1, 1.0, ALL_CAPABILITIES - {"number_types"})
    assert equal_across_sources([1], "[1]", WITHOUT_VALUE_TYPES)
    assert not equal_across_sources([1], "[1]", ALL_CAPABILITIES)
    assert equal_across_sources(b"\x01", "AQ==", ALL_CAPABILITIES - {"bytes"})
    assert not equal_across_sources(b"\x01", "AQ==", ALL_CAPABILITIES)


def test_the_key_of_a_spans_content_ignores_the_order_of_names_and_the_sign_of_zero() -> None:
    one = Span("t", "s", "a", attributes={"a": 0.0, "b": [1, {"c": None}]})
    other = Span("t", "s", "a", attributes={"b": [1, {"c": None}], "a": -0.0})
    assert content_key(one) == content_key(other)


def test_the_key_of_a_spans_content_distinguishes_types_of_values() -> None:
    keys = [content_key(Span("t", "s", "a", attributes={"a": value})) for value in (1, True, "1", 1.5, None, b"1")]
    assert all(a != b for i, a in enumerate(keys) for b in keys[:i])
