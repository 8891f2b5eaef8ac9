"""What a spool on disk costs a request of studio-api, next to the same service without one.

The services answer requests in turn, one at a time, so that what else the machine does hits all of them alike. The CPU
time of each process counts, user and system, with that of the thread that sends. Two services without a spool show how
far to trust the ratio. Instructions are those in user mode, without the kernel's for each `write`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from benchmarks.service import studio_load as s
from benchmarks.service.reports import Measure, report_spool
from benchmarks.service.request_instructions import can_count, instructions_of_a_request
from containers.servers.redis_server import RedisBackend

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the CPU time of another process is read on Linux only"),
]

ARMS = (s.WHOLE, s.SPOOLED, s.WHOLE_AGAIN)
ROUNDS, REQUESTS = 31, 500
LEAD_IN_S = 1.1
"""Before each round. A service exports once a second what it has: after that, exports are as frequent as they stay."""


@pytest.fixture(scope="module")
def running(redis_server: RedisBackend) -> Iterator[s.Fleet]:
    with s.fleet(redis_server, None) as fleet:
        yield fleet


def test_cost_of_a_spool(running: s.Fleet, measured: Measure) -> None:
    workers = [running.workers(arm)[0] for arm in ARMS]
    rounds = [s.cpu_in_turn(workers, REQUESTS, lead_in_s=LEAD_IN_S) for _ in range(ROUNDS)]
    cpu = {arm: [found[place] * 1e6 for found in rounds] for place, arm in enumerate(ARMS)}
    counted = {arm: instructions_of_a_request(running, arm) for arm in ARMS[:2]} if can_count() else {}
    report_spool(cpu, counted, measured)
