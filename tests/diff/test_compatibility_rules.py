"""There is a compatibility rule for each keyword of the language, and no other."""

from __future__ import annotations

import pytest

from spanpact.contract.loader import vocabulary
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.inclusion.matchers import WORDS
from spanpact.findings.catalogue import CATALOGUE

PLACES: dict[str, tuple[str, ...]] = {
    "": (
        *vocabulary.FILE, *vocabulary.FRAGMENT, *vocabulary.ENTRY, *vocabulary.EVENT, *vocabulary.LINK,
        *vocabulary.SPAN_RULE, *vocabulary.EVENT_RULE, *vocabulary.CONDITION, *vocabulary.SIDE,
    ),
    "clock.": vocabulary.CLOCK,
    "pending.": vocabulary.PENDING,
    "across.": vocabulary.STATEMENT,
}  # fmt: skip
VOCABULARY = {f"{place}{keyword}" for place, keywords in PLACES.items() for keyword in keywords}


def test_each_keyword_has_a_rule() -> None:
    assert VOCABULARY - set(KEYWORDS) == set()


def test_each_rule_is_of_a_keyword() -> None:
    assert set(KEYWORDS) - VOCABULARY == set()


def test_each_word_of_a_matcher_has_a_rule() -> None:
    assert set(WORDS) == set(vocabulary.MATCHER)


def test_only_keywords_of_examples_have_no_rule() -> None:
    examples = {*vocabulary.EXAMPLE, *vocabulary.EXAMPLE_TRACE, *vocabulary.EXAMPLE_SPAN, *vocabulary.EXAMPLE_LOG}
    examples |= {*vocabulary.EXAMPLE_LINK, *vocabulary.EXAMPLE_SCOPE, *vocabulary.EXAMPLE_VALUE}
    known = {*(name.rpartition(".")[2] for name in KEYWORDS), *WORDS, *vocabulary.DURATION, *examples}
    assert vocabulary.EVERY_KEYWORD - known == set()


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_rule_has_a_summary_and_names_findings_of_the_catalogue(keyword: str) -> None:
    rule = KEYWORDS[keyword]
    assert rule.summary
    assert set(rule.findings) <= set(CATALOGUE)
