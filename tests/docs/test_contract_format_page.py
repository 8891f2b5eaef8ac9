"""docs/contract-format.md shows every keyword in a contract that is judged, and each of them says what is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from spanpact.cli import main
from spanpact.contract.loader.vocabulary import CLOSABLE, EVERY_KEYWORD, KINDS, PARENTS, STATUSES, TYPES, VIAS
from spanpact.sources import encode_traces_json
from tests.engine.corpus_cases import CASES, reading_of

PAGE = (Path(__file__).parents[2] / "docs" / "contract-format.md").read_text()
DOCUMENTS = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if "spanpact: 1" in block]
CONTRACTS = [block for block in DOCUMENTS if "\ncontract: " in block]


def keywords(tree: Any) -> Iterator[str]:
    """Every key of a document, at any depth."""
    if isinstance(tree, dict):
        yield from tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from keywords(each)


def test_every_keyword_stands_in_an_example() -> None:
    used = {word for document in DOCUMENTS for word in keywords(YAML(typ="safe", pure=True).load(document))}
    assert EVERY_KEYWORD - used == set()


@pytest.mark.parametrize("words", [TYPES, KINDS, STATUSES, PARENTS, VIAS, CLOSABLE], ids=lambda words: words[0])
def test_every_word_that_a_keyword_takes_is_named(words: tuple[str, ...]) -> None:
    assert [word for word in words if not re.search(rf"[`\[ ]{word}[`\],: ]", PAGE)] == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda text: re.findall(r"^contract: (.*)", text, re.M)[0])
def test_each_contract_gives_what_its_examples_say(
    contract: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shown.contract.yaml").write_text(contract)
    for fragment in set(DOCUMENTS) - set(CONTRACTS):
        (tmp_path / "common.contract.yaml").write_text(fragment)
    (tmp_path / "archive.json").write_bytes(archive())
    assert main(["verify", str(tmp_path / "shown.contract.yaml")]) == 0, capsys.readouterr().out


def archive() -> bytes:
    """An OTLP file with a span that a contract of the page selects."""
    place = next(place for place, case in enumerate(CASES) if case.id.startswith("span: "))
    return encode_traces_json(reading_of(place)).replace(b'"name":"top"', b'"name":"GET /session"')
