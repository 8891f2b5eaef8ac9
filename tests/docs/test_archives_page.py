"""docs/archives.md: its commands do what it says, its statements run, and its tables are those of the schema."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.verification.made_traces import write
from spanpact.contract.shipped import shipped_contracts
from spanpact.sources.archive.rows.schema import CONTENTS, LOGS, SPANS, VERSION
from spanpact.sources.archive.spec import PARAMETERS
from tests.docs.pages import blocks, page

PAGE = page("archives.md")


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = line.removeprefix("$ spanpact ").split()
    return subprocess.run([sys.executable, "-m", "spanpact", *command], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with contracts and traces, in which the commands of the page were run in order."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(shipped_contracts(), folder / "contracts")
    write(folder / "traces.jsonl", 3000)
    return folder


def test_commands_and_statements_do_what_the_page_says(folder: Path) -> None:
    reports = []
    for block in blocks(PAGE):
        if block.language == "sql":
            with duckdb.connect(str(folder / "archive.duckdb")) as connection:
                connection.execute(block.text.replace("'archive/", f"'{folder}/archive/"))
        for line in block.text.splitlines() if block.language == "" else ():
            if not line.startswith("$ "):
                continue
            if "TRACE_ID" in line:
                line = line.replace("TRACE_ID", a_trace_id(folder))
            done = run(line, folder)
            assert done.returncode == 0, (line, done.stderr)
            if said := block.text.partition("\n")[2]:
                assert done.stdout + done.stderr == said, line
            if "verify" in line:
                reports.append(re.sub("(parquet|duckdb):[a-z.]+", "SOURCE", done.stdout))
    wanted = run("verify contracts/ --from traces.jsonl --allow-unseen", folder).stdout
    assert reports == [wanted.replace("traces.jsonl", "SOURCE")] * 2


def a_trace_id(folder: Path) -> str:
    found = re.search(r'"traceId":"([0-9a-f]{32})"', (folder / "traces.jsonl").read_text())
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("file", "columns"), [("spans/PARTITION", SPANS), ("contents", CONTENTS), ("logs", LOGS)])
def test_the_tables_are_those_of_the_schema(file: str, columns: dict[str, str]) -> None:
    table = PAGE.partition(f"`{file}/NUMBER.parquet`")[2].partition("\n\n")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`([\w.]+)`", row.split(" | ")[0])]
    assert {name for name in named if "NAME" not in name} == set(columns)
    assert f"## The schema, version {VERSION}\n" in PAGE


def test_every_parameter_is_on_the_page() -> None:
    assert [name for name in PARAMETERS if f"`{name}=" not in PAGE] == []


def test_the_statement_for_an_archive_without_log_records_makes_the_right_columns() -> None:
    (made,) = re.findall(r"CREATE TABLE logs \((.*)\);", PAGE)
    assert made == ", ".join(f"{name} {type}" for name, type in LOGS.items())
