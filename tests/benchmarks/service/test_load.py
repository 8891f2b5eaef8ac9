"""The load run's arithmetic: latencies from when a request was due, percentiles, and a sender that hides no stall."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks.service.load import message_of, parse_result, run
from benchmarks.service.open_loop import LoadResult, Plan, merged, percentile

STALL_S = 0.5


def test_a_percentile_is_the_smallest_sample_that_so_many_do_not_exceed() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert [percentile(hundred, share) for share in (0.01, 0.5, 0.95, 0.99, 0.999, 1.0)] == [1, 50, 95, 99, 100, 100]
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([1.0, 2.0, 3.0], 0.34) == 2.0
    for samples, share in (([], 0.5), ([1.0], 0.0), ([1.0], 1.1)):
        with pytest.raises(ValueError, match="a percentile needs a sample"):
            percentile(samples, share)


def test_requests_are_evenly_spaced_from_the_begin() -> None:
    plan = Plan(1_000, 2.5)
    assert (plan.requests, plan.due(0), plan.due(1_500)) == (2_500, 0.0, 1.5)
    for rate, seconds, connections in ((0, 1, 1), (1, 0, 1), (1, 1, 0), (0.1, 1, 1)):
        with pytest.raises(ValueError, match="a load needs a rate"):
            Plan(rate, seconds, connections)


def test_what_is_achieved_counts_right_answers_in_the_time_they_took() -> None:
    load = LoadResult(Plan(100, 1.0), [0.1] * 100, [0.0] * 100, failed=10, unanswered=40, took_s=2.0, cpu_s=0.1)
    assert load.achieved == 25
    quick = LoadResult(Plan(100, 1.0), [0.1] * 100, [0.0] * 100, failed=0, unanswered=0, took_s=0.99, cpu_s=0.1)
    assert quick.achieved == 100, "the last answer comes before its second is over"
    assert quick.percentiles == dict.fromkeys(("P50", "P90", "P95", "P99", "P99.9"), 0.1)


def test_a_load_is_dealt_evenly_between_workers_and_merged_again() -> None:
    part = Plan(1_000, 2.0, 64).shared(2)
    assert part == Plan(500, 2.0, 32)
    loads = [LoadResult(part, [0.1, 0.3], [0.0] * 2, failed=1, unanswered=0, took_s=2.5, cpu_s=0.1)]
    loads.append(LoadResult(part, [0.2], [0.01], failed=0, unanswered=2, took_s=2.0, cpu_s=0.2))
    whole = merged(loads)
    assert whole.plan == Plan(1_000, 2.0, 64)
    assert (whole.latencies, whole.sent_late) == ([0.1, 0.3, 0.2], [0.0, 0.0, 0.01])
    assert (whole.failed, whole.unanswered, whole.took_s) == (1, 2, 2.5)
    assert whole.achieved == (2_000 - 3) / 2.5
    with pytest.raises(ValueError, match="need one load"):
        merged([])


class Served:
    """A real HTTP server; `behave` is called with the number of each request and returns the status."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.behave: Any = lambda number: 200
        self.lock = threading.Lock()
        self.url = ""


@pytest.fixture
def served() -> Iterator[Served]:
    state = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with state.lock:
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
                number = len(state.headers)
            status = state.behave(number)
            self.send_response(status)
            self.send_header("content-length", "5")
            self.end_headers()
            for piece in (b"he", b"llo"):  # an answer may come in pieces
                self.wfile.write(piece)
                self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/session"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_every_request_of_the_plan_is_sent_and_answered(served: Served) -> None:
    load = run(Plan(200, 0.5, 4), served.url, {"authorization": "Bearer t"})
    assert (len(load.latencies), load.failed, load.unanswered) == (100, 0, 0)
    assert len(served.headers) == 100
    assert served.headers[0]["authorization"] == "Bearer t"
    assert all(latency > 0 for latency in load.latencies)


def test_a_stall_delays_all_that_falls_due_meanwhile(served: Served) -> None:
    """One request in flight: a closed loop would call one of a hundred slow, and send the others later."""

    def stall_once(number: int) -> int:
        if number == 1:
            time.sleep(STALL_S)  # the fault itself
        return 200

    served.behave = stall_once
    load = run(Plan(100, 1.0, 1), served.url, {})
    waited = sum(latency > STALL_S / 4 for latency in load.latencies)
    assert waited >= 30, "requests that fell due in the stall have waited for it"
    assert load.latencies[0] >= STALL_S


def test_errors_and_missing_answers_are_counted_with_the_time_waited(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.service.load.ANSWER_TIMEOUT_S", 0.3)
    release = threading.Event()

    def some(number: int) -> int:
        if number == 3:
            release.wait(20)
        return 503 if number == 2 else 200

    served.behave = some
    load = run(Plan(50, 0.1, 5), served.url, {})
    release.set()
    assert (load.failed, load.unanswered) == (1, 1)
    assert max(load.latencies) >= 0.3


def test_the_program_says_what_became_of_the_load_or_why_not(served: Served) -> None:
    order = {"url": served.url, "headers": {}, "rate": 100, "seconds": 0.2, "connections": 2}
    command = [sys.executable, "-m", "benchmarks.service.load"]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, check=True)
    load = parse_result(done.stdout)
    assert (load.plan, len(load.latencies), load.failed) == (Plan(100, 0.2, 2), 20, 0)
    order["url"] = "http://127.0.0.1:9/session"
    failed = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (3, 1)
    assert "http://127.0.0.1:9/session" in failed.stderr


def test_the_message_is_one_request_of_http() -> None:
    assert message_of("http://host:80/a", {"x": "1"}) == b"GET /a HTTP/1.1\r\nhost: host:80\r\nx: 1\r\n\r\n"
