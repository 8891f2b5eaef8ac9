"""Telemetry with a spool: nothing is lost by an outage, a full disk is counted, and processes share the folder."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry import configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.python_process import run_python, without_settings
from tests.reference_impl.telemetry.telemetry_support import make_spans, settings_for


def ids(sink: OtlpSink) -> set[tuple[bytes, bytes]]:
    """Return the ids of the stored spans: a span that was sent twice counts once."""
    return {(span.trace_id, span.span_id) for span in sink.spans}


@pytest.mark.fault("E9")
@pytest.mark.parametrize("outage", ["stands still", "503", "redirects"])
def test_an_outage_loses_nothing(sink: OtlpSink, tmp_path: Path, outage: str) -> None:
    settings = settings_for(sink.url, spool_dir=str(tmp_path), export_timeout_s=0.3, max_queue_size=256)
    telemetry = configure_tracing(settings)
    if outage == "stands still":
        sink.released.clear()
    else:
        sink.status = 503 if outage == "503" else 302
    make_spans(telemetry, 2000)
    assert telemetry.flush(1) is False
    assert telemetry.ledger().pending == 2000
    sink.status = 200
    sink.released.set()
    assert telemetry.flush(20) is True
    assert telemetry.ledger().stored == 2000
    assert len(ids(sink)) == 2000
    assert len(sink.spans) <= 2256  # the batch of the outage came twice, whatever the number of tries
    assert telemetry.shutdown(5) is True
    assert not list(tmp_path.iterdir())


def test_what_is_not_sent_at_the_end_is_sent_by_the_next_process(sink: OtlpSink, tmp_path: Path) -> None:
    settings = settings_for(sink.url, spool_dir=str(tmp_path))
    sink.status = 503
    first = configure_tracing(settings)
    make_spans(first, 300)
    assert first.shutdown(0.3) is True
    for thread in threading.enumerate():  # at the end of a process nobody would wait for its last try
        if thread.name == "telemetry-flush":
            thread.join(30)
    assert (first.ledger().pending, first.ledger().lost_total) == (300, 0)
    first.tracer("tests").start_span("late").end()
    assert dict(first.ledger().lost) == {"after_shutdown": 1}

    sink.status = 200
    second = configure_tracing(settings)
    make_spans(second, 10)
    assert second.flush(10) is True
    reading = second.ledger()
    assert (reading.ended, reading.recovered, reading.stored) == (310, 300, 310)
    assert len(sink.spans) == len(ids(sink)) == 310
    assert second.shutdown(5) is True
    assert not list(tmp_path.iterdir())


def test_a_batch_that_the_endpoint_refuses_is_lost_and_does_not_stop_the_rest(sink: OtlpSink, tmp_path: Path) -> None:
    telemetry = configure_tracing(settings_for(sink.url, spool_dir=str(tmp_path)))
    sink.status = 400
    make_spans(telemetry, 5)
    assert telemetry.flush(5) is False
    sink.status, sink.rejected = 200, 2
    make_spans(telemetry, 6)
    assert telemetry.flush(5) is False
    assert dict(telemetry.ledger().lost) == {"export": 5, "rejected": 2}
    assert telemetry.ledger().stored == 4
    telemetry.shutdown(5)


def test_spans_are_made_safe_and_a_poison_span_loses_only_itself(sink: OtlpSink, tmp_path: Path) -> None:
    telemetry = configure_tracing(settings_for(sink.url, spool_dir=str(tmp_path)))
    make_spans(telemetry, 30)
    span = telemetry.tracer("others").start_span("lone \ud800", attributes={"nan": float("nan")})
    span.add_event("event", {"text": "\udc00"})
    span.end()
    telemetry.tracer("tests").start_span(5).end()  # type: ignore[arg-type]
    make_spans(telemetry, 30)
    assert telemetry.flush(10) is False
    reading = telemetry.ledger()
    assert (reading.stored, dict(reading.lost), reading.altered) == (61, {"encode": 1}, 1)
    (altered,) = [span for span in sink.spans if span.name.startswith("lone")]
    assert (altered.name, altered.events[0].attributes[0].value.string_value) == ("lone \ufffd", "\ufffd")
    assert sink.resources[0]["service.name"] == "studio-api"
    telemetry.shutdown(5)


def test_an_outage_that_is_longer_than_the_age_is_counted(sink: OtlpSink, tmp_path: Path) -> None:
    telemetry = configure_tracing(settings_for(sink.url, spool_dir=str(tmp_path), spool_max_age_s=60))
    hour_ns = 3_600_000_000_000
    for number in range(3):
        telemetry.tracer("tests").start_span("old", start_time=1).end(time.time_ns() - hour_ns - number)
    make_spans(telemetry, 2)
    assert telemetry.flush(5) is False
    assert (telemetry.ledger().stored, dict(telemetry.ledger().lost)) == (2, {"spool_expired": 3})
    telemetry.shutdown(5)


# Run with `-B`: of a file with a limit, Python 3.11 leaves a part of the bytecode for others, which cannot read it.
FULL = """
import resource, sys
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

if sys.argv[1] == "from the start":
    limit(0)
telemetry = configure_tracing(Settings.load())
limit(50_000)
tracer = telemetry.tracer("tests")
for number in range(1000):
    tracer.start_span("work").end()
full = telemetry.ledger()
print(full.ended, full.pending + full.lost["spool_full"], full.pending > 10)
print(telemetry.flush(10), telemetry.ledger().stored == full.pending)
for number in range(20):
    tracer.start_span("later").end()
print(telemetry.flush(10), telemetry.shutdown(5), telemetry.ledger().pending)
"""


@pytest.mark.fault("E11")
def test_a_full_disk_is_counted_and_raises_nothing(sink: OtlpSink, tmp_path: Path) -> None:
    size = {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2048", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    done = run_python("-B", "-c", FULL, "later", STUDIO_SPOOL_DIR=str(tmp_path), JAEGER_ENDPOINT=sink.url, **size)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1000 1000 True\nFalse True\nTrue True 0\n"
    assert sink.names().count("later") == 20
    assert not list(tmp_path.iterdir())


@pytest.mark.fault("E11")
def test_a_disk_that_is_full_from_the_start_leaves_spans_in_memory(sink: OtlpSink, tmp_path: Path) -> None:
    program = FULL.replace('full.lost["spool_full"]', "0").replace("limit(50_000)", "")
    done = run_python("-B", "-c", program, "from the start", STUDIO_SPOOL_DIR=str(tmp_path), JAEGER_ENDPOINT=sink.url,
                      OTEL_BSP_SCHEDULE_DELAY="60000")  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == "the spool's disk is full: spans wait in memory\n"
    assert done.stdout.endswith("True True 0\n")
    assert len(sink.spans) == 1020


SHARED = """
import sys
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

telemetry = configure_tracing(Settings.load())
for number in range(500):
    telemetry.tracer("tests").start_span(f"{sys.argv[1]} {number}").end()
telemetry.flush(10)
print(telemetry)
"""


def test_processes_share_a_folder(sink: OtlpSink, tmp_path: Path) -> None:
    environ = {**without_settings(), "STUDIO_SPOOL_DIR": str(tmp_path), "JAEGER_ENDPOINT": sink.url}
    processes = [
        subprocess.Popen([sys.executable, "-c", SHARED, name], env=environ, stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    for process in processes:
        text, _ = process.communicate(timeout=60)
        assert text == "<Telemetry <SpanLedger 500 ended, 500 stored, {} lost, 0 pending>>\n"
    assert sink.names() == sorted(f"{name} {number}" for name in ("one", "two") for number in range(500))
    assert not list(tmp_path.iterdir())


FORKED = """
import os, signal, warnings
warnings.filterwarnings("ignore", ".* is multi-threaded, use of fork", DeprecationWarning)
from reference_impl.export.spool import processor
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

processor.LOOK_S = 0
telemetry = configure_tracing(Settings.load())
tracer = telemetry.tracer("tests")
tracer.start_span("parent").end()
pid = os.fork()
if pid == 0:
    for number in range(50):
        tracer.start_span("child").end()
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)
print(telemetry.flush(10), telemetry, telemetry.ledger().recovered)
"""


def test_a_forked_child_has_files_of_its_own_that_its_parent_takes_over(sink: OtlpSink, tmp_path: Path) -> None:
    done = run_python("-c", FORKED, STUDIO_SPOOL_DIR=str(tmp_path), JAEGER_ENDPOINT=sink.url,
                      OTEL_BSP_SCHEDULE_DELAY="60000")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "True <Telemetry <SpanLedger 51 ended, 51 stored, {} lost, 0 pending>> 50\n"
    assert sink.names() == ["child"] * 50 + ["parent"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("more", [{"protocol": "grpc"}, {"tracing": "plain"}])
def test_a_spool_needs_the_fast_set_up_by_http(tmp_path: Path, more: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^STUDIO_SPOOL_DIR: .*; accepted: unset with another protocol"):
        Settings.load({"STUDIO_SPOOL_DIR": str(tmp_path)}, **more)


def test_a_folder_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match=r"^STUDIO_SPOOL_DIR: File exists; accepted: a folder"):
        configure_tracing(settings_for(spool_dir=str(tmp_path / "file")))


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    telemetry = configure_tracing(settings_for(spool_dir=str(tmp_path / "spool")))
    make_spans(telemetry, 1)
    assert [oct(path.stat().st_mode)[-3:] for path in (tmp_path / "spool").iterdir()] == ["600", "600"]
    assert oct((tmp_path / "spool").stat().st_mode)[-3:] == "700"
    telemetry.shutdown(0.1)
