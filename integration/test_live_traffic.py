"""A Jaeger under live traffic is judged by service, round after round (`nox -s live` runs the long form)."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from pathlib import Path

import pytest

from containers.servers.jaeger_server import JaegerBackend
from integration.live_rounds import Plan, described, run_rounds
from integration.support.live_traffic import CONTRACT, order_spans, send
from integration.support.waiting import wait_until
from spanpact.sources import JaegerSource, TraceQuery


@pytest.mark.timeout(120)
def test_every_round_has_a_verdict_and_finds_what_was_planted(jaeger: JaegerBackend) -> None:
    plan = Plan(rate=40, seconds=16, every=8, complete_after=6, break_every=1.2)
    outcome = run_rounds(jaeger, plan)
    assert outcome.wrong == [], described(outcome)
    assert len(outcome.rounds) == 3
    assert outcome.found == outcome.planted > 8
    assert all(each.left_out for each in outcome.rounds[:2])


MEASURED = """\
import sys
from spanpact.cli import main
code = main(sys.argv[1:])
status = open("/proc/self/status").read()
print("peak KiB", status.partition("VmHWM:")[2].split()[0], "exit code", code)
"""
"""Verifies, and prints the peak memory of its own process: `ru_maxrss` would include the one that started it."""


@pytest.mark.timeout(180)
def test_memory_does_not_grow_with_the_number_of_traces(jaeger: JaegerBackend, tmp_path: Path) -> None:
    contract = tmp_path / "order.contract.yaml"
    contract.write_text(CONTRACT)
    peaks = []
    for number in (1_000, 10_000):
        service = f"shop-{number}-{secrets.token_hex(4)}"
        send_old_orders(jaeger, service, number)
        arguments = ["verify", str(contract), "--from", f"jaeger:{jaeger.url}?service={service}&since=3h"]
        done = subprocess.run([sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=True)
        assert f"kept: 1 contract, 1 kept, {number} flows" in done.stdout
        peaks.append(int(done.stdout.partition("peak KiB ")[2].split()[0]))
    print(f"peak memory: {peaks[0] / 1024:.0f} MiB for 1,000 traces, {peaks[1] / 1024:.0f} MiB for 10,000")
    assert peaks[1] < 1.25 * peaks[0]


def send_old_orders(jaeger: JaegerBackend, service: str, number: int) -> None:
    """Send the traces of orders that ended in the two hours before the last one."""
    oldest = time.time() - 7200
    for first in range(0, number, 1000):
        spans = [
            span for i in range(first, min(first + 1000, number)) for span in order_spans(oldest + 3600 * i / number)
        ]
        send(jaeger.otlp_http, spans, service)
    wait_until(lambda: newest_is_there(jaeger, service), "the newest order")


def newest_is_there(jaeger: JaegerBackend, service: str) -> bool:
    query = TraceQuery(service, since=3700, until=3590)
    return bool(JaegerSource(jaeger.url, query=query).read().traces)
