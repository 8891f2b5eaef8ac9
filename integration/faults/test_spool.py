"""With a spool, an outage of Jaeger and the kill of a process lose nothing: all spans arrive, under their ids."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from containers.servers.jaeger_server import JaegerBackend
from integration.support.evidence import is_unreachable, paused, skip_unless_stoppable, spans_of, stored_traces
from integration.support.waiting import wait_until
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
from tests.reference_impl.python_process import without_settings

OUTAGE_S = 25.0
EXPORT_S = 2.0  # that an export may take: much less than the outage
PROGRAM = """
import time
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

tracer = configure_tracing(Settings.load()).tracer("tests")
for number in range(30):
    with tracer.start_as_current_span("request") as span:
        for part in range(9):
            tracer.start_span("part").end()
    print(f"{span.context.trace_id:032x}", flush=True)
print("done", flush=True)
time.sleep(1000)
"""


@pytest.mark.timeout(180)
@pytest.mark.fault("E9", "E13")
def test_an_outage_of_25_seconds_and_a_kill_lose_nothing(jaeger: JaegerBackend, tmp_path: Path) -> None:
    skip_unless_stoppable(jaeger)
    environ = {"JAEGER_ENDPOINT": jaeger.otlp_http, "STUDIO_SPOOL_DIR": str(tmp_path),
               "OTEL_EXPORTER_OTLP_TIMEOUT": str(EXPORT_S)}  # fmt: skip
    with paused(jaeger):
        ends = time.monotonic() + OUTAGE_S
        command = [sys.executable, "-c", PROGRAM]
        with subprocess.Popen(
            command, env={**without_settings(), **environ}, stdout=subprocess.PIPE, text=True
        ) as first:
            assert first.stdout is not None
            traces = list(iter(lambda: first.stdout.readline().strip(), "done"))  # type: ignore[union-attr]
            telemetry = configure_tracing(Settings.load(environ))
            for _ in range(100):
                telemetry.tracer("tests").start_span("request").end()
            time.sleep(max(0.0, ends - time.monotonic()))
            assert is_unreachable(jaeger)
            first.kill()
        assert telemetry.ledger().stored == 0
    wait_until(lambda: telemetry.flush(10) and telemetry.ledger().recovered, "the spans of both processes")
    now = telemetry.ledger()
    assert (now.ended, now.recovered, now.stored, now.lost_total) == (400, 300, 400, 0)
    assert telemetry.shutdown(5)
    found: Counter[tuple[str, str]] = Counter()

    def is_stored() -> bool:
        found.clear()
        found.update(spans_of(stored_traces(jaeger, traces).values()))
        return len(found) >= 300

    wait_until(is_stored, "the spans in Jaeger")
    assert len(found) == 300
    assert max(found.values()) <= 2  # Jaeger stores the request of the outage too, when it goes on
    assert not list(tmp_path.iterdir())
