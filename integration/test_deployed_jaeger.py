"""The Jaeger of docs/deploy.md stores traces on a disk, and has them after a restart (S7.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.trace import format_trace_id

from containers.ladder import BackendUnavailable
from containers.servers.jaeger_server import answers, find_program
from containers.servers.processes import LOOPBACK, ServerProcess, free_port
from integration.support.waiting import wait_until
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from spanpact.sources import JaegerSource

PAGE = (Path(__file__).parents[1] / "docs" / "deploy.md").read_text(encoding="utf-8")


@pytest.fixture
def program() -> str:
    try:
        return find_program()
    except BackendUnavailable as error:
        pytest.skip(str(error))


@contextmanager
def jaeger_of_the_page(program: str, otlp_port: int) -> Iterator[ServerProcess]:
    """Run Jaeger with the page's jaeger.yaml on other ports. SIGTERM ends it, as a Docker engine does."""
    found = re.search(r"`jaeger\.yaml`:\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None

    def command(port: int, folder: Path) -> list[str]:
        ports = {"16686": port, "4318": otlp_port, "4317": free_port(), "13133": free_port()}
        settings = re.sub(r"(?<=\}:)\d+", lambda port: str(ports[port[0]]), found[1])
        (folder / "jaeger.yaml").write_text(settings)
        return [program, "--config", f"file:{folder / 'jaeger.yaml'}"]

    with ServerProcess("jaeger", command, answers=answers, start_timeout=30.0, stop_timeout=20.0) as server:
        yield server


def test_traces_are_still_there_after_a_restart(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAEGER_DATA", str(tmp_path))
    monkeypatch.setenv("JAEGER_LISTEN_HOST", LOOPBACK)
    port = free_port()
    with jaeger_of_the_page(program, port) as server:
        telemetry = configure_tracing(Settings.load({"JAEGER_ENDPOINT": f"http://{LOOPBACK}:{port}"}))
        with telemetry.tracer("deploy").start_as_current_span("kept on disk") as span:
            span.set_attribute("tags", ["a", "b"])
            trace_id = format_trace_id(span.get_span_context().trace_id)
        assert telemetry.shutdown(10)
        with JaegerSource(f"http://{LOOPBACK}:{server.port}", trace_ids=[trace_id]) as source:
            wait_until(lambda: source.read().traces, "the trace in the first Jaeger")  # it stores what it has accepted
    with (
        jaeger_of_the_page(program, port) as server,
        JaegerSource(f"http://{LOOPBACK}:{server.port}", trace_ids=[trace_id]) as source,
    ):
        reading = source.read()
    (kept,) = [each for trace in reading.traces for each in trace.spans]
    assert (kept.name, kept.attributes["tags"]) == ("kept on disk", '["a","b"]')
    assert "value_types" not in reading.source.capabilities
