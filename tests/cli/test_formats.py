"""`--format NAME[=FILE]`: one report on standard output, and more of them in files."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from spanpact.cli.arguments.options import REPORT_FORMATS
from spanpact.reporting.formats import FORMATS
from tests.cli.commands import CommandLine, one_line


def test_formats_of_the_command_line_are_those_of_reports() -> None:
    assert tuple(FORMATS) == REPORT_FORMATS


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_a_file_has_what_standard_output_would_have(cli: CommandLine, name: str) -> None:
    file = cli.folder / "report"
    printed = cli("verify", cli.contract, "--from", cli.broken, "--format", name)
    assert printed.code == 1
    both = cli("verify", cli.contract, "--from", cli.broken, "--format", f"{name}={file}")
    assert both.out == cli("verify", cli.contract, "--from", cli.broken).out
    assert file.read_text(encoding="utf-8") == printed.out


def test_several_formats_are_written_at_once(cli: CommandLine) -> None:
    files = {name: cli.folder / f"report.{name}" for name in REPORT_FORMATS}
    options = [f"--format={name}={file}" for name, file in files.items()]
    answer = cli("verify", cli.contract, "--from", cli.broken, *options, "--format", "json")
    assert json.loads(answer.out)["verdict"] == "broken"
    assert [name for name, file in files.items() if not file.stat().st_size] == []


@pytest.mark.parametrize("command", ["lint", "diff"])
def test_lint_and_diff_write_files_too(cli: CommandLine, command: str) -> None:
    file = cli.folder / "report.json"
    contracts = [cli.contract] * (2 if command == "diff" else 1)
    assert cli(command, *contracts, f"--format=json={file}").out == cli(command, *contracts).out
    assert json.loads(file.read_text(encoding="utf-8"))[f"spanpact_{command}"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "juint"], ["unknown format 'juint'", "did you mean `junit`?", "accepted: text, json"]),
        (["--format", "text", "--format", "junit"], ["text and junit would be in one place", "junit=FILE"]),
        (["--format", "json="], ["'json=' names no file"]),
        (["--format", "json=-"], ["'json=-' names no file"]),
        (["--format", "json=r", "--format", "junit=r"], ["two reports in r"]),
        (["--format", "json=r", "--output", "r"], ["two outputs in r"]),
        (["--format", "json=."], ["it is a folder"]),
    ],
)
def test_wrong_formats_are_one_line_and_2(cli: CommandLine, options: list[str], words: list[str]) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, *options)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


def test_a_format_is_imported_only_where_it_is_written(cli: CommandLine) -> None:
    program = (
        "import sys; from spanpact.cli import main; "
        f"main(['verify', {cli.contract!r}, '--from', {cli.kept!r}]); "
        "sys.exit(str([n for n in sys.modules if n.startswith('spanpact.reporting.formats.') or n == 'xml.sax']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
    assert done.stderr.strip() == "[]"


def test_github_appends_the_report_to_the_summary_of_the_step(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = cli.folder / "summary"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    answer = cli("verify", cli.contract, "--from", cli.broken, "--format", "github")
    assert answer.out.startswith("::error file=")
    report = cli("verify", cli.contract, "--from", cli.broken, "--format", "markdown").out
    assert summary.read_text(encoding="utf-8") == f"before\n{report}"


def test_summary_that_cannot_be_written_is_one_line(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(cli.folder))
    answer = cli("verify", cli.contract, "--from", cli.broken, "--format", "github")
    assert answer.code == 2
    assert one_line(answer.err, ["cannot write"])
