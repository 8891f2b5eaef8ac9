"""audit-api: records, rejected requests, and its part of the trace; in this process and as its own (S5.5)."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reference_impl.services.audit_api import audit_settings, create_audit_app
from reference_impl.settings import SettingsError
from reference_impl.telemetry.setup import configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink, otlp_sink
from tests.reference_impl.python_process import serving_process, without_settings
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port, run

DEADLINE_S = 60
PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
Steps = Callable[[httpx2.AsyncClient], Awaitable[None]]


def serve(steps: Steps, memory: InMemorySpanExporter, database: str = ":memory:") -> None:
    async def main() -> None:
        telemetry = configure_tracing(audit_settings({}), span_processors=[SimpleSpanProcessor(memory)])
        app = create_audit_app(telemetry, database=database, make_correlation_id=lambda: "made")
        transport = httpx2.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=transport, base_url="http://audit") as client,
        ):
            await steps(client)
        telemetry.shutdown(5)

    run(main)


def test_a_record_is_kept_under_the_caller_s_correlation_id_and_in_its_trace(tmp_path: Path) -> None:
    memory, file = InMemorySpanExporter(), str(tmp_path / "audit.db")

    async def record(client: httpx2.AsyncClient) -> None:
        headers = {"traceparent": PARENT, "x-correlation-id": "c-1", "baggage": "correlation.id=c-1"}
        body = {"event": "session.created", "user_id": 7, "device": "web"}
        assert (await client.post("/audit/records", json=body, headers=headers)).status_code == 201

    async def find(client: httpx2.AsyncClient) -> None:
        (found,) = (await client.get("/audit/records?correlation_id=c-1")).json()["records"]
        found.pop("received_at")
        assert found == {"id": 1, "correlation_id": "c-1", "event": "session.created", "user_id": 7, "device": "web"}
        assert (await client.get("/audit/records")).json() == {"records": []}
        assert (await client.get("/healthz")).json() == {"status": "ok"}

    serve(record, memory, file)
    query, server = memory.get_finished_spans()
    serve(find, memory, file)  # what was kept outlives the process
    assert server.parent
    assert server.parent.is_remote
    assert (server.name, server.parent.span_id) == ("POST /audit/records", int("b" * 16, 16))
    assert server.resource.attributes["service.name"] == "audit-api"
    assert query.parent
    assert server.context
    assert query.parent.span_id == server.context.span_id  # made in the thread of the database
    for span in (query, server):
        assert (span.attributes or {})["correlation.id"] == "c-1"
        assert span.context
        assert span.context.trace_id == int("a" * 32, 16)


def test_baggage_alone_brings_the_correlation_id() -> None:
    memory = InMemorySpanExporter()

    async def steps(client: httpx2.AsyncClient) -> None:
        headers = {"traceparent": PARENT, "baggage": "correlation.id=c-9"}
        answer = await client.post("/audit/records", json={"event": "session.created"}, headers=headers)
        assert answer.headers["x-correlation-id"] == "c-9"

    serve(steps, memory)
    assert {(span.attributes or {})["correlation.id"] for span in memory.get_finished_spans()} == {"c-9"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": "Session Created"},
        {"event": "x" * 65},
        {"event": 5},
        {"event": "a", "user_id": "7"},
        {"event": "a", "user_id": True},
        {"event": "a", "user_id": 2**63},
        {"event": "a", "device": "x" * 33},
        {"event": "a", "device": "ü"},
        {"event": "a", "device": 1},
    ],
)
def test_a_bad_record_is_refused_in_one_line(body: dict[str, Any]) -> None:
    memory = InMemorySpanExporter()

    async def steps(client: httpx2.AsyncClient) -> None:
        answer = await client.post("/audit/records", json=body)
        assert answer.status_code == 422
        assert "accepted: " in answer.json()["error"]

    serve(steps, memory)
    assert [span.name for span in memory.get_finished_spans()] == ["POST /audit/records"]


def test_a_database_that_fails_is_500_without_its_message() -> None:
    memory = InMemorySpanExporter()

    async def steps(client: httpx2.AsyncClient) -> None:
        transport: Any = client._transport
        records = transport.app.state.records
        records._thread.submit(records._database.execute, "DROP TABLE audit_records").result()
        answer = await client.post("/audit/records", json={"event": "session.created"})
        assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})

    serve(steps, memory)
    assert [(s.attributes or {})["error.type"] for s in memory.get_finished_spans()] == ["OperationalError"] * 2


def test_its_settings_are_studio_api_s_with_a_name_and_a_port_of_its_own() -> None:
    settings = audit_settings({})
    assert (settings.service_name, settings.host, settings.port) == ("audit-api", "127.0.0.1", 8081)
    own = {"OTEL_SERVICE_NAME": "auditor", "AUDIT_HOST": "::1", "AUDIT_PORT": "0", "STUDIO_PORT": "9"}
    settings = audit_settings(own)
    assert (settings.service_name, settings.host, settings.port) == ("auditor", "::1", 0)
    assert audit_settings({"OTEL_ENVIRONMENT": "production"}).environment == "production"
    with pytest.raises(SettingsError, match="AUDIT_PORT: '99999' is no port; accepted: a whole number"):
        audit_settings({"AUDIT_PORT": "99999"})


def stopped(service: subprocess.Popen[str]) -> tuple[int, str]:
    service.send_signal(signal.SIGTERM)
    _, stderr = service.communicate(timeout=DEADLINE_S)
    return service.returncode, stderr


def _studio(redis: RedisServer | None, folder: Path, sink: OtlpSink, audit: str) -> dict[str, str]:
    return {
        "JAEGER_ENDPOINT": sink.url,
        "REDIS_URL": redis.url if redis else f"redis://127.0.0.1:{free_port()}",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'studio.db'}",
        "AUDIT_URL": audit,
        "AUDIT_DEADLINE": "30",
    }


@pytest.mark.unmeasured
def test_two_processes_make_one_trace(empty_redis: RedisServer, tmp_path: Path) -> None:
    with (
        otlp_sink() as sink,
        serving_process("audit-api", JAEGER_ENDPOINT=sink.url) as (
            audit,
            audit_url,
        ),
        serving_process("studio-api", **_studio(empty_redis, tmp_path, sink, audit_url)) as (
            studio,
            url,
        ),
        httpx2.Client(trust_env=False, timeout=DEADLINE_S) as client,
    ):
        made = client.post(f"{url}/sessions", json={"email": "bob@example.com"}, headers={"x-correlation-id": "c-7"})
        assert made.status_code == 201
        (record,) = client.get(f"{audit_url}/audit/records?correlation_id=c-7").json()["records"]
        assert (record["event"], record["user_id"]) == ("session.created", made.json()["user_id"])
        assert client.post(f"{url}/admin/purge").status_code == 202
        assert (stopped(studio), stopped(audit)) == ((0, ""), (0, ""))
        top = next(span for span in sink.spans if span.name == "POST /sessions")
        ours = [span for span in sink.spans if span.trace_id == top.trace_id]
    by_name = {span.name: span for span in ours}
    assert by_name["POST"].parent_span_id == top.span_id
    assert by_name["POST /audit/records"].parent_span_id == by_name["POST"].span_id
    correlation_ids = {a.value.string_value for span in ours for a in span.attributes if a.key == "correlation.id"}
    assert correlation_ids == {"c-7"}
    assert {resource["service.name"] for resource in sink.resources} == {"studio-api", "audit-api"}
    (purge,) = [span for span in sink.spans if span.name == "session.purge"]  # drained before the process ended
    (request_span,) = [span for span in sink.spans if span.name == "POST /admin/purge"]
    assert not purge.parent_span_id
    assert [link.span_id for link in purge.links] == [request_span.span_id]


def test_a_server_ends_before_its_client_does(empty_redis: RedisServer, tmp_path: Path) -> None:
    with (
        otlp_sink() as sink,
        serving_process("audit-api", JAEGER_ENDPOINT=sink.url) as (audit, audit_url),
        serving_process("studio-api", **_studio(empty_redis, tmp_path, sink, audit_url)) as (studio, url),
        httpx2.Client(trust_env=False, timeout=DEADLINE_S) as client,
    ):
        for number in range(20):
            assert client.post(f"{url}/sessions", json={"email": f"bob{number}@example.com"}).status_code == 201
        assert (stopped(studio), stopped(audit)) == ((0, ""), (0, ""))
    calls = {span.span_id: span for span in sink.spans if span.name == "POST"}
    served = [span for span in sink.spans if span.name == "POST /audit/records"]
    assert len(calls) == len(served) == 20
    late_ns = [span.end_time_unix_nano - calls[span.parent_span_id].end_time_unix_nano for span in served]
    assert max(late_ns) <= 0


def test_an_audit_api_that_is_not_there_fails_no_request(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        otlp_sink() as sink,
        serving_process("studio-api", **_studio(None, tmp_path, sink, nobody)) as (studio, url),
        httpx2.Client(trust_env=False, timeout=DEADLINE_S) as client,
    ):
        for _ in range(3):
            assert client.post(f"{url}/sessions", json={"email": "bob@example.com"}).status_code == 201
        code, stderr = stopped(studio)
    assert code == 0
    assert stderr.count("audit-api did not confirm a record (ConnectError)") == 1


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"AUDIT_PORT": "no"}, "audit-api: AUDIT_PORT: 'no' is no port; accepted: a whole number from 0 to 65535\n"),
        (
            {"OTEL_SAMPLING_RATE": "2"},
            "audit-api: OTEL_SAMPLING_RATE: '2' is out of range; accepted: a number from 0 to 1; for jaeger_remote "
            "also endpoint=URL,pollingIntervalMs=N,initialSamplingRate=N\n",
        ),
        (
            {"AUDIT_DATABASE": "/no/such/folder/audit.db"},
            "audit-api: AUDIT_DATABASE: unable to open database file; accepted: the path of a SQLite file\n",
        ),
    ],
)
def test_a_bad_setting_is_one_line_and_exit_code_2(environ: dict[str, str], line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reference_impl.services.audit_api"],
        env={**without_settings(), "OTEL_TRACES_EXPORTER": "none", **environ},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, line)
