"""Names and values that would be markup or script, or that would change the direction of text: seen, and inert."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from integration.browser.opening import Opened, opened_page, page_of
from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.trace.model import Event, LogRecord
from tests.reporting.hostile_texts import HOSTILE_TEXTS, report_with
from tests.reporting.sample_reports import changed, in_trace, judged, kept_flow

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "</script><script>alert(1)</script><!--",
    "]]>&lt;b&gt;&#x3c;b>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
]
ELEMENTS = "document.querySelectorAll('script, style, img, iframe, object, embed, form, base, link, meta, math').length"
INVISIBLE = {"\x1b[31m": "\\x1b[31m", "\u202eabc\u2066": "\\u202eabc\\u2066", "a\0b\n\r\u200b": "a\\x00b\\n\\r\\u200b"}


def hostile_page(text: str) -> str:
    attributes = {text: text, "key": text}
    event = Event(text, 10**18, {text: text})
    spans = changed(
        kept_flow(), "redis.get", name=text, attributes=attributes, events=(event,), status="error",
        status_message=text, span_id=text,
    )  # fmt: skip
    log = LogRecord(f"{1:032x}", text, body=text, severity=text, attributes={text: text})
    return page_of(judged(in_trace(spans, 1, scenario=text, logs=[log])))


@pytest.mark.parametrize(("text", "shown"), [*((each, each) for each in HOSTILE), *INVISIBLE.items()])
@pytest.mark.fault("S3")
def test_a_hostile_text_is_seen_and_does_nothing(open_report: Callable[..., Opened], text: str, shown: str) -> None:
    opened = open_report(hostile_page(text))
    dialogs: list[str] = []
    opened.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    opened.page.click(".trace-row a")
    opened.page.locator(".row").last.scroll_into_view_if_needed()
    named = opened.page.locator(".row", has=opened.page.locator(f"b:text-is({_quoted(shown)})"))
    named.first.click()
    assert opened.texts(".side h2") == [shown]
    assert opened.page.locator(".side td", has_text=shown).count() >= 4
    assert opened.page.locator("img, iframe, object, embed, form, base, link").count() == 0
    assert opened.page.locator("script").count() == 2
    assert dialogs == []


@pytest.mark.fault("S3")
@pytest.mark.timeout(240)
def test_two_hundred_hostile_texts_do_nothing_in_any_part_of_the_page(open_report: Callable[..., Opened]) -> None:
    opened = open_report(page_of(report_with(HOSTILE_TEXTS)))
    dialogs: list[str] = []
    opened.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    before = opened.page.evaluate(ELEMENTS)
    named = []
    for number in range(1, len(HOSTILE_TEXTS) + 1):
        opened.page.evaluate("(address) => { location.hash = address }", f"#trace={number:032x}&span={3:016x}")
        opened.page.wait_for_function(
            "(id) => document.querySelector('#trace-page')?.textContent.includes(id)", arg=f"{number:032x}"
        )
        named.append(opened.page.evaluate("document.querySelector('.side h2').textContent"))
        opened.page.mouse.move(300 + number % 7, 300)
    assert named == [escape_controls(text) for text in HOSTILE_TEXTS]
    assert opened.page.evaluate(ELEMENTS) == before
    assert dialogs == []


@pytest.mark.fault("S3")
def test_what_is_put_into_a_page_is_refused_and_noticed(browser: Browser, tmp_path: Path) -> None:
    inserted = '<b style="color: red" onclick="x = 1">b</b><img src="x"><script>document.title = "run"</script>'
    file = tmp_path / "report.html"
    file.write_text(hostile_page("a").replace("<main", f"{inserted}<main", 1), encoding="utf-8")
    with opened_page(browser, file) as opened:
        opened.page.click("b >> nth=0")
        refused = [each for each in opened.complaints() if each.startswith("refused")]
        assert refused == [
            "refused: style-src-attr", "refused: script-src-attr", "refused: img-src", "refused: script-src-elem",
        ]  # fmt: skip
        assert opened.page.title() != "run"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
