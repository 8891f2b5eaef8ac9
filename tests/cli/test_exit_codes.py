"""The table of exit codes in docs/cli.md: each row by a command line, and every command with closed pipes."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spanpact.cli import COMMANDS
from tests.cli.commands import SPANPACT, CommandLine, environment, heed_signals

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
CASES = {
    0: [["verify", "C", "--from", "K"], ["lint", "C"], ["diff", "C", "C"], ["show", "K"], ["schema"], ["--version"]],
    1: [["verify", "C", "--from", "B"], ["compare", "--from", "B", "--from", "L"], ["diff", "D", "E"]],
    2: [["verify"], ["verfy"], ["verify", "wrong"], ["run", "C", "--", "no-such-command"], ["completion", "x"]],
    3: [["verify", "C", "--from", "nowhere"], ["verify", "C", "--from", "U"], ["show", "K", "--trace", "f"]],
}


def arguments_of(cli: CommandLine, line: list[str]) -> list[str]:
    text = Path(cli.contract).read_text()
    empty = cli.folder / "empty"
    empty.mkdir(exist_ok=True)
    paths = {
        "C": cli.contract,
        "K": cli.kept,
        "B": cli.broken,
        "L": cli.file("lossy.json", '{"resourceSpans": []}'),
        "U": cli.file("unseen.json", '{"resourceSpans": []}'),
        "D": cli.file("old.contract.yaml", text),
        "E": cli.file("new.contract.yaml", text.replace("kind: client", "kind: server")),
    }
    return [paths.get(each, each) for each in line]


@pytest.mark.parametrize(("code", "line"), [(code, line) for code, lines in CASES.items() for line in lines])
def test_command_ends_with_the_code_of_the_table(cli: CommandLine, code: int, line: list[str]) -> None:
    answer = cli(*arguments_of(cli, line))
    assert answer.code == code, answer
    assert "Traceback" not in answer.err


def test_table_of_the_page_has_these_codes_and_that_of_an_interruption() -> None:
    table = PAGE.partition("## Exit codes")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [*map(str, CASES), "130"]


def test_interrupted_command_ends_with_130(cli: CommandLine) -> None:
    pipe = cli.folder / "traces"
    os.mkfifo(pipe)
    command = [*SPANPACT, "verify", cli.contract, "--from", str(pipe)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,
    )
    with process, pipe.open("wb"):  # once it is open at both ends, the command reads
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "spanpact: interrupted\n")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("line", [["verify", "C", "--from", "B"], ["lint", "C"], ["show", "K"], ["diff", "D", "E"]])
def test_closed_pipe_changes_no_exit_code_and_gives_no_stack_trace(
    cli: CommandLine, stream: str, line: list[str]
) -> None:
    arguments = arguments_of(cli, line)
    wanted = cli(*arguments).code
    assert closed_pipe([*SPANPACT, *arguments], stream) == (wanted, "")


@pytest.mark.parametrize(("command", "stream"), [*((command, "stdout") for command in COMMANDS), ("verify", "stderr")])
def test_help_and_wrong_usage_may_be_read_by_nobody(command: str, stream: str) -> None:
    arguments, code = (["--help"], 0) if stream == "stdout" else (["--nonsense"], 2)
    assert closed_pipe([*SPANPACT, command, *arguments], stream) == (code, "")


def test_settings_of_the_service_may_be_read_by_head() -> None:
    assert closed_pipe([sys.executable, "-m", "reference_impl.settings"], "stdout") == (0, "")


def closed_pipe(command: list[str], stream: str) -> tuple[int, str]:
    """Run a command whose reader of one stream has gone. Return the exit code, and what is on standard error."""
    read, write = os.pipe()
    os.close(read)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE} | {stream: write}
    try:
        done = subprocess.run(command, text=True, timeout=50, check=False, cwd=ROOT, **streams)  # type: ignore[call-overload]
    finally:
        os.close(write)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}])
@pytest.mark.parametrize(
    "line", [["verify", "C", "--from", "B"], ["lint", "C"], ["diff", "D", "E"], ["show", "K"], ["verify", "-h"]]
)
def test_colour_is_on_terminals_without_no_color_only(
    cli: CommandLine, variables: dict[str, str], line: list[str]
) -> None:
    main, terminal = pty.openpty()
    environ = environment(TERM="xterm", **variables)
    command = [*SPANPACT, *arguments_of(cli, line)]
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, env=environ, close_fds=True) as process:
        os.close(terminal)
        out = b""
        while True:
            try:
                data = os.read(main, 65536)
            except OSError:  # the terminal's other end is closed
                break
            if not data:
                break
            out += data
    os.close(main)
    assert process.returncode in (0, 1)
    assert out
    if variables:
        assert b"\x1b[" not in out
    elif line[0] == "verify" and "-h" not in line:
        assert b"\x1b[" in out
