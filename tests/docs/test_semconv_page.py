"""The page of the semantic conventions has every fragment, rule and old name, and what is not checked."""

from __future__ import annotations

import re

from semconv.generate import read_registry, renamed
from semconv.rules import FRAGMENTS
from spanpact.contract import load_text
from spanpact.contract.semconv import FRAGMENTS as NAMES
from spanpact.contract.semconv import VERSION
from spanpact.verification.examples.contract_examples import verify_examples
from tests.docs.pages import page

PAGE = page("semconv.md")
REGISTRY = read_registry()
CONVENTIONS = {each.span: each for conventions in FRAGMENTS.values() for each in conventions}
CHECKED, NOT_CHECKED, OLD = (
    PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    for title in ("What is checked", "What is not checked", "Old names")
)


def test_every_fragment_has_a_row() -> None:
    assert re.findall(r"^\| `(spanpact:\S+)` \|", PAGE, re.MULTILINE) == list(NAMES)
    assert f"release {VERSION}" in PAGE


def test_every_rule_is_in_the_table() -> None:
    named = set(re.findall(r"`((?:http_|database)\w*)`", CHECKED))
    rules = {
        f"{each.id}{end}"
        for each in CONVENTIONS.values()
        for end in ("", "_old", *(f"_{c.id}" for c in each.conditions))
    }
    assert named == rules


def test_what_is_required_is_checked_or_the_page_says_why_not() -> None:
    for convention in CONVENTIONS.values():
        for name, attribute in REGISTRY["spans"][convention.span]["attributes"].items():
            if attribute["requirement"] in ("required", "conditionally_required"):
                assert f"`{name}`" in CHECKED + NOT_CHECKED, name


def test_every_old_name_is_in_the_table_with_its_successor() -> None:
    names = {name: now for each in CONVENTIONS.values() for name, now in renamed(each, REGISTRY).items()}
    rows = re.findall(r"^\| `(\S+)` \| (.+) \|$", OLD, re.MULTILINE)
    assert {name: now if " " in now else now.strip("`") for name, now in rows} == names
    assert [name for name, _ in rows] == sorted(names)


def test_the_contract_on_the_page_gives_its_examples_what_they_list() -> None:
    shown = re.search(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown
    report = verify_examples([load_text(shown[1])])
    assert report.verdict == "kept", report.findings
