"""The service `spanpact` of compose.receive.yaml, as a container of its image, between an SDK and a real Jaeger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import format_trace_id
from ruamel.yaml import YAML

from containers.engine.api import socket_path
from containers.images.building import ensure_image
from containers.images.catalogue import CHECKOUT, IMAGES
from containers.servers.jaeger_server import JaegerBackend
from containers.servers.processes import LOOPBACK, free_port
from spanpact.sources import JaegerSource
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, wait_for_verdict

pytestmark = pytest.mark.usefixtures("docker_engine")
SERVICE = YAML(typ="safe").load((CHECKOUT / "compose.receive.yaml").read_text())["services"]["spanpact"]


@contextmanager
def running(port: int, collector: str) -> Iterator[Any]:
    """Run the service with the settings of the file, on the host's network, with other addresses."""
    ensure_image("spanpact", local=True)
    addresses = {"0.0.0.0:4318": f"{LOOPBACK}:{port}", "http://jaeger:4318": collector}
    source, target, mode = SERVICE["volumes"][0].split(":")
    client = docker.DockerClient(base_url=f"unix://{socket_path()}")
    container = client.containers.run(
        IMAGES["spanpact"].local,
        [addresses.get(word, word) for word in SERVICE["command"]],
        detach=True,
        network_mode="host",
        environment={"HEALTH_URL": f"http://{LOOPBACK}:{port}/health"},
        volumes={str((CHECKOUT / source).resolve()): {"bind": target, "mode": mode}},
        tmpfs=dict.fromkeys(SERVICE["tmpfs"], ""),
        **{name: SERVICE[name] for name in ("read_only", "cap_drop", "security_opt")},
    )
    try:
        yield container
    finally:
        container.remove(force=True)
        client.close()


def test_it_forwards_and_judges(jaeger: JaegerBackend) -> None:
    port = free_port()
    with running(port, jaeger.otlp_http) as container:
        while container.attrs["State"].get("Health", {}).get("Status") != "healthy":
            assert container.status in ("created", "running"), container.logs().decode()
            time.sleep(0.2)
            container.reload()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"http://{LOOPBACK}:{port}/v1/traces")))
        with provider.get_tracer("t").start_as_current_span("seen by both") as span:
            trace_id = format_trace_id(span.get_span_context().trace_id)
        provider.shutdown()
        container.stop(timeout=30)
        code, out = container.wait()["StatusCode"], container.logs().decode()
    assert (code, "source  OTLP receiver (1 trace, 1 span)" in out) == (3, True), out
    assert "no contract mentions 1 of 1 span: seen by both" in out
    with JaegerSource(jaeger.url, trace_ids=[trace_id]) as source:
        report = wait_for_verdict(
            source.read, lambda read: verify([], read), WaitSettings(10), wanted=TraceSelection.of([trace_id])
        )
    assert report.reading is not None
    assert [span.name for trace in report.reading.traces for span in trace.spans] == ["seen by both"]
