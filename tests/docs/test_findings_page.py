"""docs/findings.md says of every finding id what it means, shows one, and shows exactly what is printed."""

from __future__ import annotations

from collections import Counter

import pytest

from spanpact.findings.catalogue import CATALOGUE
from tests.docs.documented_findings import PAGE, Entry, entries, printed, report_of

ENTRIES = list(entries())


def test_every_id_has_one_entry_and_every_entry_is_an_id() -> None:
    assert Counter(entry.id for entry in ENTRIES) == Counter(list(CATALOGUE))
    assert PAGE.read_text().count("\n### ") == len(CATALOGUE)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_the_example_gives_the_finding_that_the_page_shows(entry: Entry) -> None:
    found = [finding for finding in report_of(entry.example).findings if finding.id == entry.id]
    assert entry.shown in [printed(finding) for finding in found]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_what_it_means_and_its_level_are_those_of_the_catalogue(entry: Entry) -> None:
    known = CATALOGUE[entry.id]
    assert entry.meaning == f"{known.meaning[:1].upper()}{known.meaning[1:]}. *{known.level.capitalize()}.*"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_it_says_how_to_mend_it(entry: Entry) -> None:
    assert entry.fix.startswith("**Mend it:** ")
