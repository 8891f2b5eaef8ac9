"""The sizes of what takes spans: what is read of a process, and the tables that are written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.sizing.measuring import (
    SPANS_A_REQUEST,
    Peak,
    Sizes,
    disk_use,
    request_bodies,
    send,
    usage,
)
from benchmarks.sizing.receivers import RECEIVERS
from benchmarks.sizing.table import PAGE, lines, written

MIB = 2**20
MEMORY = Sizes(1_000, 0.01, 50 * MIB, 60 * MIB, 70 * MIB)
DISK = Sizes(1_000, 0.05, 50 * MIB, 51 * MIB, 90 * MIB, 600_000)
RUNS = {"Jaeger, in memory": [MEMORY], "Jaeger, on a disk (Badger)": [DISK, DISK, MEMORY]}


@pytest.fixture
def answering() -> Iterator[tuple[str, list[bytes], list[int]]]:
    """Serve OTLP with the statuses of a list, the last one for good; yield the URL, the bodies and that list."""
    bodies: list[bytes] = []
    statuses = [200]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep the output of tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", bodies, statuses
        server.shutdown()
        thread.join()


def test_all_spans_are_sent_once(answering: tuple[str, list[bytes], list[int]]) -> None:
    url, received, _ = answering
    bodies = request_bodies(1_000)
    send(url, bodies)
    assert sorted(received) == sorted(bodies)
    message = ExportTraceServiceRequest.FromString(bodies[0])
    spans = [span for each in message.resource_spans for scope in each.scope_spans for span in scope.spans]
    assert len(spans) == SPANS_A_REQUEST


def test_a_refused_request_ends_the_measurement(answering: tuple[str, list[bytes], list[int]]) -> None:
    url, _, statuses = answering
    statuses[:] = [200, 503]
    with pytest.raises(RuntimeError, match="answered 503"):
        send(url, request_bodies(2_000))


def test_what_a_process_used_is_read() -> None:
    own = usage(os.getpid())
    assert own.cpu_s > 0
    assert own.memory > 0
    busy = subprocess.Popen([sys.executable, "-c", "b = bytearray(80_000_000); sum(range(9_000_000))"])
    with Peak(busy.pid) as peak:
        peak.wait_for_end()
    assert busy.wait() == 0
    assert peak.memory > 80_000_000
    assert peak.cpu_s > 0


def test_holes_in_files_take_no_disk(tmp_path: Path) -> None:
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(100 * MIB)
    (tmp_path / "full").write_bytes(os.urandom(MIB))
    assert MIB <= disk_use(tmp_path) < 2 * MIB


def test_the_tables_are_ratios_and_products_of_the_medians() -> None:
    text = lines(RUNS, "MACHINE.")
    assert "| Jaeger, in memory | 100,000 | 1.00 | 50 / 60 / 70 MiB | none |" in text
    assert "| Jaeger, on a disk (Badger) | 20,000 | 5.00 | 50 / 51 / 90 MiB | 600 B |" in text
    assert "| 1,000 | 0.05 | 51.8 GB | 363 GB |" in text
    assert any("takes 10,000 bytes" in line and "take 4.2 GB" in line for line in text)
    assert any("1,000 spans" in line and line.endswith("MACHINE.") for line in text)


def test_they_are_written_between_the_marks() -> None:
    page = "a\n<!-- sizes -->\nold\n<!-- end of sizes -->\nb\n"
    assert written(page, ["new"]) == "a\n<!-- sizes -->\nnew\n<!-- end of sizes -->\nb\n"
    with pytest.raises(ValueError, match="needs"):
        written("a", ["new"])


def test_the_page_has_a_row_for_each_receiver() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in RECEIVERS if f"\n| {name} |" not in page] == []
    assert "Run of 20" in page
