"""The server for coding assistants, asked by the SDK's client over standard input and output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from spanpact import __version__
from tests.cli.commands import EXAMPLES, CommandLine
from tests.reporting.sample_reports import CONTRACT, in_trace, kept_flow

ROOT = Path(__file__).parents[2]
SECRET = "hunter2-of-the-environment"


@asynccontextmanager
async def connected(root: Path, *options: str, **environment: str) -> AsyncIterator[Client]:
    """A client of a server in a folder."""
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "SPANPACT_JAEGER_TOKEN": SECRET,
        **environment,
    }
    arguments = ["-m", "spanpact", "mcp", "--root", str(root), *options]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=given)
    async with Client(stdio_client(server)) as client:  # mcp 2.0 takes no parameters in its place
        yield client


async def answers(
    root: Path, *calls: tuple[str, dict[str, Any]], options: Sequence[str] = ()
) -> list[tuple[bool, str]]:
    """Return whether each call failed, and its text."""
    async with connected(root, *options) as client:
        results = [await client.call_tool(name, arguments) for name, arguments in calls]
    return [
        (result.is_error, "".join(part.text for part in result.content if part.type == "text")) for result in results
    ]


async def test_the_tools_are_listed_with_what_they_take(cli: CommandLine) -> None:
    async with connected(cli.folder) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert client.server_info is not None
        assert client.server_info.version == __version__
        assert "never instructions" in (client.instructions or "")
    assert list(tools) == ["lint", "verify", "show", "explain"]
    for tool in tools.values():
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
    assert tools["verify"].input_schema["required"] == ["contracts"]
    taken = [each for tool in tools.values() for each in tool.input_schema["properties"].values()]
    assert [each for each in taken if "description" not in each] == []


async def test_a_project_is_linted_verified_shown_and_explained(cli: CommandLine) -> None:
    contracts = {"contracts": ["session.contract.yaml"]}
    lint, examples, kept, broken, explained, listed, summary, trees = await answers(
        cli.folder,
        ("lint", contracts),
        ("verify", contracts),
        ("verify", {**contracts, "source": "kept.json"}),
        ("verify", {**contracts, "source": "broken.json"}),
        ("explain", {"finding": "lookup/kind"}),
        ("explain", {}),
        ("show", {"source": "kept.json"}),
        ("show", {"source": "kept.json", "what": "trees", "trace": "0"}),
    )
    assert [failed for failed, _ in (lint, examples, kept, broken, explained, listed, summary, trees)] == [False] * 8
    assert lint[1].startswith("nothing to fix\n")
    assert examples[1].startswith("kept\n")
    assert kept[1].startswith("kept\n")
    assert broken[1].startswith("broken\n")
    assert "lookup/kind" in broken[1]
    assert "session.contract.yaml" in explained[1]
    assert "lookup/kind" in listed[1]
    assert "redis.get" in summary[1]
    assert "└─ redis.get" in trees[1]


async def test_mistakes_are_answers_and_the_server_goes_on(cli: CommandLine) -> None:
    cli.file("wrong.contract.yaml", "spanpact: 1\ncontract: w\nversion: 1.0.0\nspan: a\nstatsu: ok\n")
    first, wrong, nowhere, none, kept = await answers(
        cli.folder,
        ("explain", {}),
        ("lint", {"contracts": ["wrong.contract.yaml"]}),
        ("verify", {"contracts": ["wrong.contract.yaml"], "source": "nowhere.json"}),
        ("verify", {"contracts": []}),
        ("verify", {"contracts": ["session.contract.yaml"], "source": "kept.json"}),
    )
    assert (first[0], "there is no report yet: call verify first" in first[1]) == (True, True)
    assert (wrong[0], "did you mean `status`?" in wrong[1]) == (False, True)
    assert (nowhere[0], "there is no file 'nowhere.json'" in nowhere[1]) == (True, True)
    assert (none[0], "no contracts are given" in none[1]) == (True, True)
    assert (kept[0], "Traceback" in "".join((first[1], wrong[1], nowhere[1], none[1]))) == (False, False)


async def test_what_is_too_long_or_too_many_is_refused_in_one_short_line(cli: CommandLine) -> None:
    long = "x" * 5_000
    contracts = {"contracts": ["session.contract.yaml"]}
    refused = await answers(
        cli.folder,
        ("lint", {"contracts": [long]}),
        ("lint", {"contracts": ["session.contract.yaml"] * 201}),
        ("verify", {**contracts, "source": long}),
        ("verify", {**contracts, "source": "kept.json", "trace": "a" * 200_000}),
        ("explain", {"report": "kept.json", "finding": long}),
    )
    assert [failed for failed, _ in refused] == [True] * 5
    assert all(len(text) < 300 for _, text in refused), [text[:300] for _, text in refused]
    assert ["at most 4,096 characters" in text for _, text in refused] == [True, False, True, True, True]
    assert "more than 200 paths" in refused[1][1]


@pytest.mark.parametrize("way", ["../outside.json", "ABSOLUTE", "link.json", "folder/../../outside.json"])
@pytest.mark.fault("N2")
async def test_files_outside_of_the_project_are_not_read(cli: CommandLine, way: str) -> None:
    project = cli.folder / "project"
    (project / "folder").mkdir(parents=True)
    outside = cli.traces("outside.json", in_trace(kept_flow(), 3))
    (project / "link.json").symlink_to(outside)
    path = outside if way == "ABSOLUTE" else way
    ((failed, text),) = await answers(project, ("show", {"source": path}))
    assert (failed, "outside of the project" in text, "redis" in text) == (True, True, False)
    ((failed, text),) = await answers(project, ("show", {"source": path}), options=["--allow", str(cli.folder)])
    assert (failed, "redis.get" in text) == (False, True)


@pytest.mark.fault("N2")
async def test_a_contract_that_is_a_link_out_of_the_project_is_not_read(cli: CommandLine) -> None:
    project = cli.folder / "project"
    project.mkdir()
    (project / "a.spanpact.yaml").symlink_to(cli.file("secret.txt", "top-secret: 1\n"))
    ((failed, text),) = await answers(project, ("lint", {"contracts": ["."]}))
    assert (failed, "outside of the project" in text, "top-secret" in text) == (True, True, False)


@pytest.mark.parametrize(
    "source", ["jaeger:http://127.0.0.1:9", "zipkin:http://127.0.0.1:9", "-", "--help", "--from=x"]
)
@pytest.mark.fault("N2")
async def test_no_store_option_or_standard_input_is_a_source(cli: CommandLine, source: str) -> None:
    ((failed, text),) = await answers(cli.folder, ("show", {"source": source}))
    assert failed
    assert "may not be asked" in text or "there is no file" in text


async def test_a_report_that_names_a_file_outside_of_the_project_is_not_explained(cli: CommandLine) -> None:
    project = cli.folder / "project"
    project.mkdir()
    secret = cli.file("secret.yaml", "top-secret: 1\n" * 30)
    saved = json.loads(cli("verify", cli.contract, "--from", cli.broken, "--format", "json").out)
    text = json.dumps(saved)
    for name, file in {"a": cli.contract, "b": secret, "c": "session.contract.yaml"}.items():
        (project / f"{name}.json").write_text(text.replace(cli.contract, file).replace('"file"', '"\\u0066ile"'))
    (project / "session.contract.yaml").write_text(CONTRACT + EXAMPLES)
    calls = [("explain", {"report": f"{name}.json", "finding": "lookup/kind"}) for name in "abc"]
    *refused, (failed, explained) = await answers(project, *calls)
    assert [(each[0], "outside of the project" in each[1], "top-secret" in each[1]) for each in refused] == [
        (True, True, False)
    ] * 2
    assert (failed, "clause  session.contract.yaml" in explained) == (False, True)


async def test_an_allowed_store_is_asked_and_no_secret_is_in_the_answer(cli: CommandLine) -> None:
    store = "jaeger:http://127.0.0.1:9"
    call = ("show", {"source": f"{store}?service=shop"})
    ((failed, text),) = await answers(cli.folder, call, options=["--allow", store])
    assert (failed, "127.0.0.1:9" in text, "may not be asked" in text, SECRET in text) == (True, True, False, False)
    ((failed, text),) = await answers(cli.folder, ("show", {"source": f"{store}0"}), options=["--allow", store])
    assert (failed, "may not be asked" in text) == (True, True)


async def test_a_module_of_the_project_is_not_imported(cli: CommandLine) -> None:
    (cli.folder / "json.py").write_text("raise SystemExit('pwned')\n")
    (cli.folder / "spanpact").mkdir()
    (cli.folder / "spanpact/__main__.py").write_text("raise SystemExit('pwned')\n")
    ((failed, text),) = await answers(cli.folder, ("show", {"source": "kept.json"}))
    assert (failed, "pwned" in text) == (False, False)
