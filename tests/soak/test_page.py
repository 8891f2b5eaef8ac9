"""The figures of a soak are shown as text and on the page, with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.soak.page import BEGIN, END, PAGE, render_outcome, write_page
from tests.soak.soaks import a_soak


def test_text_has_figures_and_what_is_wrong() -> None:
    text = render_outcome(a_soak(), ["one"])
    assert "ledger: 25 ended = 20 stored + 5 lost" in text
    assert "memory: the last minute / minute 5: 1.000 (accepted: 1.05); at most 100 MiB" in text
    assert text.endswith("wrong: one")
    assert render_outcome(a_soak(), []).endswith("wrong: nothing")


def test_the_page_keeps_what_is_around_the_figures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page(a_soak(), ["one"], page)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| | measured |\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "**Not held:** one." in text
    assert "old" not in text
    write_page(a_soak(), [], page)
    assert "All of it holds." in page.read_text()


def test_a_page_without_marks_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="has no part from <!-- soak --> to <!-- end of soak -->"):
        write_page(a_soak(), [], page)
    assert page.read_text() == "nothing\n"


def test_the_docs_have_the_figures_of_a_soak_of_half_an_hour() -> None:
    part = PAGE.read_text().partition(f"{BEGIN}\n")[2].partition(f"{END}\n")[0]
    assert "| length, seed, spool | 30 minutes, " in part
    assert "All of it holds." in part or "**Not held:** " in part
