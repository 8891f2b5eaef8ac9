"""docs/findings.md shows exactly what is printed for every finding id."""

from __future__ import annotations

import pytest

from spanpact.findings.catalogue import CATALOGUE
from tests.docs.documented_findings import Entry, entries, printed, report_of
from tests.docs.rule_pages import MANDATORY, headings_missing, rules

RULES = {rule.id: rule for rule in rules("findings.md")}


@pytest.fixture(scope="module")
def shown() -> dict[str, Entry]:
    return {entry.rule.id: entry for entry in entries()}


@pytest.mark.parametrize("heading", MANDATORY)
def test_a_finding_without_a_mandatory_heading_is_noticed(heading: str) -> None:
    rule = RULES["span-missing"]
    parts = {name: text for name, text in rule.parts.items() if name != heading}
    assert headings_missing(type(rule)(rule.id, rule.summary, parts)) == [heading]
    assert headings_missing(type(rule)(rule.id, rule.summary, {**rule.parts, heading: ""})) == [heading]


@pytest.mark.parametrize("id", CATALOGUE)
def test_the_example_gives_the_finding_that_the_page_shows(id: str, shown: dict[str, Entry]) -> None:
    found = [finding for finding in report_of(shown[id].example).findings if finding.id == id]
    assert shown[id].shown in [printed(finding) for finding in found]
