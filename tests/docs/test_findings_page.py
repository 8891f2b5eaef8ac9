"""docs/findings.md has an entry with fixed headings for every finding id, and shows exactly what is printed."""

from __future__ import annotations

from collections import Counter

import pytest

from spanpact.findings.catalogue import CATALOGUE
from tests.docs.documented_findings import Entry, entries, printed, report_of
from tests.docs.rule_pages import MANDATORY, headings_missing, misplaced, rules, sentences

RULES = {rule.id: rule for rule in rules("findings.md")}


@pytest.fixture(scope="module")
def shown() -> dict[str, Entry]:
    return {entry.rule.id: entry for entry in entries()}


def test_every_id_has_one_entry_and_every_entry_is_an_id() -> None:
    assert Counter(rule.id for rule in rules("findings.md")) == Counter(list(CATALOGUE))


@pytest.mark.parametrize("id", CATALOGUE)
def test_every_finding_has_the_mandatory_headings_in_order(id: str) -> None:
    assert headings_missing(RULES[id]) == []
    assert misplaced(RULES[id]) == []


@pytest.mark.parametrize("heading", MANDATORY)
def test_a_finding_without_a_mandatory_heading_is_noticed(heading: str) -> None:
    rule = RULES["span-missing"]
    parts = {name: text for name, text in rule.parts.items() if name != heading}
    assert headings_missing(type(rule)(rule.id, rule.summary, parts)) == [heading]
    assert headings_missing(type(rule)(rule.id, rule.summary, {**rule.parts, heading: ""})) == [heading]


@pytest.mark.parametrize("id", CATALOGUE)
def test_why_it_matters_takes_one_to_three_sentences(id: str) -> None:
    assert 1 <= sentences(RULES[id].why) <= 3


def test_no_two_findings_matter_for_the_same_reason() -> None:
    assert [why for why, times in Counter(rule.why for rule in RULES.values()).items() if times > 1] == []


@pytest.mark.parametrize("id", CATALOGUE)
def test_the_example_gives_the_finding_that_the_page_shows(id: str, shown: dict[str, Entry]) -> None:
    found = [finding for finding in report_of(shown[id].example).findings if finding.id == id]
    assert shown[id].shown in [printed(finding) for finding in found]


@pytest.mark.parametrize("id", CATALOGUE)
def test_the_summary_and_the_level_are_those_of_the_catalogue(id: str) -> None:
    known = CATALOGUE[id]
    assert RULES[id].summary == f"{known.meaning[:1].upper()}{known.meaning[1:]}. *{known.level.capitalize()}.*"
