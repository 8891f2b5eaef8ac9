"""docs/receive.md: its shell steps work one after another, by a real SDK, and its Compose service starts and stops."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from containers.images.catalogue import RECIPES
from spanpact.cli import load_command
from tests.docs.pages import ROOT, Block, blocks, page

PAGE = page("receive.md")
PORT = ":4318"
EXPORTER = """\
import sys
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("t").start_as_current_span("POST /checkout"):
    if "broken" not in sys.argv:
        provider.get_tracer("t").start_span("payment.charge").end()
provider.shutdown()
"""


def section(title: str) -> list[Block]:
    """Return the blocks of code below a title."""
    return list(blocks(PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return the environment of the steps: this project's `spanpact` and `python` are on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, module in (("spanpact", "-m spanpact"), ("python", "")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n')
        script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def step(script: str, folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one step as CI does: a shell of its own, which ends at the first failure, and what it started stays."""
    output = folder / "step.out"
    with output.open("w") as file:
        code = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=folder,
            env=dict(environ),
            stdout=file,
            stderr=file,
            timeout=50,
            check=False,
        ).returncode
    return subprocess.CompletedProcess(script, code, output.read_text())


@pytest.mark.parametrize(("argument", "code", "verdict"), [("", 0, "kept"), ("broken", 22, "broken")])
def test_two_steps_of_a_ci_job(tmp_path: Path, environ: dict[str, str], argument: str, code: int, verdict: str) -> None:
    contract = next(block for block in blocks(PAGE) if block.file == "checkout.contract.yaml")
    (tmp_path / contract.file).write_text(contract.text)
    (tmp_path / "exporter.py").write_text(EXPORTER)
    start, stop = (block.text for block in section("Two steps of a CI job") if block.language == "sh")
    port = f":{free_port()}"
    listen = f" --listen 127.0.0.1{port} --output"
    started = step(start.replace(PORT, port).replace(" --output", listen, 1), tmp_path, environ)
    assert started.returncode == 0, started.stdout
    assert json.loads((tmp_path / "health.json").read_text()) == {"status": "listening"}
    exported = {**environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1{port}"}
    assert step(f"python exporter.py {argument}", tmp_path, exported).returncode == 0
    stopped = step(stop.replace(PORT, port), tmp_path, environ)
    assert stopped.returncode == code, stopped.stdout
    assert f"\n{verdict}: 1 contract" in stopped.stdout


def test_a_test_has_a_session_of_its_own(tmp_path: Path, environ: dict[str, str]) -> None:
    contract = next(block for block in blocks(PAGE) if block.file == "checkout.contract.yaml")
    (tmp_path / contract.file).write_text(contract.text)
    (tmp_path / "exporter.py").write_text(EXPORTER)
    start, stop = (block.text for block in section("Two steps of a CI job") if block.language == "sh")
    [session] = (block.text for block in section("Parallel tests, one receiver"))
    port = f":{free_port()}"
    assert (
        step(
            start.replace(" --output", f" --listen 127.0.0.1{port} --output", 1).replace(PORT, port), tmp_path, environ
        ).returncode
        == 0
    )
    session = session.replace(PORT, port).replace("pytest tests/test_checkout.py", "python exporter.py")
    ran = step(session, tmp_path, environ)
    assert ran.returncode == 0, ran.stdout
    assert "session  test-7" in ran.stdout
    headers = {**environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1{port}"}
    by_header = headers | {"OTEL_EXPORTER_OTLP_HEADERS": "spanpact-session=test-8"}
    assert step("python exporter.py broken", tmp_path, by_header).returncode == 0
    stopped = step(stop.replace(PORT, port), tmp_path, environ)
    assert stopped.returncode == 22
    assert "broken: 2 sessions, 1 kept, 1 broken" in stopped.stdout


def compose_files() -> tuple[Any, Any]:
    yaml = YAML(typ="safe")
    return tuple(yaml.load((ROOT / name).read_text()) for name in ("compose.yaml", "compose.receive.yaml"))


def test_the_compose_file_of_the_page_is_the_one_of_the_checkout() -> None:
    [shown] = (block.text for block in section("Compose") if block.language == "yaml")
    written = (ROOT / "compose.receive.yaml").read_text()
    assert shown == "".join(line for line in written.splitlines(keepends=True) if not line.startswith("#"))
    base, more = compose_files()
    assert set(more["services"]) - set(base["services"]) == {"spanpact"}
    receiver, jaeger = more["services"]["spanpact"], base["services"]["jaeger"]
    assert (ROOT / receiver["build"]["dockerfile"]).parent == RECIPES / "spanpact"
    assert all(receiver[name] == jaeger[name] for name in ("read_only", "cap_drop", "security_opt", "tmpfs"))
    exporting = {
        name for name, service in base["services"].items() if "JAEGER_ENDPOINT" in service.get("environment", {})
    }
    assert exporting == set(more["services"]) - {"spanpact"}
    for name in exporting:
        assert more["services"][name]["environment"] == {"JAEGER_ENDPOINT": "http://spanpact:4318"}


@pytest.fixture
def receiver_of_compose(tmp_path: Path, environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Start the service `spanpact` as its image does, but for the network; yield it, its URL and its health command."""
    _, more = compose_files()
    service = more["services"]["spanpact"]
    [volume] = service["volumes"]
    contracts, mounted, _ = volume.split(":")
    port = free_port()
    words = [word.replace(":4318", f":{port}") if "0.0.0.0" in word else word for word in service["command"]]
    words = [str(ROOT / contracts) if word == mounted else word for word in words]
    at = words.index("--forward")
    words[at : at + 2] = []  # there is no Jaeger; tests/sources/receiver/intake/test_forwarding.py forwards
    process = subprocess.Popen(
        ["spanpact", *words], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    health = shlex.join(service["healthcheck"]["test"][1:]).replace(PORT, f":{port}")
    try:
        yield process, f"http://127.0.0.1:{port}", health
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("by_signal", [True, False])
def test_the_service_of_compose_becomes_healthy_and_stops_with_its_report(
    tmp_path: Path,
    environ: dict[str, str],
    receiver_of_compose: tuple[subprocess.Popen[str], str, str],
    by_signal: bool,
) -> None:
    process, url, health = receiver_of_compose
    waiting = f"until {health} 2>/dev/null; do sleep 0.1; done"
    assert step(waiting, tmp_path, environ).returncode == 0
    (tmp_path / "exporter.py").write_text(EXPORTER)
    assert step("python exporter.py", tmp_path, environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": url}).returncode == 0
    if by_signal:
        process.send_signal(signal.SIGTERM)
    else:
        step(f"curl --silent --request POST {url}/stop", tmp_path, environ)
    out, _ = process.communicate(timeout=50)
    assert "source  OTLP receiver (1 trace, 2 spans)" in out
    assert process.returncode == 3  # nothing of studio-api


def test_the_command_of_compose_is_one_that_the_command_line_takes() -> None:
    _, more = compose_files()
    command, *arguments = more["services"]["spanpact"]["command"]
    given = load_command(command).build_parser().parse_intermixed_args(arguments)
    assert (given.allow_remote, given.forward, tuple(given.listen)) == (True, "http://jaeger:4318", ("0.0.0.0", 4318))


@pytest.mark.parametrize("title", ["Between a service and its collector", "Test an exporter"])
def test_other_commands_of_the_page_are_taken(title: str) -> None:
    for block in section(title):
        for line in block.text.splitlines():
            _, command, *arguments = shlex.split(line)
            load_command(command).build_parser().parse_intermixed_args(arguments)
