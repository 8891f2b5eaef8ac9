"""Docstrings start with a verb, and code and pages use plain words: none that a reader has to decipher."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

FOLDERS = (
    "src",
    "reference_impl",
    "contracts",
    "containers",
    "demo",
    "integration",
    "monitoring",
    "benchmarks",
    "semconv",
)
PAGES = [path for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]) if path.name != "CHANGELOG.md"]
_NO_VERBS = """
a all an and any as at both by each every for from how if in is its no not of on one only or our some such that
the their these this those to two under what when where whether which who whose why with without
"""
NOT_A_VERB = frozenset(_NO_VERBS.split())
"""Words that begin a docstring which says what something is, where it should say what a function does."""
_RIDDLES = (
    r"amiss|mends?|mended|mending|whoever|whatsoever|passed over",
    r"(?:is|are|was|were) said|told (?:apart|from)|stands beside",
)
RIDDLES = re.compile(rf"\b(?:{'|'.join(_RIDDLES)})\b", re.IGNORECASE)


def code_files() -> list[Path]:
    return sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))


@cache
def functions(file: Path) -> list[tuple[str, str]]:
    """Return (name, docstring) of every function and method of a file that has a docstring."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(node.name, text) for node in found if (text := ast.get_docstring(node))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_of_functions_start_with_a_verb(folder: str) -> None:
    files = [file for file in code_files() if file.is_relative_to(ROOT / folder)]
    files = [file for file in files if file.parent.name != "exact_scenarios"]  # each states what its scenario shows
    wrong = [
        f"{named(file)} {name}: {text.splitlines()[0]}"
        for file in files
        for name, text in functions(file)
        if re.split(r"\W+", text.lstrip("`(\"'"), maxsplit=1)[0].lower() in NOT_A_VERB
    ]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_use_plain_words(page: Path) -> None:
    assert list(riddles(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_code_uses_plain_words(folder: str) -> None:
    files = [file for file in code_files() if file.is_relative_to(ROOT / folder)]
    assert [f"{named(file)} {line}" for file in files for line in riddles(file.read_text(encoding="utf-8"))] == []


def test_a_riddle_is_found() -> None:
    assert list(riddles("Fix it.\nWhat is amiss is said.\nMend it.")) == ["2: amiss", "3: Mend"]


def riddles(text: str) -> Iterator[str]:
    """Yield the line number and the word of every riddle of a text, the first of each line."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := RIDDLES.search(line):
            yield f"{number}: {found[0]}"
