"""Flush and shutdown keep their deadlines, also at exit and in a forked child (S1.1)."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from opentelemetry.sdk.trace import SpanProcessor

from reference_impl.telemetry import configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.python_process import run_python
from tests.reference_impl.telemetry.telemetry_support import MUCH_TOO_LONG_S, Collecting, make_spans, settings_for


@pytest.mark.fault("P5")
def test_shutdown_is_safe_twice_and_from_two_threads_and_what_ends_later_is_counted() -> None:
    exporter = Collecting()
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    make_spans(telemetry, 3)
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(telemetry.shutdown(5))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True, True]
    assert telemetry.shutdown() is True
    assert exporter.shutdowns == 1
    make_spans(telemetry, 2)
    assert dict(telemetry.ledger().lost) == {"after_shutdown": 2}
    assert telemetry.flush(1) is False
    assert repr(telemetry) == ("<Telemetry <SpanLedger 5 ended, 3 stored, {'after_shutdown': 2} lost, 0 pending>>")


def test_concurrent_flushes_agree_and_all_spans_are_stored_once() -> None:
    exporter = Collecting()
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    results: list[bool] = []

    def work(name: str) -> None:
        make_spans(telemetry, 200, name)
        results.append(telemetry.flush(20))

    threads = [threading.Thread(target=work, args=(f"t{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4
    assert len(exporter.names) == len(set(exporter.names)) == 800
    telemetry.shutdown(5)


def test_a_processor_whose_flush_raises_makes_flush_false() -> None:
    class Raising(SpanProcessor):
        def force_flush(self, timeout_millis: int = 30000) -> bool:
            raise RuntimeError("no")

    telemetry = configure_tracing(settings_for(), span_processors=[Raising()])
    assert telemetry.flush(5) is False
    telemetry.shutdown(5)


EXIT = """
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
telemetry = configure_tracing(Settings.load())
telemetry.tracer("tests").start_span("at exit").end()
"""


# Hooks run last in, first out: this one runs when telemetry's own has ended.
TIMED_EXIT = f"""
import atexit, time
atexit.register(lambda: print(time.monotonic() - ended))
{EXIT}
ended = time.monotonic()
"""


# Python 3.12 and newer warn of every fork of a process with threads: this test is about such a fork.
FORK = """
import os, warnings
warnings.filterwarnings("ignore", ".* is multi-threaded, use of fork", DeprecationWarning)
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
telemetry = configure_tracing(Settings.load())
telemetry.tracer("tests").start_span("sent before").end()
assert telemetry.flush(10)
telemetry.tracer("tests").start_span("parent").end()
child = os.fork()
if child == 0:
    assert telemetry.ledger().ended == 0
    telemetry.tracer("tests").start_span("child").end()
    os._exit(0 if telemetry.flush(10) and telemetry.ledger().stored == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
assert telemetry.flush(10)
"""


def test_a_process_that_forgets_to_shut_down_still_sends_at_exit(sink: OtlpSink) -> None:
    done = run_python("-c", EXIT, JAEGER_ENDPOINT=sink.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert sink.names() == ["at exit"]


def test_a_process_that_forgets_to_shut_down_exits_in_time_with_a_dead_endpoint() -> None:
    done = run_python("-c", TIMED_EXIT, JAEGER_ENDPOINT="http://127.0.0.1:9", STUDIO_EXIT_DEADLINE="0.5")
    assert done.returncode == 0
    assert float(done.stdout) < MUCH_TOO_LONG_S
    assert "Traceback" not in done.stderr


@pytest.mark.fault("P1")
def test_a_forked_child_counts_and_sends_its_own_spans_only(sink: OtlpSink) -> None:
    done = run_python("-c", FORK, JAEGER_ENDPOINT=sink.url, OTEL_BSP_SCHEDULE_DELAY="60000")
    assert (done.returncode, done.stderr) == (0, "")
    assert sink.names() == ["child", "parent", "sent before"]
    assert len(set(sink.ports)) == 2, "the child has a connection of its own"


def test_after_its_shutdown_nothing_holds_a_telemetry() -> None:
    telemetry = configure_tracing(settings_for(), exporter=Collecting())
    seen = weakref.ref(telemetry)
    telemetry.shutdown(5)
    del telemetry
    gc.collect()
    assert seen() is None
