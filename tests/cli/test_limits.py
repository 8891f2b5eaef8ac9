"""`--time-limit` and `--memory-limit` end a verification; what was left is not checked, with exit code 3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import CommandLine, one_line


def test_what_is_left_when_the_time_is_up_is_not_checked(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--time-limit", "0.000001", "--format", "json")
    (result,) = json.loads(answer.out)["contracts"]
    assert (answer.code, result["verdict"]) == (3, "not checked")
    assert [each["reason"] for each in result["not_checked"]] == ["time-limit"]


def test_what_is_left_when_too_much_memory_is_held_is_not_checked(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--memory-limit", "1")
    assert answer.code == 3
    assert "the memory limit of 1 MiB was reached before all traces were judged" in answer.out


def test_limits_that_are_not_reached_alter_nothing(cli: CommandLine) -> None:
    limits = ["--time-limit", "3600", "--memory-limit", "100000"]
    command = ["verify", cli.contract, "--from", cli.broken]
    assert cli(*command, *limits) == cli(*command)


def test_limits_are_settings_of_a_project(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cli.folder)
    Path(".git").mkdir()
    cli.file("spanpact.toml", "memory-limit = 1\n")
    assert cli("verify", cli.contract, "--from", cli.kept).code == 3
    assert cli("verify", cli.contract, "--from", cli.kept, "--memory-limit", "100000").code == 0
    assert cli("verify", cli.contract).code == 0  # of examples


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (["--time-limit", "0"], "--time-limit: cannot be '0'; accepted: a number of seconds above 0, such as 60"),
        (["--time-limit", "inf"], "--time-limit: cannot be 'inf'; accepted"),
        (["--memory-limit", "1.5"], "--memory-limit: cannot be '1.5'; accepted: a whole number of MiB, such as 512"),
        (["--wait", "10", "--time-limit", "10"], "--wait 10 leaves no time to judge before --time-limit 10"),
    ],
)
def test_wrong_limits_are_one_line(cli: CommandLine, options: list[str], wrong: str) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, *options)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, [wrong])


def test_examples_have_no_limits(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--time-limit", "5")
    assert answer.code == 2
    assert one_line(answer.err, ["--time-limit and --memory-limit need --from"])
