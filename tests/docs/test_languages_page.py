"""The page on languages has a row for every program that `nox -s endings` runs, as it writes them."""

from __future__ import annotations

import re

from examples.endings import HEAD, SPANS
from examples.endings_programs import PROGRAMS
from tests.docs.pages import page

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in page("languages.md").partition("\n## ")[0].splitlines()
    if line.startswith("|") and not line.startswith("|-")
]


def test_every_program_has_a_row_with_what_it_needs() -> None:
    assert ROWS[0] == list(HEAD)
    assert [(row[0], row[2]) for row in ROWS[1:]] == [(program.name, program.needs) for program in PROGRAMS]


def test_every_row_was_measured() -> None:
    for row in ROWS[1:]:
        assert re.search(r" \d+\.\d+", row[1]), row
        assert all(re.fullmatch(rf"\d+ of {SPANS}", cell) for cell in row[3:]), row


def test_every_program_is_a_folder() -> None:
    assert [program.name for program in PROGRAMS if not program.path.is_dir()] == []
