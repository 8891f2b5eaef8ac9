"""What a tool's command line may take, print and know."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from spanpact.mcp_server.commands import Limits, run_command
from tests.cli.commands import CommandLine, environment, one_line


def test_a_long_text_is_cut_at_a_line_and_the_rest_is_counted(cli: CommandLine) -> None:
    whole = run_command(["show", "--help"], cli.folder, Limits())
    cut = run_command(["show", "--help"], cli.folder, Limits(characters=300))
    shown, _, rest = cut.text.rpartition("\n")
    assert whole.text.startswith(f"{shown}\n")
    assert rest == f"… the rest is left out: {len(whole.text) - len(shown) - 1} characters; ask for less"
    assert len(shown) < 300


def test_a_command_that_takes_too_long_is_stopped(cli: CommandLine) -> None:
    answer = run_command(["receive", "--listen", "127.0.0.1:0"], cli.folder, Limits(seconds=2))
    assert (answer.code, "stopped after 2 s" in answer.text) == (-1, True)


def test_secrets_of_the_environment_are_unknown_to_a_command(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = cli.folder / "seen.py"
    seen.write_text("import os\nprint(sorted(os.environ))\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("SPANPACT_JAEGER_TOKEN", "x")
    call = ["run", "--allow-unseen", cli.contract, "--", sys.executable, str(seen)]
    names = run_command(call, Path(cli.folder), Limits()).text
    assert ("AWS_SECRET_ACCESS_KEY" in names, "SPANPACT_JAEGER_TOKEN" in names, "'PATH'" in names) == (
        False,
        False,
        True,
    )
    names = run_command(call, Path(cli.folder), Limits(), with_stores=True).text
    assert ("AWS_SECRET_ACCESS_KEY" in names, "SPANPACT_JAEGER_TOKEN" in names) == (False, True)


def test_wrong_usage_of_the_server_is_one_line(cli: CommandLine) -> None:
    for options, words in ((["--root", "nowhere"], ["nowhere"]), (["--timeout", "0"], ["--timeout", "'0'"])):
        answer = cli("mcp", *options)
        assert (answer.code, one_line(answer.err, words)) == (2, True)


def test_without_the_extra_it_says_what_to_install(cli: CommandLine) -> None:
    (cli.folder / "missing/mcp").mkdir(parents=True)
    (cli.folder / "missing/mcp/__init__.py").write_text("raise ModuleNotFoundError('none', name='mcp')\n")
    first = os.pathsep.join([str(cli.folder / "missing"), os.environ.get("PYTHONPATH", "")])
    done = cli.run("mcp", env=environment(PYTHONPATH=first))
    assert (done.returncode, one_line(done.stderr, ["package mcp", "pip install 'spanpact[mcp]'"])) == (2, True)
