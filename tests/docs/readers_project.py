"""A project such as the pages assume: contracts, traces, a program that exports them, and a Jaeger that has them."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spanpact.sources import encode_traces_json
from spanpact.trace.model import Attributes, Reading, Resource, SourceInfo, Span, SpanKind, Trace, Value
from tests.docs.pages import ROOT, blocks, printed_by
from tests.sources.jaeger.held_traces import HeldTraces
from tests.sources.scripted_http import ScriptedServer

CHECKOUTS = 12
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The trace id of the pages."""
JAEGER = "localhost:16686"
RESOURCE = Resource({"service.name": "shop", "service.version": "1"})
CONTRACT = next(
    block.text
    for block in blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    if "contract: checkout" in block.text
)
_EXPORTING = """#!/bin/sh
exec curl --silent --fail --output /dev/null --header 'content-type: application/json' \\
    --data-binary @traces.json "$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces"
"""
_SCENARIOS = f"""#!/bin/sh
[ "$1 $2" = "run scenarios" ] || exec exporting
exec "{sys.executable}" "{ROOT / "tests" / "conformance" / "redis_service.py"}"
"""


def checkout(began_ns: int, number: int, *, broken: bool = False) -> list[Span]:
    """Return the spans of one checkout; a broken one charges nothing, and shows an e-mail address and a card."""
    trace_id = TRACE_ID if number == 0 else f"{number:032x}"
    start = began_ns + number * 10**9
    leaked: Attributes = {"customer": "ada@example.com", "paid.with": "4111 1111 1111 1111"} if broken else {}

    def span(own: int, name: str, kind: SpanKind, **attributes: Value) -> Span:
        return Span(
            trace_id, f"{100 * number + own + 1:016x}", name, f"{100 * number + 1:016x}" if own else "", kind=kind,
            start_ns=start + own * 10**6, end_ns=start + (own + 1) * 10**6 if own else start + 10**7,
            attributes=attributes, resource=RESOURCE,
        )  # fmt: skip

    charge = () if broken else (span(2, "payment.charge", "client", **{"payment.amount": 12.5 + number}),)
    return [span(0, "POST /checkout", "server"), span(1, "stock.reserve", "internal", **leaked), *charge]


@dataclass(frozen=True, slots=True)
class Project:
    """A reader's project in a folder."""

    folder: Path
    jaeger: str
    began_ns: int

    def write_contracts(self) -> None:
        """Write the contract of the README into each folder of contracts."""
        for name in ("contracts", "my-contracts", "old/contracts", "."):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            (self.folder / name / "checkout.contract.yaml").write_text(CONTRACT)

    def write_traces(self, *, broken: bool = False) -> None:
        """Write the traces that the commands read and the program exports: 12 checkouts, or a broken one."""
        traces = [checkout(self.began_ns, number, broken=broken) for number in range(1 if broken else CHECKOUTS)]
        reading = Reading(SourceInfo("test"), [Trace(spans[0].trace_id, spans) for spans in traces])
        exported = encode_traces_json(reading)
        for name in ("traces.json", "traces.jsonl"):
            (self.folder / name).write_bytes(exported)
        for name in ("api.jsonl.gz", "worker.jsonl.gz"):
            (self.folder / name).write_bytes(gzip.compress(exported))

    def run(self, line: str) -> tuple[int, str]:
        """Run a command line; return its exit code, and what it printed."""
        line = line.replace(JAEGER, self.jaeger)
        home = f"HOME={self.folder} PATH={self.folder / 'programs'}:$PATH"
        printed = printed_by(f"export {home}\n{line}\ncode=$?; echo; echo $code", self.folder)
        *output, code = printed.rstrip().splitlines()
        return int(code), "\n".join(output)


@contextmanager
def readers_project(folder: Path) -> Iterator[Project]:
    """Make a project in a folder below the given one, with a Jaeger that holds its traces."""
    shop, held, began_ns = folder / "shop", HeldTraces(), time.time_ns() - 300 * 10**9
    for name in ("shop", ".config/fish/completions", ".local/share/bash-completion/completions", "programs", "build"):
        (shop / name).mkdir(parents=True)
    for name, text in {
        **dict.fromkeys(("exporting", "go", "pytest"), _EXPORTING),
        "npm": _SCENARIOS,
        "../start-service.sh": _EXPORTING,
        "../run-my-tests": _EXPORTING,
        "../build/shop": _SCENARIOS.replace('"$1 $2" = "run scenarios"', '"$1" = "scenarios"'),
    }.items():
        (shop / "programs" / name).write_text(text)
        (shop / "programs" / name).chmod(0o755)
    for number in range(CHECKOUTS):
        spans = checkout(began_ns, number)
        held.hold(spans[0].trace_id, spans)
    with ScriptedServer(held) as server:
        project = Project(shop, server.url.removeprefix("http://"), began_ns)
        project.write_contracts()
        project.write_traces()
        yield project


def committed(project: Project, tag: str) -> None:
    """Put the project under version control, with a tag."""
    author = ("-c", "user.name=reader", "-c", "user.email=reader@localhost", "-c", "commit.gpgsign=false")
    for arguments in (
        ("init", "--quiet"),
        ("add", "contracts"),
        ("commit", "--quiet", "-m", "contracts"),
        ("tag", tag),
    ):
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *author, *arguments], cwd=project.folder, check=True, env=environment)
