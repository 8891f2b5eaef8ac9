"""Fault S3: hostile texts in names and values are inert and visible in what every command prints in every format."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import ruamel.yaml

from spanpact.cli import COMMANDS, load_command, main
from spanpact.recording.yaml_text import scalar_text
from spanpact.reporting.drawing.safe_text import escape_controls
from tests.hostile import outputs
from tests.hostile.material import CONTRACT_FILE, TRACE_FILE, in_yaml
from tests.hostile.outputs import World
from tests.hostile.readers import READERS, SEEN, commands_of_ci, obeyed
from tests.hostile.texts import BARE, TEXTS

pytestmark = [pytest.mark.fault("S3"), pytest.mark.unmeasured, pytest.mark.timeout(300)]

WITHOUT_TEXTS = frozenset(["schema", "completion"])
"""Commands that read no traces and no contracts."""
CHOSEN_BY_CONTENT = frozenset(
    (command, "text") for command in ("lint", "mcp", "record", "init", "explain", "listen")
) | {("lint", "json")}
"""What has other lines where texts or moments are others: lint advises on some texts, `record` quotes some, `explain`
wraps them, and `listen` shows what has settled by its end.
"""
ARGUMENTS = [each for each in BARE if "\0" not in each and not any("\ud800" <= one <= "\udfff" for one in each)]
"""The texts that a process can be given as arguments."""
WHOLE = frozenset([("verify", "text"), ("verify", "json"), ("verify", "junit"), ("verify", "sarif"), ("show", "text")])
"""Outputs that show every text whole: the others are abridged."""
ERRORS = (
    "verify {}",
    "verify {} --from {}",
    "show {}",
    "lint {}",
    "explain {}",
    "diff {} {}",
    "compare --from {} --from {}",
    "record --from {}",
    "init --from {}",
    "{}",
    "verify --{}",
    "verify --format {}",
    "verify --level {}",
    "verify --pack {}",
    "verify --trace-url {}",
    "schema {}",
    "completion {}",
    "receive --listen {}",
    "mcp --root {}",
    "explain {} --format json",
    "conform --scenario {} -- true",
    "show jaeger:{}",
    "show jaeger:http://127.0.0.1:1/{}",
    "record --output {} --from {}",
)


def formats_of(command: str) -> set[str]:
    """Return the formats that a command can write, "text" where it has no choice."""
    for action in load_command(command).build_parser()._actions:
        if "--format" in action.option_strings:
            return set(action.names)
    return {"text"}


def test_every_command_and_format_is_tested_here() -> None:
    assert {*outputs.COMMANDS, "mcp"} | WITHOUT_TEXTS == set(COMMANDS)
    assert set(READERS) == {name for command in COMMANDS for name in formats_of(command)}


def all_outputs(command: str, world: World) -> Mapping[str, str]:
    return asyncio.run(outputs.mcp(world)) if command == "mcp" else outputs.COMMANDS[command](world)


def renamed(name: str) -> str:
    """Return a name of letters, as wide as this one when it is escaped."""
    stem, _, end = escape_controls(name).partition(".")
    return f"{re.sub('[^ ]', 'e', stem)}.{end}"


@pytest.mark.parametrize("command", [*outputs.COMMANDS, "mcp"])
def test_s3_a_hostile_text_is_seen_and_does_nothing(command: str, tmp_path: Path) -> None:
    (tmp_path / "hostile").mkdir()
    (tmp_path / "letters").mkdir()  # a path of the same length
    asked = [each.whole for each in TEXTS[::8]]
    hostile = World(tmp_path / "hostile", TEXTS, contract_file=CONTRACT_FILE, trace_file=TRACE_FILE, asked=asked)
    harmless = World(
        tmp_path / "letters", [each.harmless() for each in TEXTS],
        contract_file=renamed(CONTRACT_FILE), trace_file=renamed(TRACE_FILE), asked=["e"] * len(asked),
    )  # fmt: skip
    found, twin = all_outputs(command, hostile), all_outputs(command, harmless)
    assert set(found) == formats_of(command)
    for name, text in found.items():
        assert obeyed(text) == set(), name
        assert name == "github" or commands_of_ci(text) == [], name
        structure = READERS[name](text)
        if (command, name) not in CHOSEN_BY_CONTENT:
            assert structure == READERS[name](twin[name]), name
        if (command, name) in WHOLE:
            shown = SEEN[name](text)
            unseen = [each for each in in_yaml(TEXTS) if escape_controls(each.whole) not in shown]
            assert [each for each in unseen if each.whole not in shown] == [], name


@pytest.mark.parametrize("number", range(len(ERRORS)), ids=[each.replace("{}", "X") for each in ERRORS])
def test_s3_an_error_about_a_hostile_text_is_one_inert_line(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ARGUMENTS[number % 7 :: 7]:
        out, err = io.StringIO(), io.StringIO()
        arguments = [each.replace("{}", text) for each in ERRORS[number].split(" ")]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            assert main(arguments) in (2, 3), text
        assert err.getvalue().startswith("spanpact: error: "), text
        assert err.getvalue().count("\n") == 1, text
        assert "a bug in spanpact" not in err.getvalue(), text
        assert obeyed(out.getvalue() + err.getvalue()) == set(), text
        assert commands_of_ci(out.getvalue() + err.getvalue()) == [], text


def test_s3_a_recorded_text_is_read_back_as_it_was() -> None:
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    for text in written():
        quoted = scalar_text(text)
        assert obeyed(quoted) == set()
        assert commands_of_ci(f"{quoted}: {quoted}") == []
        assert yaml.load(f"{quoted}: [{quoted}, {{{quoted}: {quoted}}}]  # note\n") == {text: [text, {text: text}]}


def written() -> Iterator[str]:
    """Yield the texts that YAML can hold, with their marks and without."""
    for each in in_yaml(TEXTS):
        yield each.text
        yield each.whole
