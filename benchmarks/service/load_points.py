"""The rates at which the service is loaded, and over how many workers.

A machine carries what it carries: so there are parts of what one worker carries untraced, and beside them the rates of
the promise, over as many workers as they need. A worker is one process; its queue stays short while it uses at most
half of its core.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BUSIEST_WORKER: Final = 0.5
"""The part of its core that an untraced worker uses at most."""
SHARES: Final = (0.25, 0.50, 0.75)
"""Parts of what one worker carries."""
PROMISED: Final = (1_000, 2_000)
"""Requests a second."""
POINT_NAMES: Final = (*(f"{share:.0%}".replace("%", " %") for share in SHARES), *(f"{rate:,}/s" for rate in PROMISED))
THOUSAND: Final = "1,000/s"
SATURATED: Final = "saturated"


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """A load by its name of POINT_NAMES: `rate` requests a second, dealt evenly over `workers`."""

    name: str
    rate: float
    workers: int

    @property
    def rate_of_a_worker(self) -> float:
        """Return the requests a second of each worker."""
        return self.rate / self.workers


def workers_for(rate: float, cpu_of_a_request_s: float) -> int:
    """Return how many workers a rate needs, by the seconds of CPU that an untraced request takes at such a rate."""
    return max(1, math.ceil(round(rate * cpu_of_a_request_s / BUSIEST_WORKER, 6)))


def load_points(capacity: float, cpu_of_a_request_s: float) -> Sequence[LoadPoint]:
    """Return the loads of a run; `capacity` is the requests a second that one untraced worker carries."""
    rates = [*(max(10.0, round(capacity * share, -1)) for share in SHARES), *map(float, PROMISED)]
    workers = [*(1 for _ in SHARES), *(workers_for(rate, cpu_of_a_request_s) for rate in PROMISED)]
    return [LoadPoint(*point) for point in zip(POINT_NAMES, rates, workers, strict=True)]


def row_name(point: str, arm: str, what: str) -> str:
    """Return the name of a benchmark: of a load, or SATURATED, and of a way of tracing."""
    return f"studio-api, {point}, {arm}: {what}"


def target_name(what: str) -> str:
    """Return the name of a benchmark that has a goal."""
    return f"studio-api, target: {what}"


MACHINE_GET: Final = "studio-api, machine: CPU of a sync Redis GET"
MACHINE_RATE: Final = "studio-api, machine: one untraced worker, saturated"
