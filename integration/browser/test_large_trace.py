"""A trace of 10,000 spans: the browser draws the rows in view only, wherever that is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integration.browser.opening import Opened, page_of
from integration.browser.shop import checkout_trace, judged_shop

SPANS = 10_000
MOST_ROWS = 100


@pytest.fixture(scope="module")
def large() -> str:
    """Return the page of a trace of 10,000 spans whose last span is missing."""
    return page_of(judged_shop(checkout_trace(2, flaw="mail", lines=SPANS - 7)))


def test_page_is_small_and_draws_rows_in_view_only(open_report: Callable[..., Opened], large: str) -> None:
    assert len(large.encode()) < 3_000_000
    opened = open_report(large, f"#trace={checkout_trace(2).trace_id}")
    assert opened.texts(".head .name") == ["10,000 spans"]
    assert opened.texts('.row[aria-selected="true"] .name b') == ["notify is missing when paid holds"]
    assert opened.page.locator(".waterfall .row").count() < MOST_ROWS


def test_every_part_is_drawn_when_it_comes_into_view(open_report: Callable[..., Opened], large: str) -> None:
    opened = open_report(large, f"#trace={checkout_trace(2).trace_id}")
    scroll = (
        "([part]) => { const box = document.querySelector('.waterfall'); box.scrollTop = part * box.scrollHeight; }"
    )
    for part in (0.0, 0.1, 0.5, 0.9, 0.3):
        opened.page.evaluate(scroll, [part])
        wanted = f'.row[aria-rowindex="{max(2, round(part * SPANS) + 4)}"]'
        opened.page.wait_for_selector(wanted)
        assert opened.page.locator(".waterfall .row").count() < MOST_ROWS


def test_keys_reach_both_ends_and_search_finds_one_span(open_report: Callable[..., Opened], large: str) -> None:
    opened = open_report(large, f"#trace={checkout_trace(2).trace_id}")
    opened.press("Home", "PageDown", "PageDown")
    index = opened.page.locator('.row[aria-selected="true"]').get_attribute("aria-rowindex")
    assert 20 < int(index or 0) < 100
    opened.press("End")
    assert opened.texts('.row[aria-selected="true"] .name b') == ["notify is missing when paid holds"]
    opened.press("/")
    opened.page.keyboard.type("order.id")
    assert opened.texts(".found") == ["1 span"]
    opened.press("Enter")
    assert opened.texts('.row[aria-selected="true"] .name b') == ["POST /checkout"]
