"""The page of a report: verdict first, nothing is loaded or run but its own script, and no text is markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.reporting.sections.summary import plain_summary
from spanpact.trace.model import Reading, SourceInfo
from tests.reporting.formats.html.pages import Page, page_of
from tests.reporting.formats.reports import HOSTILE, REPORTS
from tests.reporting.sample_reports import changed, in_trace, kept_flow

_ELEMENTS = {
    "a", "body", "code", "dd", "details", "div", "dl", "dt", "h1", "h2", "h3", "head", "header", "html", "li",
    "main", "mark", "meta", "noscript", "ol", "p", "pre", "rect", "script", "section", "small", "span", "strong",
    "style", "summary", "svg", "table", "tbody", "td", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


def sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def raw(page: Page, kind: str) -> str:
    (text,) = [text for each, text in page.raw if each == kind]
    return text


@pytest.mark.parametrize("name", REPORTS)
def test_verdict_comes_first_with_the_counts_behind_it(name: str) -> None:
    report = REPORTS[name]
    verdict, _, counts = plain_summary(report).partition(": ")
    shown = page_of(report).text.split("spanpact", 1)[1]
    assert re.fullmatch(f".{verdict.capitalize()}: the spanpact report{re.escape(counts)}.*", shown.strip(), re.DOTALL)


@pytest.mark.parametrize("name", REPORTS)
def test_what_is_not_checked_never_looks_kept(name: str) -> None:
    report = REPORTS[name]
    page = page_of(report)
    passed = [each for each in report.results if each.verdict == "kept" and report.accepts(each)]
    assert len(page.all("span", class_="badge kept")) == len(passed)
    assert len(page.all("span", class_="badge doubt")) == sum(
        each.verdict != "broken" and each not in passed for each in report.results
    )
    assert len(page.all("header", class_="banner kept")) == (report.exit_code == 0)
    assert ("✓" in page.text) == bool(passed or report.exit_code == 0)


@pytest.mark.parametrize("name", REPORTS)
def test_policy_allows_the_pages_own_script_and_style_only(name: str) -> None:
    page = page_of(REPORTS[name])
    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == sha256(raw(page, "module"))
    assert rules["style-src"] == sha256(raw(page, "style"))
    assert len(page.all("script")) == 2
    assert page.all("script")[0] == {"type": "application/json", "id": "data"}


@pytest.mark.parametrize("name", REPORTS)
def test_only_known_elements_and_no_handlers_styles_or_addresses(name: str) -> None:
    page = page_of(REPORTS[name], trace_url="https://ui.example/{trace_id}")
    assert {tag for tag, _ in page.elements} <= _ELEMENTS
    names = {each for _, attributes in page.elements for each in attributes}
    assert not [each for each in names if each.startswith("on") or each in ("style", "src", "srcset", "data", "ping")]
    for link in page.all("a"):
        assert re.match("#trace=|https://ui.example/", link["href"] or "")
        assert (link["href"] or "").startswith("#") or link["rel"] == "noopener noreferrer"


def test_hostile_texts_are_shown_escaped_and_are_no_markup() -> None:
    page = page_of(REPORTS["hostile"])
    shown = 'evil\\x1b]0;\\x07\\r\\n\\u2028\\ud800\\ufffe<&"]]>--›name::%0A|`*_'
    assert page.text.count(shown) >= 12
    assert not set(page.source) & set("\x1b\x07\r\u2028\ud800\ufffe")
    assert HOSTILE not in page.text


def test_no_text_can_end_the_data() -> None:
    page = page_of(REPORTS["broken"], mask=lambda text, _="": f"</script><!--{text}")
    (data,) = re.findall('<script type="application/json" id="data">(.*?)</script>', page.source, re.DOTALL)
    assert not set(data) & set("<>&")
    assert any("</script><!--" in text for text in page.data["strings"])


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_any_text_is_inert_and_seen(name: str, value: str) -> None:
    spans = changed(kept_flow(), "redis.get", name=name, attributes={name: value}, status_message=value)
    reading = Reading(SourceInfo(name), [in_trace(spans, 1, scenario=value)])
    page = page_of(replace(REPORTS["kept"], reading=reading), mask=lambda text, _="": text)
    assert {tag for tag, _ in page.elements} <= _ELEMENTS
    assert len(page.all("script")) == 2
    assert escape_controls(name) in page.data["strings"]
    assert escape_controls(name) in page.text


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    page = page_of(REPORTS["broken"], trace_url="javascript:alert('{trace_id}')")
    assert {(link["href"] or "")[:7] for link in page.all("a")} == {"#trace="}


@pytest.mark.parametrize("name", REPORTS)
def test_same_report_gives_the_same_bytes(name: str) -> None:
    assert page_of(REPORTS[name]).source == page_of(REPORTS[name]).source


def test_private_data_is_masked_in_names_and_values() -> None:
    page = page_of(REPORTS["broken"])
    assert "@example.com" not in page.source
    assert "session:‹email›" in str(page.data["strings"])


def test_kinds_count_flows_and_lead_to_each_finding() -> None:
    page = page_of(REPORTS["broken"])
    assert "lookup/kindthe span kind differs4 flows" in page.text
    links = [link["href"] for link in page.all("a")]
    assert f"#trace={1:032x}&finding=0" in links
    assert len(links) == len(REPORTS["broken"].findings)


def test_levels_and_pending_are_words_not_only_colours() -> None:
    page = page_of(REPORTS["levels"])
    assert [each["data-level"] for each in page.all("details") if "data-level" in each] == [
        "pending", "information", "improvement",
    ]  # fmt: skip
    assert "until 2027-03-31, team: moving" in page.text
    assert "0 of 3 flows broken" in page.text


def test_expectations_are_listed_with_their_state_and_line() -> None:
    page = page_of(REPORTS["kept"])
    assert "of 12 expectations exercised" in page.text
    assert "exercisedlookup.span" in page.text


def test_gaps_of_the_run_are_in_the_banner() -> None:
    assert "not checked: no contract was judged" in page_of(REPORTS["nothing judged"]).text
    assert "not checked: unknown fields were not read: vendorSpans: 3 spans" in page_of(REPORTS["not read"]).text
