"""`spanpact record`: a contract from a file or a command, never over another one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spanpact.trace.model import Span
from tests.cli.commands import CommandLine, one_line
from tests.recording.recorded_traces import Flow, reading_of

EXPORTER = Path(__file__).with_name("exporting_flows.py")


@pytest.fixture
def traces(cli: CommandLine) -> str:
    """Return a file with twelve flows of one kind."""
    return cli.traces("flows.json", *reading_of(_checkout, 12).traces)


def _checkout(flow: Flow, number: int) -> None:
    flow.span("redis.get", flow.span(f"GET /orders/{number}", kind="server"), kind="client")


def _two_kinds(flow: Flow, number: int) -> None:
    made: Span = flow.span("GET /a" if number % 3 else "GET /b")
    flow.span("redis.get", made)


def test_a_contract_is_printed_that_keeps_what_it_was_recorded_from(cli: CommandLine, traces: str) -> None:
    answer = cli("record", "--from", traces)
    assert (answer.code, answer.err) == (0, "")
    file = cli.file("recorded.contract.yaml", answer.out)
    assert cli("verify", file, "--from", traces).code == 0
    assert cli("lint", file).code == 0
    assert cli("verify", file).code == 0


def test_a_file_is_written_and_never_overwritten_unasked(cli: CommandLine, traces: str) -> None:
    file = cli.folder / "orders.contract.yaml"
    first = cli("record", "--from", traces, "--output", str(file), "--name", "orders")
    assert (first.code, first.out) == (0, "")
    assert f"wrote {file}, from 12 flows" in first.err
    text = file.read_text()
    assert "contract: orders\n" in text
    again = cli("record", "--from", traces, "--output", str(file), "--flows", "3")
    assert (again.code, one_line(again.err, ["exists", "--overwrite"])) == (2, True)
    assert file.read_text() == text
    assert "replaced" in cli("record", "--from", traces, "--output", str(file), "--overwrite").err


def test_several_kinds_of_roots_are_listed_or_recorded_each(cli: CommandLine) -> None:
    both = cli.traces("both.json", *reading_of(_two_kinds, 30).traces)
    asked = cli("record", "--from", both)
    assert (asked.code, one_line(asked.err, ["2 kinds", "'GET /a' (20), 'GET /b' (10)", "--span"])) == (2, True)
    assert "span: GET /b\n" in cli("record", "--from", both, "--span", "GET /b").out
    folder = cli.folder / "contracts"
    folder.mkdir()
    (folder / "contract.schema.json").write_text("{}")
    each = cli("record", "--from", both, "--output", str(folder), "--flows", "11")
    assert (each.code, [file.name for file in folder.glob("*.yaml")]) == (0, ["get-a.contract.yaml"])
    assert "skipped `GET /b` (10 at the root of a trace): 10 flows" in each.err
    assert (
        (folder / "get-a.contract.yaml")
        .read_text()
        .startswith("# yaml-language-server: $schema=contract.schema.json\nspanpact: 1\n")
    )


def test_kinds_with_like_names_are_kept_apart_and_none_is_written_if_one_exists(cli: CommandLine) -> None:
    def alike(flow: Flow, number: int) -> None:
        flow.span("GET /a" if number % 2 else "get-a")

    both = cli.traces("alike.json", *reading_of(alike, 20).traces)
    folder = cli.folder / "contracts"
    folder.mkdir()
    mine = folder / "get-a-2.contract.yaml"
    mine.write_text("mine")
    refused = cli("record", "--from", both, "--output", str(folder))
    assert (refused.code, one_line(refused.err, [mine.name, "exists"]), list(folder.iterdir())) == (2, True, [mine])
    mine.unlink()
    assert cli("record", "--from", both, "--output", str(folder)).code == 0
    assert sorted(file.name for file in folder.iterdir()) == ["get-a-2.contract.yaml", "get-a.contract.yaml"]
    assert cli("lint", str(folder)).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, ["--from SOURCE, or -- COMMAND"]),
        (["--from", "T", "--", "true"], 2, ["--from SOURCE, or -- COMMAND"]),
        (["--from", "T", "--save", "x.json"], 2, ["--save"]),
        (["--from", "T", "--output", "x.yaml"], 2, ["x.yaml", "*.contract.yaml or *.spanpact.yaml"]),
        (["--from", "T", "--output", "T/"], 2, ["is not a folder"]),
        (["--from", "T", "--output", "/dev/null/contracts/"], 2, ["cannot make the folder", "Not a directory"]),
        (["--from", "T", "--flows", "0"], 2, ["--flows", "'0'"]),
        (["--from", "T", "--flows", "13"], 3, ["12 flows", "at least 13"]),
        (["--from", "T", "--span", "nothing"], 3, ["0 flows of `nothing`"]),
        (["--from", "nowhere.json"], 3, ["nowhere.json"]),
        (["--from", "T", "--output", "F", "--name", "x"], 2, ["--name"]),
    ],
)
def test_bad_input_is_one_line(
    cli: CommandLine, traces: str, arguments: list[str], code: int, words: list[str]
) -> None:
    given = [{"T": traces, "T/": f"{traces}/", "F": str(cli.folder)}.get(each, each) for each in arguments]
    answer = cli("record", *given)
    assert (answer.code, one_line(answer.err, words)) == (code, True), answer.err


def test_the_traces_of_a_command_are_recorded(cli: CommandLine) -> None:
    done = cli.run("record", "--flows", "3", "--save", "kept.json", "--", sys.executable, str(EXPORTER), "4")
    assert done.returncode == 0, done.stderr
    assert "span: checkout\n" in done.stdout
    assert cli("show", str(cli.folder / "kept.json")).code == 0


def test_sources_of_the_settings_are_read_unless_a_command_is_given(cli: CommandLine, traces: str) -> None:
    cli.file("spanpact.toml", f"from = '{traces}'\n")
    assert "span: 'GET /orders/*'" in cli.run("record").stdout
    done = cli.run("record", "--flows", "3", "--", sys.executable, str(EXPORTER), "4")
    assert (done.returncode, "span: checkout" in done.stdout) == (0, True), done.stderr


def test_folder_that_is_missing_is_made_once_there_is_a_contract(cli: CommandLine, traces: str) -> None:
    folder = cli.folder / "tests" / "contracts"
    assert cli("record", "--from", traces, "--flows", "100", "--output", f"{folder}/").code == 3
    assert not folder.exists()
    assert cli("record", "--from", traces, "--output", f"{folder}/").code == 0
    assert [file.name for file in folder.iterdir()] == ["get-orders.contract.yaml"]


def test_nothing_is_recorded_of_a_command_that_fails(cli: CommandLine) -> None:
    done = cli.run("record", "--", sys.executable, str(EXPORTER), "20", "7")
    assert (done.returncode, done.stdout) == (7, "")
    assert "nothing is recorded" in done.stderr
    silent = cli.run("record", "--", sys.executable, "-c", "pass")
    assert (silent.returncode, one_line(silent.stderr, ["no span arrived"])) == (3, True)
