"""What every command prints and writes about hostile texts, by command and format.

Each function runs one command once, with all its formats, in the folder of a `World`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mcp import Client

from spanpact.cli import main
from spanpact.cli.arguments.options import REPORT_FORMATS
from spanpact.mcp_server import Limits, ProjectFiles
from spanpact.mcp_server.server import Tools, make_server
from tests.cli.listen.listening import SETTLE, STYLE, listening, on_a_terminal
from tests.cli.receive.running import receiving
from tests.hostile.material import contract, traces, write
from tests.hostile.texts import Hostile

_SENDER: Final = """
import os, sys, urllib.request
url = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"
body = open(sys.argv[1], "rb").read()
urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"})).read()
"""
HEADER: Final = "k-0f3a9c-in-a-header"
"""A private value in the headers of what is sent to a receiver."""
_SERVICE: Final = """
import http.server, json, os, sys
text = sys.argv[1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, json.dumps({"name": text, "scenarios": ["redis-set"]}))
    def do_POST(self):
        self.answer(500, text)
    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


ContractOf = Callable[[Sequence[Hostile], str, str], str]
"""Returns the text of a contract about texts: of a version, and with a suffix on its own names."""


class World:
    """A folder with files that hold texts in every place. `asked` are texts that a caller gives as arguments."""

    def __init__(
        self,
        folder: Path,
        texts: Sequence[Hostile],
        *,
        contract_file: str = "c.contract.yaml",
        trace_file: str = "t.json",
        contract_of: ContractOf = contract,
        asked: Sequence[str] = (),
    ) -> None:
        self.folder, self.texts, self.contract_of, self.asked = folder, texts, contract_of, asked
        self.contract = write(folder, contract_file, contract_of(texts, "1.0.0", ""))
        self.changed = write(folder, f"new-{contract_file}", contract_of(texts, "1.0.1", "s"))
        self.traces = write(folder, trace_file, traces(texts))
        self.fewer = write(folder, f"fewer-{trace_file}", traces(texts[::2]))
        self.report = str(folder / "saved.json")

    def run(self, *arguments: str) -> str:
        """Run a command line in this process and return what it prints on both streams."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(self.folder):
            main(arguments)
        return out.getvalue() + err.getvalue()

    def in_formats(
        self, command: str, formats: Sequence[str], *arguments: str, then: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """Run a command that prints text and writes files in the other formats; return all by format."""
        files = {name: self.folder / f"{command}.{name}" for name in formats if name != "text"}
        named = [f"--format={name}={file}" for name, file in files.items()]
        text = self.run(command, *arguments, *named, *then)
        return {"text": text, **{name: file.read_text(encoding="utf-8") for name, file in files.items()}}


def verify(world: World) -> Mapping[str, str]:
    world.run("verify", world.contract, "--from", world.traces, f"--format=json={world.report}")
    more = ("--all", "--trees", "--coverage")
    return world.in_formats("verify", REPORT_FORMATS, world.contract, "--from", world.traces, *more)


def compare(world: World) -> Mapping[str, str]:
    return world.in_formats("compare", REPORT_FORMATS, "--from", world.traces, "--from", world.fewer, "--all")


def run(world: World) -> Mapping[str, str]:
    command = ("--", sys.executable, "-c", _SENDER, world.traces)
    return world.in_formats("run", REPORT_FORMATS, world.contract, "--all", then=command)


def receive(world: World) -> Mapping[str, str]:
    body = Path(world.traces).read_bytes()
    found = {}
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        with receiving(world.folder, world.contract, "--settle", "0", "--all") as running:
            assert running.send(body, x_key=HEADER, authorization=f"Bearer {HEADER}").status == 200
            found = {name: running.report(f"?format={name}").text for name in REPORT_FORMATS}
            running.stop()
        running.end()
    return {**found, "text": found["text"] + out.getvalue() + err.getvalue()}


def listen(world: World) -> Mapping[str, str]:
    names = [name for name in REPORT_FORMATS if name != "text"]
    files = {name: world.folder / f"listen.{name}" for name in names}
    formats = [f"--format={name}={file}" for name, file in files.items()]
    body = Path(world.traces).read_bytes()
    with listening(world.folder, world.contract, *SETTLE, *formats) as service:
        service.post(body)
        service.wait_for("finding ")
        code = service.end()
        lines = service.out + service.err
        assert code == 1, (code, service.err)
    with on_a_terminal(world.folder, world.contract, *SETTLE) as service:
        service.post(body)
        service.wait(lambda: "1 broken" in service.frame())
        screen = service.frame()
        service.end()
    found = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    return {**found, "text": f"{lines}{STYLE.sub('', screen)}"}


def show(world: World) -> Mapping[str, str]:
    trees = world.run("show", world.traces, "--all", "--attributes") + world.run("show", world.traces)
    found = world.in_formats("show", ("text", "json"), world.traces, "--summary", "--values", "--all")
    return {**found, "text": trees + found["text"]}


def explain(world: World) -> Mapping[str, str]:
    verify(world)
    findings = json.loads(Path(world.report).read_text(encoding="utf-8"))["contracts"][0]["findings"]
    numbers = range(1, len(findings), len(findings) // 8)
    texts = [world.run("explain", world.report)]
    texts += [world.run("explain", world.report, str(number)) for number in numbers]
    as_json = [world.run("explain", world.report, str(number), "--format=json") for number in numbers]
    return {"text": "".join(texts), "json": f"[{','.join(as_json)}]"}


def lint(world: World) -> Mapping[str, str]:
    few = [
        write(world.folder, f"{n}-part.contract.yaml", world.contract_of(world.texts[n : n + 25], "1.0.0", ""))
        for n in range(0, len(world.texts), 25)
    ]
    return world.in_formats("lint", ("text", "json"), *few, "--all")


def diff(world: World) -> Mapping[str, str]:
    return world.in_formats("diff", ("text", "json"), world.contract, world.changed)


def record(world: World) -> Mapping[str, str]:
    recorded = [world.run("record", "--from", file, "--flows=1") for file in _flows(world)]
    several = world.run("record", *(f"--from={file}" for file in _flows(world)), "--flows=1")
    few = world.run("record", *(f"--from={file}" for file in _flows(world)), "--output=made/")
    return {"text": "".join(recorded) + several + few}


def init(world: World) -> Mapping[str, str]:
    folder = world.folder / "init"
    folder.mkdir(exist_ok=True)
    world.folder, before = folder, world.folder
    try:
        printed = world.run("init", *(f"--from={file}" for file in _flows(world)), "--flows=1")
    finally:
        world.folder = before
    files = sorted(each for each in folder.rglob("*.yaml"))
    return {"text": printed + "".join(each.read_text(encoding="utf-8") for each in files)}


def _flows(world: World) -> list[str]:
    """Return files of traces, each with a root of a hostile name and hostile children; one text in eight is in them."""
    some = world.texts[::8]
    files = []
    for n in range(0, len(some), 4):
        text = traces(some[n : n + 4], root=some[n].whole).replace(f"{1:032x}", f"{n + 1:032x}")
        files.append(write(world.folder, f"flow-{n}.json", text))
    return files


def archive(world: World) -> Mapping[str, str]:
    written = world.run("archive", "write", world.contract, "--from", world.traces, "--to", "archived")
    return {"text": written + world.run("verify", world.contract, "--from", "parquet:archived", "--all", "--trees")}


def conform(world: World) -> Mapping[str, str]:
    shown = []
    for n in range(0, len(world.texts), 60):
        text = " ".join(each.whole for each in world.texts[n : n + 60] if each.text.isascii() and "\0" not in each.text)
        shown.append(world.run("conform", "--", sys.executable, "-c", _SERVICE, text))
    return {"text": "".join(shown)}


async def mcp(world: World) -> Mapping[str, str]:
    server = make_server(Tools(ProjectFiles.of(str(world.folder), []), Limits(), world.folder))
    contracts, source = [os.path.basename(world.contract)], os.path.basename(world.traces)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("lint", {"contracts": ["0-part.contract.yaml"]}),
        ("verify", {"contracts": contracts, "source": source}),
        ("explain", {"finding": "1"}),
        ("show", {"source": source, "what": "summary"}),
        ("show", {"source": source, "what": "attributes"}),
        *(("show", {"source": each}) for each in world.asked),
    ]
    write(world.folder, "0-part.contract.yaml", world.contract_of(world.texts[:25], "1.0.0", ""))
    async with Client(server) as client:
        answers = [await client.call_tool(name, arguments) for name, arguments in calls]
    return {"text": "".join(f"{part.text}\n" for each in answers for part in each.content if part.type == "text")}


COMMANDS: Final[Mapping[str, Callable[[World], Mapping[str, str]]]] = {
    each.__name__: each
    for each in (verify, compare, run, receive, listen, show, explain, lint, diff, record, init, archive, conform)
}
"""The commands that run without an event loop."""
