"""docs/cli.md names every command, option, exit code and variable, and shows exactly what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spanpact.cli import COMMANDS, load_command
from spanpact.cli.commands.run import SCENARIOS_VARIABLE
from spanpact.reporting.report_json import report_document
from spanpact.settings import ABOUT as SETTINGS
from spanpact.sources import OtlpReceiver
from spanpact.testing import pytest_plugin
from tests.reporting.sample_reports import changed, in_trace, judged, kept_flow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
VERIFYING = ("verify", "run", "receive", "listen")


def section(name: str) -> str:
    """Return the section about a command; `verify`, `run` and `receive` share a table."""
    parts = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    titles = [f"spanpact {each}" for each in (VERIFYING if name in VERIFYING else (name,))]
    return "".join(part for part in parts if part.splitlines()[0] in titles)


def options_of(name: str) -> set[str]:
    """Return the options of a command."""
    return {text for action in load_command(name).build_parser()._actions for text in action.option_strings}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    assert f"## spanpact {name}\n" in PAGE
    assert [text for text in options_of(name) - {"-h", "--help"} if f"`{text}" not in section(name)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_documented_option_exists(name: str) -> None:
    names = VERIFYING if name in VERIFYING else (name,)
    known = {text for each in names for text in options_of(each)}
    assert set(re.findall(r"^\| `(--[a-z-]+)", section(name), re.MULTILINE)) <= known


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_exit_codes_are_documented(code: str) -> None:
    assert f"\n| {code} | " in PAGE


def test_variables_of_the_command_are_documented() -> None:
    with OtlpReceiver() as receiver:
        names = receiver.env()
    general = [name for name in names if not re.search(r"(?i)_(TRACES|LOGS|METRICS)_(END|PROTO)|no_proxy", name)]
    assert [name for name in (*general, SCENARIOS_VARIABLE) if f"`{name}`" not in PAGE] == []


def test_pytest_option_and_fixtures_are_documented() -> None:
    page = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
    for fixture in (pytest_plugin.spanpact_verify, pytest_plugin.spanpact_spans):
        assert f"`{fixture.__name__}" in page
    assert "`--spanpact-contracts PATH`" in page


def test_documented_text_report_is_the_one_that_is_printed() -> None:
    golden = ROOT / "tests" / "reporting" / "golden" / "missing.txt"
    assert f"```\n{golden.read_text(encoding='utf-8')}```" in PAGE


def test_every_field_of_the_json_report_is_documented() -> None:
    document = report_document(judged(in_trace(changed(kept_flow(), "redis.get", kind="server"), 1)))
    contract = document["contracts"][0]
    fields = [*document, *document["source"], *contract, *contract["coverage"][0], *contract["findings"][0]]
    assert [field for field in fields if f'"{field}"' not in PAGE and f"`{field}`" not in PAGE] == []


def test_every_setting_is_documented() -> None:
    table = PAGE.partition("## Settings of a project")[2].partition("\n## ")[0]
    named = re.findall(
        r"`([a-z-]+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    )
    assert sorted(named) == sorted(SETTINGS)
