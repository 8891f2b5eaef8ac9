"""Latencies by CPU time: requests that arrive at a rate wait for those before them, and for nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.service.replay import process_cpu_s, replay

MS = 1e-3


def in_ms(latencies: list[float]) -> list[float]:
    return [round(latency / MS, 6) for latency in latencies]


def test_a_request_that_finds_the_worker_free_takes_its_own_time() -> None:
    assert in_ms(replay([0.4 * MS, 0.9 * MS, 0.4 * MS], rate=1_000)) == [0.4, 0.9, 0.4]


def test_a_long_request_delays_those_that_arrive_meanwhile() -> None:
    demands = [0.5 * MS, 3.0 * MS, 0.5 * MS, 0.5 * MS, 0.5 * MS, 0.5 * MS, 0.5 * MS]
    assert in_ms(replay(demands, rate=1_000)) == [0.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5]


def test_at_half_the_rate_the_same_request_delays_fewer() -> None:
    demands = [0.5 * MS, 3.0 * MS, 0.5 * MS, 0.5 * MS]
    assert in_ms(replay(demands, rate=500)) == [0.5, 3.0, 1.5, 0.5]


def test_a_rate_that_is_not_carried_makes_a_growing_queue() -> None:
    assert in_ms(replay([2 * MS] * 4, rate=1_000)) == [2, 3, 4, 5]


@pytest.mark.parametrize(("demands", "rate"), [([], 1_000.0), ([0.1], 0.0)])
def test_a_replay_needs_requests_and_a_rate(demands: list[float], rate: float) -> None:
    with pytest.raises(ValueError, match="a replay needs a request, and a rate above zero"):
        replay(demands, rate)


@pytest.mark.skipif(sys.platform != "linux", reason="the CPU time of another process is read on Linux only")
def test_the_cpu_time_of_a_process_is_what_it_says_itself() -> None:
    """With a thread beside: what an export thread takes counts too. It waits while it is read, so both say the same."""
    program = (
        "import sys, threading, time\n"
        "thread = threading.Thread(target=sum, args=(range(2_000_000),))\n"
        "thread.start(); thread.join(); print(time.process_time(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        says = float(process.stdout.readline())
        read = process_cpu_s(process.pid)
        process.communicate()
    assert says <= read < says + 0.05
    with pytest.raises(OSError, match="Invalid argument"):
        process_cpu_s(process.pid)
