"""docs/findings.md and docs/lint.md have an entry with fixed headings for every id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import pytest

from spanpact.findings.catalogue import CATALOGUE, IdMeaning
from spanpact.lint import LINT_IDS
from tests.docs.rule_pages import headings_missing, misplaced, rules, sentences

IDS: Final[Mapping[str, Mapping[str, IdMeaning]]] = {"findings.md": CATALOGUE, "lint.md": LINT_IDS}
RULES: Final = {page: {rule.id: rule for rule in rules(page)} for page in IDS}
ENTRIES: Final = [(page, id) for page, ids in IDS.items() for id in ids]


@pytest.mark.parametrize("page", IDS)
def test_every_id_has_one_entry_and_every_entry_is_an_id(page: str) -> None:
    assert Counter(rule.id for rule in rules(page)) == Counter(list(IDS[page]))


@pytest.mark.parametrize(("page", "id"), ENTRIES)
def test_every_entry_has_the_mandatory_headings_in_order(page: str, id: str) -> None:
    assert headings_missing(RULES[page][id]) == []
    assert misplaced(RULES[page][id]) == []


@pytest.mark.parametrize(("page", "id"), ENTRIES)
def test_why_it_matters_takes_one_to_three_sentences(page: str, id: str) -> None:
    assert 1 <= sentences(RULES[page][id].why) <= 3


@pytest.mark.parametrize("page", IDS)
def test_no_two_entries_matter_for_the_same_reason(page: str) -> None:
    assert [why for why, times in Counter(rule.why for rule in RULES[page].values()).items() if times > 1] == []


@pytest.mark.parametrize(("page", "id"), ENTRIES)
def test_the_summary_and_the_level_are_those_of_the_catalogue(page: str, id: str) -> None:
    known = IDS[page][id]
    summary = f"{known.meaning[:1].upper()}{known.meaning[1:]}. *{known.level.capitalize()}.*"
    assert RULES[page][id].summary == summary
