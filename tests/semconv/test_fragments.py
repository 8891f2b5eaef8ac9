"""The fragments: the checked-in files are what the script writes, and their examples prove every part of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from semconv.generate import fragment_text, read_registry, renamed
from semconv.rules import DATABASE, FRAGMENTS, SYSTEMS
from spanpact.contract import load_contract
from spanpact.contract.semconv import FOLDER, PREFIX, UNSTABLE, VERSION
from spanpact.contract.semconv import FRAGMENTS as NAMES
from spanpact.verification.examples.contract_examples import verify_examples

CONTRACTS = Path(__file__).parents[2] / "semconv" / "contracts"
REGISTRY = read_registry()


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_fragment_is_what_the_script_writes_from_the_registry(name: str) -> None:
    assert (FOLDER / f"{name}.contract.yaml").read_text(encoding="utf-8") == fragment_text(name, REGISTRY)


def test_there_are_no_other_fragments() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.suffix == ".yaml"}
    assert files == {f"{name}.contract.yaml" for name in FRAGMENTS}
    assert sorted(NAMES) == sorted(PREFIX + name for name in FRAGMENTS)


def test_only_stable_conventions_have_a_fragment() -> None:
    assert REGISTRY["version"] == VERSION
    kinds = {convention.span for conventions in FRAGMENTS.values() for convention in conventions}
    assert {REGISTRY["spans"][kind]["stability"] for kind in kinds} == {"stable"}
    stability = {PREFIX + area: said.replace("_", " ") for area, said in REGISTRY["unstable"].items()}
    assert dict(UNSTABLE) == stability
    assert "stable" not in stability.values()


@pytest.mark.parametrize("name", FRAGMENTS)
def test_the_examples_give_what_they_list_and_prove_every_expectation(name: str) -> None:
    plan = load_contract(CONTRACTS / f"{name}.contract.yaml")
    report = verify_examples([plan])
    assert report.verdict == "kept", report.findings
    together = len(FRAGMENTS[name]) > 1  # the fragments of one kind of span prove their rules
    assert together or [each for each in report.results[0].coverage if each.proven is False] == []


def test_values_of_the_old_attribute_have_a_successor_in_the_registry() -> None:
    assert SYSTEMS.keys() <= set(REGISTRY["values"]["db.system"])
    assert set(SYSTEMS.values()) <= set(REGISTRY["values"]["db.system.name"])
    assert not SYSTEMS.keys() & set(REGISTRY["values"]["db.system.name"])


def test_a_name_whose_successor_is_not_stable_is_no_finding() -> None:
    names = renamed(DATABASE, REGISTRY)
    assert names["db.statement"] == "db.query.text"
    assert REGISTRY["deprecated"]["db.cassandra.page_size"]["stability"] == "development"
    assert "db.cassandra.page_size" not in names
