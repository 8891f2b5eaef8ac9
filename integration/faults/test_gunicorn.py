"""gunicorn is stopped: the spans of its workers arrive, whether they load the application or are forked with it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.support.waiting import wait_until
from tests.reference_impl.export.otlp_sink import OtlpSink, otlp_sink
from tests.reference_impl.python_process import without_settings

REQUESTS = 100


@pytest.fixture
def sink() -> Iterator[OtlpSink]:
    with otlp_sink() as running:
        yield running


@pytest.mark.fault("P3")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [["sync"], ["sync", "--preload"], ["gthread", "--threads=4"]], ids=" ".join)
def test_all_spans_of_its_workers_arrive(sink: OtlpSink, number: signal.Signals, workers: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-W", "ignore:.* is multi-threaded:DeprecationWarning", "-m", "gunicorn"]
        command += [f"--bind=fd://{listener.fileno()}", "--workers=2", "--log-level=warning", "--graceful-timeout=20"]
        command += [f"--worker-class={workers[0]}", *workers[1:], "integration.faults.gunicorn_app:app"]
        environ = {**without_settings(), "JAEGER_ENDPOINT": sink.url, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
        process = subprocess.Popen(
            command,
            env=environ,
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        wait_until(lambda: answers(port), "gunicorn")
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: answers(port), range(REQUESTS - 1)))
        process.send_signal(number)
        output = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait(10)
    assert (process.returncode, "Traceback" in output[1]) == (0, False), output[1]
    assert sink.names() == ["work"] * REQUESTS
    assert len({span.span_id for span in sink.spans}) == REQUESTS


def answers(port: int) -> bool:
    """Return whether a request is answered; it is sent once.

    It is over when the worker has closed the connection: SIGINT ends a sync worker within what it still does for a
    request that its client has the response of, and gunicorn logs that as an error.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=50) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b"")).startswith(b"HTTP/1.1 204 ")
    except OSError:
        return False
