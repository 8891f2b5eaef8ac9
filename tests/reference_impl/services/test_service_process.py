"""The service as a real process: driven over HTTP, its spans sent as real OTLP, ended by a signal (S1.1, S1.5, S3)."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.reference_impl.export.otlp_sink import otlp_sink
from tests.reference_impl.python_process import serving_process, without_settings
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port

DEADLINE_S = 60


@contextmanager
def service(folder: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    """Run the service on a free port. Yield its process and a client; kill it at the end if it still runs."""
    database = f"sqlite+aiosqlite:///{folder / 'studio.db'}"
    with (
        serving_process("studio-api", DATABASE_URL=database, **environ) as (process, url),
        httpx2.Client(base_url=url, timeout=DEADLINE_S, trust_env=False) as client,
    ):
        yield process, client


def ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """Send a signal and wait. Return the exit code and stderr."""
    process.send_signal(number)
    _, stderr = process.communicate(timeout=DEADLINE_S)
    return process.returncode, stderr


@pytest.mark.parametrize(("number", "tracing"), [(signal.SIGTERM, "fast"), (signal.SIGINT, "plain")])
def test_every_span_of_every_flow_arrives_before_the_process_ends(
    empty_redis: RedisServer, tmp_path: Path, number: signal.Signals, tracing: str
) -> None:
    with otlp_sink() as sink:
        environ = {"JAEGER_ENDPOINT": sink.url, "OTEL_BSP_SCHEDULE_DELAY": "60000", "REDIS_URL": empty_redis.url}
        with service(tmp_path, STUDIO_TRACING=tracing, **environ) as (process, client):
            made = client.post("/sessions", json={"email": "bob@example.com"}).json()
            token = {"authorization": f"Bearer {made['token']}"}
            assert client.get("/session", headers=token).json()["valid"] is True
            assert client.post("/cache/warm").json() == {"warmed": 1}
            assert client.delete("/session", headers=token).status_code == 204
            assert client.delete(f"/users/{made['user_id']}/sessions").json() == {"invalidated": 0}
            assert client.get("/healthz").status_code == 200
            assert sink.spans == []  # nothing but the signal makes them leave
            assert ended(process, number) == (0, "")
        flows = [
            "POST /sessions session.create execute_with_circuit_breaker db.query db.query redis.set redis.pipeline",
            "GET /session session.validate redis.get",
            "POST /cache/warm session.warm_cache execute_with_circuit_breaker db.query redis.set",
            "DELETE /session execute_with_circuit_breaker db.query redis.delete redis.hdel",
            "DELETE /users/{id}/sessions session.invalidate_all execute_with_circuit_breaker db.query redis.scan",
        ]
        expected = " ".join(flows).replace("POST ", "POST_").replace("GET ", "GET_").replace("DELETE ", "DELETE_")
        assert Counter(name.replace(" ", "_") for name in sink.names()) == Counter(expected.split())
        roots = {span.trace_id for span in sink.spans if not span.parent_span_id}
        assert len(roots) == 5
        assert {span.trace_id for span in sink.spans} == roots
        assert b"bob" not in b"".join(span.SerializeToString() for span in sink.spans)


def test_example_ids_are_the_same_on_every_run(empty_redis: RedisServer, tmp_path: Path) -> None:
    seen = []
    for run in range(2):
        folder = tmp_path / str(run)
        folder.mkdir()
        with otlp_sink() as sink:
            with service(folder, JAEGER_ENDPOINT=sink.url, STUDIO_ID_SEED="1", REDIS_URL=empty_redis.url) as (
                process,
                client,
            ):
                client.post("/sessions", json={"email": "bob@example.com"})
                client.post("/cache/warm")
                assert ended(process)[0] == 0
            seen.append({span.trace_id.hex() for span in sink.spans})
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2


def test_a_dead_endpoint_and_a_dead_redis_neither_fail_the_service_nor_hold_up_its_end(tmp_path: Path) -> None:
    environ = {
        "JAEGER_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
        "STUDIO_EXIT_DEADLINE": "0.5",
    }
    with service(tmp_path, **environ) as (process, client):
        made = client.post("/sessions", json={"email": "bob@example.com"})
        assert made.status_code == 201
        token = {"authorization": f"Bearer {made.json()['token']}"}
        assert client.get("/session", headers=token).json()["valid"] is True
        code, stderr = ended(process)
    assert code == 0
    assert "spans were lost: {" in stderr
    assert "Traceback" not in stderr
    assert len(stderr.splitlines()) < 10


def test_a_port_that_is_taken_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "reference_impl"],
            env={**without_settings(), "STUDIO_PORT": str(taken.getsockname()[1]), "OTEL_TRACES_EXPORTER": "none"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert done.returncode == 1
    assert "address already in use" in done.stderr
    assert len(done.stderr.splitlines()) == 1
