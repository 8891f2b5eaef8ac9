"""The help of every command says what it does, shows an example, and names values, defaults and exit codes."""

from __future__ import annotations

import io
import os
import subprocess

import pytest

from spanpact.cli import COMMANDS, load_command
from tests.cli.commands import SPANPACT, CommandLine

STATES_VALUES = ("(default", "may be repeated", "twice or more")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_a_sentence_an_example_and_exit_codes(name: str) -> None:
    text = load_command(name).build_parser().format_help()
    for part in (f"usage: spanpact {name} ", f"\nexamples:\n  spanpact {name} ", "\n\nexit codes: 0 "):
        assert part in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_an_option_says_what_is_the_default(name: str) -> None:
    actions = [action for action in load_command(name).build_parser()._actions if action.option_strings]
    silent = [action.dest for action in actions if not any(words in (action.help or "") for words in STATES_VALUES)]
    assert silent == ["help"]


def test_help_of_spanpact_lists_every_command_with_its_description(cli: CommandLine) -> None:
    text = cli("--help").out
    assert [name for name, about in COMMANDS.items() if f"  {name:10} {about}\n" not in text] == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["verify", "--help"], ["show", "K"], ["diff", "C", "C"]]
)
def test_output_whose_reader_has_gone_gives_no_stack_trace(cli: CommandLine, arguments: list[str]) -> None:
    paths = {"C": cli.contract, "K": cli.kept}
    read, write = os.pipe()
    os.close(read)
    try:
        command = [*SPANPACT, *(paths.get(each, each) for each in arguments)]
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=50, check=False)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_can_be_printed_to_any_stream() -> None:
    stream = io.StringIO()
    parser = load_command("show").build_parser()
    parser.print_help(stream)
    assert stream.getvalue() == parser.format_help()
