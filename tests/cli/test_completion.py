"""`spanpact completion`: what bash completes with it, asked of bash itself."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from spanpact.cli import COMMANDS, load_command
from tests.cli.commands import CommandLine, one_line


def completed(cli: CommandLine, line: str) -> list[str]:
    """Return what bash offers at the end of a command line."""
    cli.traces("with a blank.json")
    words = line.split(" ")
    quoted = " ".join(map(shlex.quote, words))
    program = f"{cli('completion', 'bash').out}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _spanpact\n"
    program += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-uc", program], capture_output=True, text=True, cwd=cli.folder, check=False)
    assert done.stderr == ""
    return [each for each in done.stdout.split("\n") if each]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("spanpact ver", ["verify"]),
        ("spanpact ", [*COMMANDS, "--help", "--version"]),
        ("spanpact verify --fo", ["--format"]),
        ("spanpact lint --fail", []),
        ("spanpact lint --format ", ["text", "json"]),
        ("spanpact verify --fail-on i", ["improvement", "information"]),
        ("spanpact verify --pack int", ["integrity"]),
        ("spanpact run --protocol g", ["grpc"]),
        ("spanpact completion ", ["bash", "zsh", "fish"]),
        ("spanpact verify --from kep", ["kept.json"]),
        ("spanpact show b", ["broken.json"]),
        ("spanpact show with", ["with a blank.json"]),
    ],
)
def test_bash_completes(cli: CommandLine, line: str, offered: list[str]) -> None:
    assert completed(cli, line) == offered


@pytest.mark.parametrize("name", COMMANDS)
def test_bash_completes_every_option_of_a_command(cli: CommandLine, name: str) -> None:
    options = [text for action in load_command(name).build_parser()._actions for text in action.option_strings]
    assert completed(cli, f"spanpact {name} --") == [text for text in options if text.startswith("--")]


def test_bash_knows_the_function_as_that_of_spanpact(cli: CommandLine) -> None:
    program = f"{cli('completion', 'bash').out}\ncomplete -p spanpact"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "complete -o filenames -F _spanpact spanpact\n"


def test_zsh_takes_the_same_by_its_own_emulation(cli: CommandLine) -> None:
    bash, zsh = cli("completion", "bash").out, cli("completion", "zsh").out
    assert zsh.endswith(bash.partition("\n")[2])
    assert "bashcompinit" in zsh


def test_fish_has_a_line_for_every_option(cli: CommandLine) -> None:
    lines = cli("completion", "fish").out.splitlines()
    for name in COMMANDS:
        inside = f"complete -c spanpact -n '__fish_seen_subcommand_from {name}' -l "
        options = [text for action in load_command(name).build_parser()._actions for text in action.option_strings]
        assert sum(line.startswith(inside) for line in lines) == sum(text.startswith("--") for text in options)
    assert all(len(shlex.split(line.replace("\\'", ""))) > 4 for line in lines[1:])


def test_unknown_shell_is_one_line_and_2(cli: CommandLine) -> None:
    answer = cli("completion", "fsh")
    assert answer.code == 2
    assert one_line(answer.err, ["SHELL: cannot be 'fsh'; did you mean `fish`? accepted: bash, zsh, fish"])
