"""Traces are chosen by ids and by beginnings of ids."""

from __future__ import annotations

import pytest

from spanpact.errors import UsageError
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection

ONE, OTHER = "c0ffee".ljust(32, "0"), f"{1:032x}"


def test_a_trace_is_meant_by_its_id_by_a_beginning_and_without_leading_zeros() -> None:
    for text in (ONE, "C0F", " c "):
        assert ONE in TraceSelection.of([text])
        assert OTHER not in TraceSelection.of([text])
    assert OTHER in TraceSelection.of(["1"])
    assert 1 not in TraceSelection.of(["1"])  # type: ignore[comparison-overlap]


def test_what_selects_nothing_is_missing() -> None:
    selection = TraceSelection.of(["c0ffee", "1", "2"])
    assert selection.missing({ONE, OTHER}) == {"2"}
    assert not selection.all_whole
    assert TraceSelection.of([OTHER]).all_whole


def test_empty_selection_is_false() -> None:
    assert not EVERY_TRACE
    assert TraceSelection.of(["1"])


@pytest.mark.parametrize("text", ["", "xyz", "1" * 33])
def test_text_that_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"not a trace id: .* \(accepted: up to 32 hexadecimal digits\)"):
        TraceSelection.of([text])
