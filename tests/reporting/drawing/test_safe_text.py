"""Safe text: nothing in it moves a cursor, and its width is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.reporting.drawing.canvas import ASCII, Canvas
from spanpact.reporting.drawing.safe_text import clip, display_width, escape_controls, wrap_words
from spanpact.reporting.drawing.value_text import format_duration, format_nanoseconds, format_value
from spanpact.trace.model import Span, Value

anything = st.text(st.characters(exclude_categories=[]), max_size=40)


@given(anything)
def test_safe_text_is_printable_encodable_and_stays_safe(text: str) -> None:
    made = escape_controls(text)
    made.encode("utf-8")
    assert "\n" not in made
    assert "\x1b" not in made
    assert escape_controls(made) == made


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 名", "plain é 名"),
        ("a\tb\nc\r", "a\\tb\\nc\\r"),
        ("\x1b[31m\x9b", "\\x1b[31m\\x9b"),
        ("\u202eabc\u200b", "\\u202eabc\\u200b"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164\ufe0f\u115f", "\\u3164\\ufe0f\\u115f"),
        ("a ##[error]b ##vso[c]", "a #\\x23[error]b #\\x23vso[c]"),
        ("::error::a ::add-mask::b", "\\x3a:error::a \\x3a:add-mask::b"),
        ("::error file=a::b", "\\x3a:error file=a::b"),
        ("Shop::Cart ## [a] :: b", "Shop::Cart ## [a] :: b"),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


@given(anything, st.integers(1, 30))
def test_clipped_text_is_never_too_wide(text: str, width: int) -> None:
    made = clip(escape_controls(text), width)
    assert display_width(made) <= width
    assert made == escape_controls(text) or made.endswith("…")


def test_clipping_to_nothing_gives_nothing() -> None:
    assert clip("abc", 0) == ""
    assert Canvas(glyphs=ASCII).clip("abcdef", 5) == "ab..."


def test_combining_and_wide_characters_count_as_terminals_do() -> None:
    assert display_width("e\u0301") == 1
    assert display_width("名前") == 4


@given(st.lists(st.text("ab", min_size=1), max_size=20).map(" ".join), st.integers(1, 20))
def test_wrapping_keeps_every_word_whole(text: str, width: int) -> None:
    assert " ".join(wrap_words(text, width)) == text


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0ns"), (999, "999ns"), (1_000, "1µs"), (1_234, "1.23µs"), (44_300, "44.3µs"), (999_600, "1000µs"),
        (1_000_000, "1ms"), (12_345_678, "12.3ms"), (1_500_000_000, "1.5s"), (5_000_000_000_000, "5000s"),
        (-2_000_000, "-2ms"),
    ],
)  # fmt: skip
def test_time_has_three_digits_and_a_fitting_unit(amount: int, shown: str) -> None:
    assert format_nanoseconds(amount, Canvas()) == shown


def test_span_that_never_ended_says_so() -> None:
    assert format_duration(Span("1", "2", "a"), Canvas()) == "never ended"


def test_values_read_as_contracts_write_them() -> None:
    canvas = Canvas()
    values: list[Value] = [True, False, None, 5, 0.5, "a", b"abc", [1, "a", b"x"], {"k": None}]
    shown = [format_value(each, canvas) for each in values]
    assert shown == ["true", "false", "null", "5", "0.5", '"a"', "3 bytes", '[1, "a", "1 bytes"]', '{"k": null}']


def test_private_data_at_the_cut_is_masked() -> None:
    from spanpact.privacy import mask

    text = "x" * 190 + " someone.with.a.long.name@example.com"
    assert "someone" not in format_value(text, Canvas(mask=mask))
