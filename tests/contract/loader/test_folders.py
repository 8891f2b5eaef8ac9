"""Which files of a folder are contracts, and what is reported about the rest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spanpact.contract.loader import load_contracts, load_each
from spanpact.errors import ContractError, UsageError

# Root reads everything, unless it gives up that right.
AS_OTHERS = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
CONTRACT = "spanpact: 1\ncontract: {}\nversion: 1.0.0\nspan: a\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("f/good.contract.yaml", CONTRACT.format("good"))
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def names(*paths: str) -> tuple[list[str], list[str]]:
    """Return the names of the contracts, and the lines about what was not read."""
    lines: list[str] = []
    return [plan.name for plan in load_contracts(paths, notify=lines.append)], lines


@pytest.mark.parametrize("hidden", [".venv/lib", "node_modules/x", ".cache", "deep/.tox/a", "lib/site-packages"])
def test_hidden_and_installed_folders_are_not_searched(folder: Path, hidden: str) -> None:
    write(f"f/{hidden}/a.contract.yaml", "no: contract\n")
    found, lines = names("f")
    assert found == ["good"]
    assert len(lines) == 1
    assert "not searched for contracts" in lines[0]


def test_a_virtual_environment_is_recognised_whatever_its_name(folder: Path) -> None:
    write("f/env/pyvenv.cfg", "home = /usr/bin\n")
    write("f/env/lib/a.contract.yaml", "no: contract\n")
    assert names("f")[0] == ["good"]


@pytest.mark.parametrize("hidden", [".venv/lib", "node_modules", ".cache"])
def test_a_hidden_folder_that_is_named_is_searched(folder: Path, hidden: str) -> None:
    write(f"f/{hidden}/a.contract.yaml", CONTRACT.format("hidden"))
    assert names(f"f/{hidden}") == (["hidden"], [])


def test_the_folders_that_are_not_searched_are_reported_in_one_line(folder: Path) -> None:
    for number in range(9):
        write(f"f/.h{number}/a.contract.yaml", "no: contract\n")
    (line,) = names("f", "f")[1]
    assert "f/.h0, f/.h1" in line.replace(os.sep, "/")


def test_a_link_to_a_folder_is_reported(folder: Path) -> None:
    write("elsewhere/a.contract.yaml", CONTRACT.format("linked"))
    Path("f/link").symlink_to(folder / "elsewhere")
    found, (line,) = names("f")
    assert found == ["good"]
    assert "link" in line
    assert names("f/link")[0] == ["linked"]


@pytest.mark.parametrize("suffix", [".contract.yml", ".spanpact.yaml", ".spanpact.yml"])
def test_the_other_endings_are_read_too(folder: Path, suffix: str) -> None:
    write(f"f/other{suffix}", CONTRACT.format("other"))
    assert names("f") == (["good", "other"], [])


def test_a_file_with_our_own_ending_is_never_of_another_tool(folder: Path) -> None:
    write("f/mine.spanpact.yaml", "contracts: forgotten\n")
    with pytest.raises(ContractError, match=r"mine\.spanpact\.yaml"):
        names("f")


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: 1\ncontract: terms of use\n",
        "- a list\n",
        "a: &anchor 1\nb: *anchor\n",
        "request: {method: GET}\nresponse: !tag {status: 200}\n",
        "one: 1\n---\ntwo: 2\n",
    ],
)
def test_a_file_of_another_tool_is_read_only_if_it_is_named(folder: Path, text: str) -> None:
    write("f/foreign.contract.yaml", text)
    found, (line,) = names("f")
    assert found == ["good"]
    assert "foreign.contract.yaml" in line
    with pytest.raises(ContractError):
        load_contracts(["f", "f/foreign.contract.yaml"])


@pytest.mark.parametrize(
    "text",
    [
        "spanpact: 1\ncontract: &anchor a\n",
        "contract: a\nversion: 1.0.0\nspan: b\n",
        "{spanpact: 1, contract: 5}\n",
        "\ufeffspanpact: 1\nb: [\n",
        "",
    ],
)
def test_a_wrong_contract_is_not_taken_for_a_file_of_another_tool(folder: Path, text: str) -> None:
    write("f/wrong.contract.yaml", text)
    with pytest.raises(ContractError):
        load_contracts(["f"])
    assert any(each.error for each in load_each(["f"]))


def test_what_cannot_be_read_is_an_error(folder: Path) -> None:
    write("f/locked/a.contract.yaml", CONTRACT.format("locked"))
    Path("f/locked").chmod(0)
    try:
        for path in ("f", "f/locked", "f/locked/a.contract.yaml"):
            command = [*AS_OTHERS, sys.executable, "-m", "spanpact", "verify", path]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 2
            assert re.search(r"cannot read .*locked.*: Permission denied", done.stderr)
    finally:
        Path("f/locked").chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("f/locked/a.contract.yaml", CONTRACT.format("locked"))
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(UsageError, match=r"cannot read .*locked: Permission denied"):
        load_contracts(["f"])
