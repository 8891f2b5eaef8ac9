"""S3: names and values that are markup, escapes, formulas or commands do nothing in any format of a report."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from functools import cache

import pytest

from spanpact.reporting import TextOptions
from spanpact.reporting.formats import FORMATS, render_report
from spanpact.unsafe_text import UNSAFE
from tests.reporting.hostile_texts import HOSTILE_TEXTS, report_with

OPTIONS = TextOptions(everything=True)
_TAGS = re.compile(r"<([a-z]+)")
pytestmark = [pytest.mark.fault("S3"), pytest.mark.unmeasured]


@cache
def rendered(name: str) -> str:
    return render_report(name, report_with(HOSTILE_TEXTS), OPTIONS)


def test_there_are_200_texts() -> None:
    assert len(HOSTILE_TEXTS) >= 200


@pytest.mark.parametrize("name", FORMATS)
def test_no_character_that_a_terminal_obeys_is_in_a_report(name: str) -> None:
    assert {found for found in UNSAFE.findall(rendered(name)) if found != "\n"} == set()


def test_a_terminal_gets_no_escape_but_colours() -> None:
    text = render_report("text", report_with(HOSTILE_TEXTS), TextOptions(everything=True, colour=True))
    without_colours = re.sub(r"\x1b\[\d+(?:;\d+)*m", "", text)
    assert without_colours == rendered("text")
    assert len(without_colours) < len(text)


def test_markup_is_text_in_a_page() -> None:
    harmless = render_report("html", report_with(["harmless"]), OPTIONS)
    assert set(_TAGS.findall(rendered("html"))) == set(_TAGS.findall(harmless))
    for tag in ("<script", "</script", "<style", "</style", "<!--"):
        assert rendered("html").count(tag) == harmless.count(tag)


def test_junit_holds_texts_only_in_places_for_text() -> None:
    root = ElementTree.fromstring(rendered("junit").encode())
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "skipped", "error", "properties", "property", "system-out",
    }  # fmt: skip


def test_json_gives_each_text_back_as_a_value() -> None:
    (contract,) = json.loads(rendered("json"))["contracts"]
    extra = [finding["observed"] for finding in contract["findings"] if finding["id"] == "span-extra"]
    assert extra == list(HOSTILE_TEXTS)


def test_sarif_is_json_with_rules_of_our_own() -> None:
    (run,) = json.loads(rendered("sarif"))["runs"]
    harmless = json.loads(render_report("sarif", report_with(["harmless"]), OPTIONS))["runs"][0]
    assert {result["ruleId"] for result in run["results"]} == {result["ruleId"] for result in harmless["results"]}


def test_markdown_has_texts_in_code_only() -> None:
    text = re.sub(r"(?ms)^(````*)text\n.*?^\1$", "", rendered("markdown"))
    text = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "alert" not in text
    assert set(re.findall("<[^>]*>", text)) <= {"<details>", "<summary>", "</summary>", "</details>"}


def test_each_line_for_github_is_a_command_of_our_own() -> None:
    *commands, last = rendered("github").splitlines()
    assert commands
    assert all(line.startswith("::error ") for line in commands)
    assert not last.startswith("::")
