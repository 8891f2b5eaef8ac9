"""`spanpact archive write`, and commands that read what it has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.verification.made_traces import write
from spanpact.cli import main
from spanpact.contract.shipped import shipped_contracts
from spanpact.sources.archive.rows.manifest import read_manifest


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    write(tmp_path / "traces.jsonl", 600)
    return tmp_path / "traces.jsonl"


def test_files_are_added_once(traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, other = tmp_path / "archive", tmp_path / "other.jsonl"
    write(other, 300, seed=8)
    assert main(["archive", "write", "--from", str(traces), "--to", str(archive)]) == 0
    assert main(["archive", "write", "--from", str(traces), "--from", str(other), "--to", str(archive)]) == 0
    assert f"{traces}: is in the archive already" in capsys.readouterr().err
    assert [each.name for each in read_manifest(archive).sources] == [str(traces), str(other)]
    command = ["verify", str(shipped_contracts()), "--allow-unseen"]
    assert main([*command, "--from", str(traces), "--from", str(other)]) == 0
    wanted = capsys.readouterr().out
    assert main([*command, "--from", f"parquet:{archive}"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == wanted.splitlines()[1:]


def test_attributes_of_contracts_get_columns(traces: Path, tmp_path: Path) -> None:
    arguments = [str(shipped_contracts()), "--from", str(traces), "--to", str(tmp_path / "archive")]
    assert main(["archive", "write", *arguments, "--partitions", "4"]) == 0
    manifest = read_manifest(tmp_path / "archive")
    assert manifest.partitions == 4
    assert "correlation.id" in {each.attribute for each in manifest.attribute_columns()}


def test_an_archive_is_a_source_of_an_archive(traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["archive", "write", "--from", str(traces), "--to", str(first)]) == 0
    assert main(["archive", "write", "--from", f"parquet:{first}", "--to", str(second)]) == 0
    capsys.readouterr()
    shown = []
    for archive in (first, second):
        assert main(["show", f"parquet:{archive}", "--attributes", "--all"]) == 0
        shown.append(capsys.readouterr().out.replace(str(archive), "ARCHIVE"))
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--to", "archive"], "no traces are given"),
        (["--from", "traces.json"], "the following arguments are required: --to"),
        (["--from", "x", "--to", "y", "--partitions", "3"], "cannot be '3'; accepted: a power of two up to 256"),
    ],
)
def test_a_wrong_command_line_is_one_error(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["archive", "write", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "write", "--from", str(tmp_path / "no.json"), "--to", str(tmp_path / "a")]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "no.json" in line
