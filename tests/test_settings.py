"""Settings of a project: where they are found, what they stand in for, and errors with line and column."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spanpact.errors import UsageError
from spanpact.settings import find_settings


def written(folder: Path, text: str, name: str = "spanpact.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search end at the test's own folder."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def test_own_file_is_read_before_the_shared_one(tmp_path: Path) -> None:
    assert find_settings().values == {}
    written(tmp_path, '[tool.spanpact]\nformat = "json"\n', "pyproject.toml")
    assert (find_settings().file, find_settings().values) == ("pyproject.toml", {"format": "json"})
    written(tmp_path, "strict = true\n")
    assert (find_settings().file, find_settings().values) == ("spanpact.toml", {"strict": True})


def test_shared_file_without_a_table_of_ours_is_passed_by(tmp_path: Path) -> None:
    inner = written(tmp_path / "a" / "b", '[project]\nname = "uses-spanpact"\n', "pyproject.toml")
    written(tmp_path, "strict = true\n")
    assert find_settings(inner).values == {"strict": True}


def test_search_ends_at_the_repository(tmp_path: Path) -> None:
    written(tmp_path, "strict = true\n")
    inner = tmp_path / "other"
    (inner / ".git").mkdir(parents=True)
    assert find_settings(inner).values == {}


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 'contracts = "contracts/"\nfrom = ["t.json", "-", "jaeger:http://x", "/abs"]\nscenarios = "s"\n')
    assert find_settings().values["contracts"] == ["contracts/"]
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir("sub")
    values = find_settings().values
    assert values["contracts"] == [os.path.join("..", "contracts")]
    assert values["from"] == [os.path.join("..", "t.json"), "-", "jaeger:http://x", "/abs"]
    assert values["scenarios"] == os.path.join("..", "s")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\ncontract = 'x'\n", r"^spanpact.toml:1:1: unknown setting `a` \(accepted: contracts, from"),
        ("# c\n\n  contract = 'x'\n", r"^spanpact.toml:3:3: unknown setting `contract` \(did you mean `contracts`\?"),
        ("strict = 'yes'\n", r"^spanpact.toml:1:1: `strict` cannot be 'yes' \(accepted: true or false\)"),
        ("contracts = [1]\n", r"1:1: `contracts` cannot be '\[1\]'"),
        ("min-score = true\n", r"1:1: `min-score` cannot be 'True' \(accepted: a number from 0 to 100"),
        ("time-limit = 0\n", r"1:1: `time-limit` cannot be '0' \(accepted: a number of seconds above 0\)"),
        ("time-limit = nan\n", r"1:1: `time-limit` cannot be 'nan'"),
        ("memory-limit = 1.5\n", r"1:1: `memory-limit` cannot be '1.5' \(accepted: a whole number of MiB above 0\)"),
        ("memory-limit = true\n", r"1:1: `memory-limit` cannot be 'True'"),
        ("fail-on = 'all'\n", r"1:1: `fail-on` cannot be 'all' \(accepted: violation, improvement or information"),
        ("format = ''\n", r"1:1: `format` cannot be ''"),
        ("strict = true\n[tool.spanpact]\n", r"2:2: unknown setting `tool`"),
        ("strict = = 3\n", r"^spanpact.toml:1:10: this is not TOML: Invalid value"),
    ],
)
def test_mistake_is_one_line_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    written(tmp_path, text)
    with pytest.raises(UsageError, match=message) as error:
        find_settings()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[project]\nname = "x"\n[tool.spanpact]\nstrikt = true\n', "4:1"),
        ("[tool]\nspanpact.strikt = true\n", "2:10"),
        ("[tool.spanpact.strikt]\nx = 1\n", "1:16"),
        ("[tool]\n spanpact = {strikt = true}\n", "2:2"),
    ],
)
def test_mistake_in_the_shared_file_has_its_place_too(text: str, place: str, tmp_path: Path) -> None:
    written(tmp_path, text, "pyproject.toml")
    with pytest.raises(UsageError, match=rf"^pyproject.toml:{place}: unknown setting `strikt`"):
        find_settings()


def test_table_that_is_none_is_told(tmp_path: Path) -> None:
    written(tmp_path, "[tool]\nspanpact = 3\n", "pyproject.toml")
    with pytest.raises(UsageError, match=r"^pyproject.toml:2:1: `tool.spanpact` must be a table"):
        find_settings()


def test_removed_working_directory_has_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find_settings().values == {}
