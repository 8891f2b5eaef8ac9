"""The report in a browser: the verdict, findings that open their trace, search, the keyboard, and addresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from integration.browser.opening import Opened, page_of
from integration.browser.shop import CONTRACTS, checkout_trace, judged_shop
from tests.reporting.formats.reports import REPORTS

Opening = Callable[..., Opened]
SELECTED = '.row[aria-selected="true"] .name b'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the page of the shop's report, with its contracts next to it."""
    monkeypatch.chdir(tmp_path)
    for name, text in CONTRACTS.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    return page_of(judged_shop(), trace_url="https://ui.example/trace/{trace_id}")


def test_verdict_findings_contracts_and_traces_are_seen(open_report: Opening, shop: str) -> None:
    opened = open_report(shop)
    assert opened.texts("h1")[0].splitlines()[:2] == ["✗", "Broken"]
    assert opened.texts("h2") == ["Findings", "Contracts", "Traces", "Run"]
    assert opened.texts(".contract .badge") == ["✗\nbroken", "✗\nbroken", "?\nnot checked"]
    assert opened.texts(".kind .key")[:2] == ["pay/attribute-value", "notify/span-missing"]
    assert opened.texts(".trace-row .number")[:3] == ["1 finding", "11 spans", "212ms"]


def test_a_click_on_a_finding_opens_its_trace_at_the_span_with_the_clause(open_report: Opening, shop: str) -> None:
    opened = open_report(shop)
    opened.page.click(".places a >> nth=0")
    assert opened.texts(SELECTED) == ["payment.charge"]
    assert opened.texts(".side .finding h3") == ["✗\npay/attribute-value"]
    assert opened.texts('.side [data-fact="observed"]') == ['"paypal"']
    assert opened.texts(".side .named") == ['payment.provider\t"paypal"']
    assert opened.texts(".side .place code") == ["contracts/checkout.contract.yaml:17:18"]
    assert "attributes: {payment.provider: {one_of: [stripe, adyen]}}" in opened.texts(".side .excerpt mark")[0]
    link = opened.page.locator(".trace-head a").get_attribute("href")
    assert link == f"https://ui.example/trace/{checkout_trace(4).trace_id}"
    opened.page.click("text=← Report")
    assert opened.texts("#trace-page") == []
    assert opened.page.evaluate("document.activeElement.closest('.places') !== null")


def test_a_missing_span_has_a_row_where_it_should_be(open_report: Opening, shop: str) -> None:
    opened = open_report(shop)
    opened.page.click("text=pay/span-missing")
    opened.page.click(".kind:has-text('pay/span-missing') .places a")
    assert opened.texts(SELECTED) == ["payment.charge is missing"]
    names = opened.texts(".row .name b")
    assert names[-1] == "payment.charge is missing"
    assert opened.texts(".side h2") == ["No such span"]


def test_the_nearest_match_is_with_the_clause(open_report: Opening) -> None:
    trace = checkout_trace(3, flaw="misnamed")
    opened = open_report(page_of(judged_shop(trace)), f"#trace={trace.trace_id}")
    hint = "near: payment.Charge → payment.charge: only upper and lower case differ"
    assert opened.texts('.side [data-fact="hint"]')[0].startswith(hint)


def test_a_finding_that_names_several_spans_marks_them(open_report: Opening) -> None:
    trace = checkout_trace(3, flaw="repeated")
    opened = open_report(page_of(judged_shop(trace)), f"#trace={trace.trace_id}")
    assert opened.texts(".row.violation .name b") == ["payment.charge", "payment.charge"]
    assert opened.texts(".side .finding h3") == ["✗\npay/span-surplus"]
    opened.press("ArrowDown")
    assert opened.texts(".side .mention button") == ["pay/span-surplus: this span too"]
    opened.page.click(".side .mention button")
    assert opened.texts(".side .finding h3") == ["✗\npay/span-surplus"]


def test_a_span_without_its_parent_says_so(open_report: Opening) -> None:
    opened = open_report(page_of(REPORTS["malformed"]), f"#trace={1:032x}&span={9:016x}")
    assert opened.texts(SELECTED) == ["lost"]
    assert opened.texts('.side [data-fact="parent id"]') == [f"{77:016x} is not in the trace"]


def test_addresses_select_a_trace_a_span_and_a_finding(open_report: Opening, shop: str) -> None:
    trace = checkout_trace(4)
    opened = open_report(shop, f"#trace={trace.trace_id}&span={trace.spans[2].span_id}")
    assert opened.texts(SELECTED) == ["GET /cart"]
    opened.page.click(".row >> nth=0")
    assert opened.address() == f"#trace={trace.trace_id}&span={trace.spans[0].span_id}"
    opened.press("n")
    assert opened.address() == f"#trace={trace.trace_id}&finding=0"
    assert opened.texts(SELECTED) == ["payment.charge"]
    opened.page.goto(opened.page.url.partition("#")[0] + "#trace=none")
    assert opened.texts("#trace-page") == []


def test_keys_move_collapse_step_and_leave(open_report: Opening, shop: str) -> None:
    opened = open_report(shop, f"#trace={checkout_trace(4).trace_id}")
    opened.press("Home", "ArrowDown", "j", "ArrowUp")
    assert opened.texts(SELECTED) == ["cart.load"]
    opened.press("ArrowLeft")
    assert opened.texts(".row .name b")[:3] == ["POST /checkout", "cart.load", "stock.reserve"]
    opened.press("ArrowRight", "ArrowRight")
    assert opened.texts(SELECTED) == ["GET /cart"]
    opened.press("ArrowLeft", "ArrowLeft")
    assert opened.texts(SELECTED) == ["cart.load"]
    opened.press("z")
    assert opened.texts(".tick")[-1] != "212ms"
    opened.press("0", "]")
    assert opened.texts(".tick")[-1] == "212ms"
    assert checkout_trace(4).trace_id not in opened.address()
    opened.press("[", "?")
    assert opened.texts("#help h2") == ["Keyboard"]
    opened.press("Escape", "Escape")
    assert opened.texts("#trace-page") == []


def test_search_in_a_trace_finds_attributes_and_steps_through_matches(open_report: Opening, shop: str) -> None:
    opened = open_report(shop, f"#trace={checkout_trace(4).trace_id}")
    opened.press("/")
    opened.page.keyboard.type("POSTGRES")
    assert opened.texts(".found") == ["3 spans"]
    assert opened.texts(".row.match .name b") == ["db.query"] * 3
    opened.press("Enter", "Enter")
    assert opened.texts(".found") == ["2 of 3"]
    assert opened.texts(SELECTED) == ["db.query"]
    opened.press("Escape")
    assert opened.texts(".row.no-match") == []


def test_search_in_the_report_filters_findings_contracts_and_traces(open_report: Opening, shop: str) -> None:
    opened = open_report(shop)
    opened.press("/")
    opened.page.keyboard.type("paypal")
    assert opened.texts(".kind .key") == ["pay/attribute-value"]
    assert opened.texts(".shown") == ["2 of 15 traces"]
    opened.page.keyboard.type("xx")
    assert opened.texts(".nothing") == ["Nothing in this report matches."]
    opened.press("Escape")
    assert len(opened.texts(".trace-row")) == 15


def test_levels_can_be_chosen(open_report: Opening) -> None:
    opened = open_report(page_of(REPORTS["levels"]))
    assert opened.texts(".levels button") == ["All", "Pending", "Improvements", "Information"]
    opened.page.click("text=Improvements")
    assert opened.texts(".kind .key") == ["integrity/child-late"]


def test_colours_follow_the_system_and_can_be_switched(open_report: Opening, shop: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = (open_report(shop, color_scheme=scheme) for scheme in ("light", "dark"))
    shown = [opened.page.evaluate(background) for opened in (light, dark)]
    assert shown[0] != shown[1]
    light.press("d")
    assert light.page.evaluate(background) == shown[1]
    light.press("d")
    assert light.page.evaluate(background) == shown[0]


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_scrolling_sideways(open_report: Opening, shop: str, width: int) -> None:
    size = {"width": width, "height": 740}
    opened = open_report(shop, viewport=size, has_touch=True, is_mobile=True)
    wide = "[document.documentElement.scrollWidth, document.querySelector('#trace-page')?.scrollWidth ?? 0]"
    assert opened.page.evaluate(wide) == [width, 0]
    opened.page.tap(".places a >> nth=0")
    opened.page.wait_for_selector("#trace-page")  # it is drawn once the address has changed
    assert opened.page.evaluate(wide) == [width, width]
    assert opened.texts(SELECTED) == ["payment.charge"]
    assert opened.page.locator(".side .message").is_visible()


def test_without_a_script_the_verdict_findings_and_contracts_can_be_read(open_report: Opening, shop: str) -> None:
    opened = open_report(shop, java_script_enabled=False)
    assert opened.texts("h1")[0].splitlines()[1] == "Broken"
    assert opened.texts(".kind .message")[0] == "attribute payment.provider has a different value"
    opened.page.click("text=pay/span-missing")
    assert "payment.charge is missing" in opened.texts(".kind[open] .message")
    assert opened.texts("noscript") == ["Traces are drawn by a script, which this viewer does not run."]


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_opens(open_report: Opening, name: str) -> None:
    opened = open_report(page_of(REPORTS[name]))
    assert opened.texts("h1")[0].splitlines()[1] == REPORTS[name].verdict.capitalize()
    assert opened.page.locator(".bar-top").is_visible()
