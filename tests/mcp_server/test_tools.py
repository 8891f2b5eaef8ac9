"""The tools in this process, asked by the SDK's client without a transport."""

from __future__ import annotations

from typing import Any

from mcp import Client

from spanpact.mcp_server import Limits, ProjectFiles
from spanpact.mcp_server.server import Tools, make_server
from tests.cli.commands import CommandLine

CONTRACTS = {"contracts": ["session.contract.yaml"]}


async def test_each_tool_answers_with_the_meaning_of_the_exit_code_first(cli: CommandLine) -> None:
    server = make_server(Tools(ProjectFiles.of(str(cli.folder), []), Limits(), cli.folder))

    async def called(name: str, arguments: dict[str, Any]) -> tuple[bool, str]:
        async with Client(server) as client:
            result = await client.call_tool(name, arguments)
        (part,) = result.content
        assert part.type == "text"
        return result.is_error, part.text.partition("\n")[0]

    assert (await called("explain", {}))[0]
    assert await called("lint", CONTRACTS) == (False, "nothing to fix")
    assert await called("verify", CONTRACTS) == (False, "kept")
    assert await called("verify", {**CONTRACTS, "source": "broken.json", "trace": "0"}) == (False, "broken")
    assert await called("explain", {"finding": "lookup/kind"}) == (False, "explained")
    assert await called("show", {"source": "kept.json", "what": "attributes"}) == (False, "shown")
    failed, text = await called("explain", {"report": "kept.json"})
    assert (failed, "no report" in text or "not a spanpact report" in text) == (True, True)
    cli.file("text.json", "no report")
    failed, text = await called("explain", {"report": "text.json"})
    assert (failed, "'text.json' is no report" in text) == (True, True)


def test_a_path_is_never_an_option_or_a_store(cli: CommandLine) -> None:
    files = ProjectFiles.of(str(cli.folder), [])
    for name in ("--all", "jaeger:x.json", "a.json"):
        cli.file(name, "{}")
    assert [files.file(name) for name in ("--all", "a.json")] == ["./--all", "a.json"]
    assert files.file("./jaeger:x.json") == "./jaeger:x.json"
