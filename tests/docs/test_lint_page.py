"""docs/lint.md has an entry with fixed headings for every id of lint, and shows exactly what is printed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from spanpact.lint import LINT_IDS
from tests.docs.documented_lint import lint_messages, printed
from tests.docs.rule_pages import headings_missing, misplaced, rules, sentences

RULES = {rule.id: rule for rule in rules("lint.md")}


def test_every_id_has_one_entry_and_every_entry_is_an_id() -> None:
    assert Counter(rule.id for rule in rules("lint.md")) == Counter(list(LINT_IDS))


@pytest.mark.parametrize("id", LINT_IDS)
def test_every_message_has_the_mandatory_headings_in_order(id: str) -> None:
    assert headings_missing(RULES[id]) == []
    assert misplaced(RULES[id]) == []


@pytest.mark.parametrize("id", LINT_IDS)
def test_why_it_matters_takes_one_to_three_sentences(id: str) -> None:
    assert 1 <= sentences(RULES[id].why) <= 3


def test_no_two_messages_matter_for_the_same_reason() -> None:
    assert [why for why, times in Counter(rule.why for rule in RULES.values()).items() if times > 1] == []


@pytest.mark.parametrize("id", LINT_IDS)
def test_the_example_gives_the_message_that_the_page_shows(id: str, tmp_path: Path) -> None:
    example, shown = (block.text for block in RULES[id].blocks)
    assert shown in [printed(message, tmp_path) for message in lint_messages(example, tmp_path) if message.id == id]


@pytest.mark.parametrize("id", LINT_IDS)
def test_the_summary_and_the_level_are_those_of_the_catalogue(id: str) -> None:
    known = LINT_IDS[id]
    assert RULES[id].summary == f"{known.meaning[:1].upper()}{known.meaning[1:]}. *{known.level.capitalize()}.*"
