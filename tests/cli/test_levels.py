"""`--level` and `--fail-on` change what breaks a contract, and the report says so."""

from __future__ import annotations

import json

import pytest

from tests.cli.commands import CommandLine, one_line
from tests.reporting.sample_reports import changed, in_trace, kept_flow


@pytest.fixture
def late(cli: CommandLine) -> str:
    """Return a file with a trace whose child ends after its parent: an improvement."""
    late = changed(kept_flow(), "redis.get", end_ns=10**18 + 60 * 10**6)
    return cli.traces("late.json", in_trace(late, 3))


def levels(cli: CommandLine, *arguments: str) -> tuple[int, dict[str, str]]:
    """Return the exit code, and the level of each finding by its key."""
    answer = cli("verify", cli.contract, *arguments, "--format", "json")
    report = json.loads(answer.out)
    found = [*report["integrity"], *(each for contract in report["contracts"] for each in contract["findings"])]
    return answer.code, {each["key"]: each["level"] for each in found}


def test_an_improvement_breaks_nothing_unless_asked(cli: CommandLine, late: str) -> None:
    assert levels(cli, "--from", late) == (0, {"integrity/child-late": "improvement"})
    assert levels(cli, "--from", late, "--fail-on", "improvement") == (1, {"integrity/child-late": "violation"})
    assert levels(cli, "--from", late, "--fail-on", "information") == (1, {"integrity/child-late": "violation"})
    assert levels(cli, "--from", late, "--fail-on", "violation") == (0, {"integrity/child-late": "improvement"})


@pytest.mark.parametrize("key", ["child-late", "integrity/child-late"])
def test_a_level_is_set_for_a_finding_or_for_an_entry(cli: CommandLine, late: str, key: str) -> None:
    assert levels(cli, "--from", late, "--level", f"{key}=violation") == (1, {"integrity/child-late": "violation"})
    assert levels(cli, "--from", late, "--level", f"{key}=off") == (0, {})


def test_a_finding_that_is_lowered_does_not_fail(cli: CommandLine, late: str) -> None:
    both = ("--level", "child-late=information", "--fail-on", "improvement")
    assert levels(cli, "--from", late, *both) == (0, {"integrity/child-late": "information"})
    assert levels(cli, "--from", cli.broken, "--level", "lookup/kind=improvement")[0] == 0


def test_a_level_of_a_finding_replaces_those_that_the_contract_gives_its_entries(cli: CommandLine) -> None:
    with open(cli.contract, encoding="utf-8") as file:
        text = file.read()
    contract = cli.file("own.contract.yaml", text.replace("every:", "levels: {lookup/kind: off}\nevery:", 1))
    assert cli("verify", contract, "--from", cli.broken).code == 0
    assert cli("verify", contract, "--from", cli.broken, "--level", "kind=violation").code == 1


def test_the_header_names_what_was_set(cli: CommandLine, late: str) -> None:
    arguments = ("verify", cli.contract, "--from", late, "--level", "child-late=off", "--fail-on", "improvement")
    assert "levels  child-late=off, fail on improvement\n" in cli(*arguments).out
    assert "levels" not in cli(*arguments[:4]).out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--level", "child-late"], ["'child-late'", "FINDING=LEVEL"]),
        (["--level", "child-lat=off"], ["'child-lat' is not a finding id", "did you mean `child-late`?"]),
        (["--level", "kind=error"], ["unknown level 'error'", "did you mean `violation`?"]),
        (["--level", "lokup/kind=off"], ["no contract has the id 'lokup'", "did you mean `lookup`?"]),
        (["--fail-on", "warning"], ["unknown level 'warning'", "did you mean `improvement`?"]),
        (["--fail-on", "off"], ["unknown level 'off'", "accepted: violation, improvement, information"]),
    ],
)
def test_wrong_levels_are_one_line_and_2(cli: CommandLine, options: list[str], words: list[str]) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, *options)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


def test_levels_are_for_traces(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--fail-on", "improvement")
    assert answer.code == 2
    assert one_line(answer.err, ["--level and --fail-on need --from"])
