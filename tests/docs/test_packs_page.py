"""The page of packs shows the contracts that are shipped, and the rules that are evaluated."""

from __future__ import annotations

import re

import pytest

from spanpact.packs.instrumentation_score.rules import CATEGORIES, NOT_EVALUATED, RULES, SPECIFICATION, WEIGHTS
from spanpact.packs.shipped import PACKS, contract_file
from tests.docs.pages import page

PAGE = page("packs.md")


def test_every_pack_has_a_row_and_a_section() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE.partition("\n## ")[0], re.MULTILINE))
    assert rows == dict(PACKS)
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == sorted(PACKS, key=lambda name: PAGE.find(f"## {name}"))


@pytest.mark.parametrize("name", [name for name in PACKS if name != "instrumentation-score"])
def test_the_contract_of_a_pack_is_on_the_page(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2]
    shown = re.search(r"^```yaml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert shown
    _, _, body = contract_file(name).read_text(encoding="utf-8").partition("\n")  # without the line for editors
    assert shown[1] == body


def test_every_rule_of_the_score_is_in_the_table() -> None:
    rows = re.findall(r"^\| ([A-Z]{3}-\d{3}) \| (\w+) \| (.+) \| `([a-z-]+)` \|$", PAGE, re.MULTILINE)
    assert rows == [(rule.id, rule.impact, rule.demand, rule.finding) for rule in RULES]


def test_the_page_says_what_the_score_rests_on() -> None:
    assert f"on {SPECIFICATION}." in PAGE
    assert NOT_EVALUATED in PAGE
    assert all(f"{impact} {weight}" in PAGE for impact, weight in WEIGHTS.items())
    assert all(f"{least:.0f}" in PAGE for least, _ in CATEGORIES)
