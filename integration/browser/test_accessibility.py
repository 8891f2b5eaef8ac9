"""The rules of axe-core on the report and on a trace, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from integration.browser.opening import Opened, page_of
from integration.browser.shop import checkout_trace, judged_shop
from tests.reporting.formats.reports import REPORTS

SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 740}}


def broken_rules(opened: Opened) -> list[str]:
    """Return what axe-core finds, with the first element of each."""
    found = Axe().run(opened.page, options={"resultTypes": ["violations"]})
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", ["", f"#trace={checkout_trace(9).trace_id}", f"#trace={checkout_trace(7).trace_id}"]
)
def test_shop_breaks_no_rule(open_report: Callable[..., Opened], size: str, scheme: str, address: str) -> None:
    opened = open_report(page_of(judged_shop()), address, viewport=SIZES[size], color_scheme=scheme)
    for each in opened.page.locator("summary:visible").all() if not address else []:
        if each.evaluate("summary => !summary.parentElement.open"):
            each.click()
    assert broken_rules(opened) == []


@pytest.mark.parametrize("name", ["levels", "unseen and allowed", "nothing judged"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_other_verdicts_break_no_rule(open_report: Callable[..., Opened], name: str, scheme: str) -> None:
    assert broken_rules(open_report(page_of(REPORTS[name]), color_scheme=scheme)) == []
