"""docs/language-in-one-page.md has every key and word of the JSON Schema, and contracts that hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spanpact.cli import main
from spanpact.findings import CATALOGUE
from spanpact.privacy import known_classes
from spanpact.reporting.schemas import schema_text
from tests.docs.pages import blocks, page

PAGE = page("language-in-one-page.md")
WORDS = frozenset(re.findall(r"[\w-]+", PAGE))
FILES = {
    f"{re.findall(r'^(?:contract|fragment): (.*?)(?: .*)?$', block.text, re.M)[0]}.spanpact.yaml": block.text
    for block in blocks(PAGE)
    if block.language == "yaml"
}


def keys_and_words(schema: Any) -> Iterator[str]:
    """Every key of an object and every word of a list of accepted ones, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        yield from (str(word) for word in schema.get("enum", ()) if word)
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from keys_and_words(each)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_key_and_word_of_the_schema_is_there() -> None:
    wanted = set(keys_and_words(json.loads(schema_text("contract"))))
    assert {"distinct_names", "exactly_one_true", "producer"} <= wanted
    assert wanted - WORDS == set()


def test_every_finding_and_privacy_class_is_there() -> None:
    assert {*CATALOGUE, *(each.name for each in known_classes())} - WORDS == set()


def test_every_contract_of_the_page_is_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(FILES) == 3
    assert main(["lint", str(folder)]) == 0, capsys.readouterr().out


def test_every_example_of_the_page_gives_what_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder)]) == 0, capsys.readouterr().out


def test_it_is_one_page() -> None:
    assert len(PAGE.splitlines()) < 300
