"""Spans are sent however a process ends: as a worker of multiprocessing, or by SIGTERM (S1.1)."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reference_impl.export.worker_losses import MOST_WORKERS
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.python_process import run_python, without_settings

WORKERS = """
import multiprocessing, sys, warnings
from concurrent.futures import ProcessPoolExecutor
warnings.filterwarnings("ignore", ".* is multi-threaded, use of fork", DeprecationWarning)
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

telemetry = configure_tracing(Settings.load())

def work(number):
    telemetry.tracer("tests").start_span("work").end()

if __name__ == "__main__":
    telemetry.tracer("tests").start_span("parent").end()
    telemetry.flush(10)  # the connection of the endpoint is open when workers are forked
    context = multiprocessing.get_context(sys.argv[2])
    if sys.argv[1] == "pool":
        with context.Pool(2) as pool:
            pool.map(work, range(20), chunksize=1)
            pool.close()
            pool.join()
    elif sys.argv[1] == "process":
        workers = [context.Process(target=work, args=(number,)) for number in range(5)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    else:
        with ProcessPoolExecutor(2, mp_context=context) as executor:
            list(executor.map(work, range(20)))
"""
ENDED = """
import signal, sys, time
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing, shut_down_at_sigterm

telemetry = configure_tracing(Settings.load())
if sys.argv[1] == "own handler":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
shut_down_at_sigterm(telemetry.shutdown)
for number in range(100):
    telemetry.tracer("tests").start_span("work").end()
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("way", ["pool", "process", "executor"])
@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
@pytest.mark.fault("P2")
def test_workers_of_multiprocessing_lose_no_span(sink: OtlpSink, tmp_path: Path, way: str, start: str) -> None:
    """P2: such workers end by `os._exit`, without atexit."""
    made = {"pool": 20, "process": 5, "executor": 20}[way]
    file = tmp_path / "workers.py"  # spawn imports the program by its file
    file.write_text(WORKERS)
    done = run_python(str(file), way, start, JAEGER_ENDPOINT=sink.url, OTEL_BSP_SCHEDULE_DELAY="60000")
    assert (done.returncode, done.stderr) == (0, "")
    assert sink.names().count("work") == made


KILLED = """
import os, signal, sys, warnings
warnings.filterwarnings("ignore", ".* is multi-threaded, use of fork", DeprecationWarning)
from reference_impl.export import worker_losses
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

worker_losses.MOST_WORKERS = int(sys.argv[1])
telemetry = configure_tracing(Settings.load())
tracer = telemetry.tracer("tests")

def worker(spans, sent, ended_by):
    pid = os.fork()
    if pid == 0:
        for number in range(sent):
            tracer.start_span("sent").end()
        telemetry.flush(10)
        for number in range(spans - sent):
            tracer.start_span("lost").end()
        ended_by()
    os.waitpid(pid, 0)

for number in range(2):
    worker(20, 5, lambda: os.kill(os.getpid(), signal.SIGKILL))
worker(3, 3, lambda: os._exit(0))
worker(2, 1, lambda: os._exit(0))
tracer.start_span("of the parent").end()
print(telemetry.flush(10), telemetry)
"""


@pytest.mark.parametrize("places", [MOST_WORKERS, 1])
def test_a_parent_counts_what_its_workers_lost(sink: OtlpSink, places: int) -> None:
    """Killed by SIGKILL, or ended by `os._exit` without a shutdown: each span is stored or counted."""
    done = run_python("-c", KILLED, str(places), JAEGER_ENDPOINT=sink.url, OTEL_BSP_SCHEDULE_DELAY="60000")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "True <Telemetry <SpanLedger 32 ended, 1 stored, {'worker': 31} lost, 0 pending>>\n"
    assert sink.names() == ["of the parent", *["sent"] * 14]


@pytest.mark.parametrize(("own", "code"), [("none", -signal.SIGTERM), ("own handler", 7)])
@pytest.mark.fault("P4")
def test_sigterm_loses_no_span_and_stays_the_end(sink: OtlpSink, own: str, code: int) -> None:
    """P4: the signal is raised again when all spans are sent."""
    assert _end_by_sigterm(sink.url, own) == code
    assert sink.names() == ["work"] * 100


@pytest.mark.fault("P4")
def test_sigterm_ends_a_process_in_time_with_a_dead_endpoint() -> None:
    assert _end_by_sigterm("http://127.0.0.1:9", "none", STUDIO_EXIT_DEADLINE="0.5") == -signal.SIGTERM


def _end_by_sigterm(url: str, own: str, **environ: str) -> int:
    settings = {"JAEGER_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "60000", **environ}
    with subprocess.Popen(
        [sys.executable, "-c", ENDED, own], env={**without_settings(), **settings}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        return process.wait(60)
