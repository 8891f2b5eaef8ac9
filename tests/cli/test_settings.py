"""Settings of a project stand in for options; the command line wins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import CommandLine, one_line


@pytest.fixture(autouse=True)
def in_its_folder(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cli.folder)
    Path(".git").mkdir()


def test_contracts_sources_and_format_are_taken_from_the_file(cli: CommandLine) -> None:
    cli.file("spanpact.toml", 'contracts = "."\nfrom = "kept.json"\nformat = "json"\n')
    report = json.loads(cli("verify").out)
    assert (report["verdict"], report["source"]["name"]) == ("kept", "kept.json")
    assert cli("verify", "--from", cli.broken, "--format", "text").out.endswith("1 finding, 1 flow\n")
    assert json.loads(cli("verify", "--examples").out)["source"]["name"] == "examples of the contracts"
    assert json.loads(cli("lint").out)["spanpact_lint"] == 1
    assert "redis.get" in cli("show").out  # it has no format


def test_command_line_wins_over_the_file(cli: CommandLine) -> None:
    cli.file("spanpact.toml", 'contracts = "nowhere"\nstrict = true\nallow-unseen = true\n')

    def answer(*more: str) -> dict[str, object]:
        out = cli("verify", cli.contract, "--from", cli.kept, "--format", "json", *more).out
        report: dict[str, object] = json.loads(out)
        return {name: report[name] for name in ("strict", "allow_unseen")}

    assert answer() == {"strict": True, "allow_unseen": True}
    assert answer("--no-strict", "--no-allow-unseen") == {"strict": False, "allow_unseen": False}
    Path("spanpact.toml").unlink()
    assert answer() == {"strict": False, "allow_unseen": False}


def test_level_that_fails_is_for_traces_only(cli: CommandLine) -> None:
    cli.file("spanpact.toml", 'fail-on = "information"\n')
    assert "fail on information" in cli("verify", cli.contract, "--from", cli.kept).out
    assert "fail on" not in cli("verify", cli.contract, "--from", cli.kept, "--fail-on", "violation").out
    assert cli("verify", cli.contract).code == 0


def test_packs_and_their_least_score_are_taken_together(cli: CommandLine) -> None:
    cli.file("spanpact.toml", 'pack = "instrumentation-score"\nmin-score = 100\n')
    assert "score" in cli("verify", "--from", cli.kept).out
    assert cli("verify", "--from", cli.kept, "--pack", "integrity").code == 0


@pytest.mark.parametrize("command", ["verify", "lint", "show", "compare", "run"])
def test_mistake_in_the_file_is_one_line_and_2(cli: CommandLine, command: str) -> None:
    cli.file("spanpact.toml", "strict = true\ncontract = 'x'\n")
    answer = cli(command)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, ["spanpact.toml:2:1: unknown setting `contract` (did you mean `contracts`?"])


def test_format_that_no_command_has_is_refused(cli: CommandLine) -> None:
    cli.file("spanpact.toml", 'format = "jsn"\n')
    assert one_line(cli("verify", cli.contract).err, ["spanpact.toml: unknown format 'jsn' (accepted: text, json"])
    cli.file("spanpact.toml", 'format = "junit"\n')
    assert cli("lint", cli.contract).out.startswith(("session", "clean", str(cli.folder)))


@pytest.mark.parametrize(("command", "what"), [("lint", "CONTRACTS"), ("show", "TRACES")])
def test_what_neither_gives_is_asked_for(cli: CommandLine, command: str, what: str) -> None:
    assert one_line(cli(command).err, [f"the following arguments are required: {what}"])
