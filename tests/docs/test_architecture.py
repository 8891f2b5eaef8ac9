"""The architecture page, the layers that import-linter enforces, and the packages of src/spanpact are the same."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, page

PACKAGE = ROOT / "src" / "spanpact"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = next(each["layers"] for each in CONTRACTS if each.get("containers") == ["spanpact"])
FOLDERS = [
    "src",
    "reference_impl",
    "contracts",
    "containers",
    "demo",
    "integration",
    "benchmarks",
    "examples",
    "semconv",
    "tests",
]
QUESTIONS = re.findall(r"^\| [^|]+\? \| [^|]*`([\w/.]+)` \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)


def packages() -> set[str]:
    """Return the names of spanpact's packages, and of the modules next to them."""
    return {each.stem for each in PACKAGE.iterdir() if each.suffix == ".py" or (each / "__init__.py").is_file()} - {
        "__init__",
        "__main__",
    }


def test_the_page_has_the_layers_that_import_linter_enforces() -> None:
    table = page("architecture.md").partition("## Layers")[2].partition("\n\n|")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert [sorted(re.findall(r"`(\w+)`", row)) for row in rows] == [sorted(row.split(" | ")) for row in LAYERS]


def test_every_package_is_in_one_layer_and_there_are_at_most_ten() -> None:
    named = [name for row in LAYERS for name in row.split(" | ")]
    assert sorted(named) == sorted(packages())
    assert len(LAYERS) <= 10


@pytest.mark.parametrize("name", sorted(packages() - {"byte_budget", "errors", "lazy_names", "spool"}))
def test_every_package_describes_itself_and_lists_its_names(name: str) -> None:
    module = importlib.import_module(f"spanpact.{name}")
    assert module.__doc__
    assert all(hasattr(module, each) for each in module.__all__)


def test_the_five_questions_of_a_stranger_lead_to_places_that_exist() -> None:
    assert len(QUESTIONS) == 5
    assert [path for path in QUESTIONS if not (ROOT / path).exists()] == []


def test_no_code_file_is_long() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for f in FOLDERS for file in _code(f)}
    assert {named(file): n for file, n in lengths.items() if n > _limit(file)} == {}


def _code(folder: str) -> list[Path]:
    return [file for file in (ROOT / folder).rglob("*.py") if "__pycache__" not in file.parts]


def _limit(file: Path) -> int:
    return 500 if file.is_relative_to(ROOT / "tests") else 320


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()
