"""The lines of a contract next to a finding, as far as the file can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.errors import Place
from spanpact.reporting.formats.html.contract_excerpts import ContractExcerpts, Excerpt


def around(file: Path, line: int) -> Excerpt | None:
    return ContractExcerpts(lambda text, _="": text.upper()).around(Place(str(file), line, 1))


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "c.contract.yaml"
    file.write_text("".join(f"line {n}\n" for n in range(1, 11)), encoding="utf-8")
    return file


@pytest.mark.parametrize(("line", "first", "last"), [(1, 1, 4), (5, 2, 8), (10, 7, 10)])
def test_lines_around_a_place_are_masked(contract: Path, line: int, first: int, last: int) -> None:
    assert around(contract, line) == Excerpt(first, tuple(f"LINE {n}" for n in range(first, last + 1)))


def test_a_line_that_is_not_there_has_no_excerpt(contract: Path) -> None:
    assert around(contract, 11) is around(contract, 0) is None


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x: 1\n" * 300_000])
def test_what_is_no_contract_has_no_excerpt(contract: Path, content: bytes) -> None:
    contract.write_bytes(content)
    assert around(contract, 1) is None


@pytest.mark.parametrize("name", ["missing.yaml", ".", "a\0b.yaml", "other.txt"])
def test_files_that_cannot_be_read_have_no_excerpt(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.txt").write_text("secret\n", encoding="utf-8")
    assert around(tmp_path / name, 1) is None
