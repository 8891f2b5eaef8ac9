"""Latencies by CPU time: what requests would take if they never waited for a core.

By the clock, a shared machine says nothing of tails: what others do delays a service by more than tracing does. So the
CPU time of each request is measured, one at a time, and arrivals at a rate are replayed with it. All threads of the
service count, as the interpreter runs one of them at a time; a thread that encodes spans thus delays requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from benchmarks.service.load import BrokenAnswer, Connection, message_of

FIRST: Final = 5
"""Requests on a new connection that do not count, at least."""
_PAUSE_S = 0.0002  # after an answer, a service finishes the request: its span ends, its connection waits


def replay(demands: Sequence[float], rate: float) -> list[float]:
    """Return the latency of each request, in seconds, from when it arrives at one worker to its answer.

    `demands` are the seconds of CPU of each, in order; one arrives every 1 / `rate` seconds, and they are served in
    turn (Lindley's recursion). Raise ValueError without a request or a rate.
    """
    if not demands or rate <= 0:
        raise ValueError("a replay needs a request, and a rate above zero")
    gap, wait, latencies = 1 / rate, 0.0, []
    for demand in demands:
        latencies.append(wait + demand)
        wait = max(0.0, wait + demand - gap)
    return latencies


def process_cpu_s(pid: int) -> float:
    """Return the CPU time of all threads of a process so far, in seconds, exact to microseconds where it waits.

    On Linux only: its clock of another process has this number (clock_getcpuclockid). Raise OSError for a process that
    has ended.
    """
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def measure_demands(
    pid: int,
    url: str,
    headers: Mapping[str, str],
    requests: int,
    *,
    lead_in_s: float = 0.0,
    begin: Callable[[], object] = lambda: None,
) -> Sequence[float]:
    """Return the seconds of CPU that a service takes for each of so many requests, sent one at a time.

    What a service does after an answer counts for the next request. `begin` is called after the lead-in, of requests
    that do not count: after `lead_in_s` seconds, exports are as frequent as they stay. Raise BrokenAnswer, OSError.
    """
    caller = Caller(url, headers)
    try:
        end, sent = time.monotonic() + lead_in_s, 0
        while sent < FIRST or time.monotonic() < end:
            caller.ask()
            sent += 1
        begin()
        found = [process_cpu_s(pid)]
        for _ in range(requests):
            caller.ask()
            found.append(process_cpu_s(pid))
            time.sleep(_PAUSE_S)
    finally:
        caller.close()
    return [after - before for before, after in pairwise(found)]


class Caller:
    """Sends one request after another on a connection of its own."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts, self._message = urlsplit(url), message_of(url, headers)
        self._connection = Connection(parts.hostname or "", parts.port or 80)

    def ask(self) -> None:
        """Send a request and wait for its answer. Raise BrokenAnswer, OSError."""
        self._connection.send(self._message, 0)
        while (status := self._connection.receive()) is None:
            pass
        if status != 200:
            raise BrokenAnswer(f"the service answered {status}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
