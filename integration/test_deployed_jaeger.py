"""The Jaeger of deployments/ has its traces after a restart (S7.2), and gives services their rates (S1.6)."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from opentelemetry.trace import format_trace_id

from containers.ladder import BackendUnavailable
from containers.servers.jaeger_server import JaegerBackend, find_program
from containers.servers.postgres_server import PostgresBackend
from containers.servers.processes import LOOPBACK
from containers.servers.redis_server import RedisBackend
from integration.support.deployed_jaeger import DeployedJaeger
from integration.support.evidence import parse_answer
from integration.support.studio import running_studio
from integration.support.waiting import wait_until
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from spanpact.sources import JaegerSource


@pytest.fixture
def deployed(tmp_path: Path) -> DeployedJaeger:
    try:
        return DeployedJaeger(find_program(), tmp_path)
    except BackendUnavailable as error:
        pytest.skip(str(error))


def test_traces_are_still_there_after_a_restart(deployed: DeployedJaeger) -> None:
    with deployed.running() as server:
        telemetry = configure_tracing(Settings.load({"JAEGER_ENDPOINT": deployed.url(4318)}))
        with telemetry.tracer("deploy").start_as_current_span("kept on disk") as span:
            span.set_attribute("tags", ["a", "b"])
            trace_id = format_trace_id(span.get_span_context().trace_id)
        assert telemetry.shutdown(10)
        with JaegerSource(f"http://{LOOPBACK}:{server.port}", trace_ids=[trace_id]) as source:
            wait_until(lambda: source.read().traces, "the trace in the first Jaeger")  # it stores what it has accepted
    with (
        deployed.running() as server,
        JaegerSource(f"http://{LOOPBACK}:{server.port}", trace_ids=[trace_id]) as source,
    ):
        reading = source.read()
    (kept,) = [each for trace in reading.traces for each in trace.spans]
    assert (kept.name, kept.attributes["tags"]) == ("kept on disk", '["a","b"]')
    assert "value_types" not in reading.source.capabilities


def test_a_service_follows_the_rate_in_jaegers_file(
    deployed: DeployedJaeger, redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend
) -> None:
    set_rate(deployed, 0)
    argument = f"endpoint={deployed.url(5778)},pollingIntervalMs=100,initialSamplingRate=1"
    remote = {"OTEL_TRACES_SAMPLER": "parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG": argument}
    with deployed.running(), running_studio(redis_server, postgres, jaeger, **remote) as services:

        def samples() -> bool:
            answer = httpx2.get(f"{services.studio.url}/session", trust_env=False)
            return parse_answer(answer.status_code, answer.headers, answer.text).sampled

        wait_until(lambda: not samples(), "a request without a trace")
        set_rate(deployed, 1)
        wait_until(samples, "a request with a trace")
        deployed.sampling.write_text("{")  # Jaeger goes on with what it has read
        assert all(samples() for _ in range(20))
        assert "the sampling rate is now 1.0" in "\n".join(services.studio.log_lines())


def set_rate(deployed: DeployedJaeger, rate: float) -> None:
    """Give studio-api a rate, as an operator does."""
    strategy = {"service": "studio-api", "type": "probabilistic", "param": rate}
    deployed.sampling.write_text(json.dumps({"service_strategies": [strategy]}))
