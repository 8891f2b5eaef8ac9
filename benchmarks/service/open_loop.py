"""The arithmetic of an open-loop load: when each request is due, and what its latency is.

Requests are due on a fixed schedule, and a latency counts from when its request was due. A service that stalls thus
delays every request that falls due meanwhile, which avoids coordinated omission. A request without an answer counts
with the time that was waited for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

SHARES: Final[Mapping[str, float]] = {"P50": 0.50, "P90": 0.90, "P95": 0.95, "P99": 0.99, "P99.9": 0.999}
"""The percentiles that are shown, by their name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A load: `rate` requests a second, evenly spaced, for `seconds`, over at most `connections` connections."""

    rate: float
    seconds: float
    connections: int = 64

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.seconds <= 0 or self.connections < 1 or self.requests < 1:
            raise ValueError(f"{self}: a load needs a rate, a time, a connection, and one request at least")

    @property
    def requests(self) -> int:
        """Return the total number of requests."""
        return round(self.rate * self.seconds)

    def due(self, number: int) -> float:
        """Return when a request is due, in seconds from the start; the first is number 0."""
        return number / self.rate

    def shared(self, workers: int) -> Plan:
        """Return the plan of one of so many workers, between which this load is dealt evenly."""
        return replace(self, rate=self.rate / workers, connections=max(1, self.connections // workers))


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The result of a plan: latencies and the sender's delays in seconds, in the order of the schedule.

    `sent_late` is the delay of the sender alone: from when a request was due, or its connection free, to when it was
    sent. `failed` counts answers other than 200, `unanswered` requests without an answer. `took_s` is from the first
    request's due time to the last answer, `cpu_s` the sender's own CPU time.
    """

    plan: Plan
    latencies: Sequence[float]
    sent_late: Sequence[float]
    failed: int
    unanswered: int
    took_s: float
    cpu_s: float

    @property
    def achieved(self) -> float:
        """Return successful answers a second: the plan's rate where the service keeps up."""
        return (self.plan.requests - self.failed - self.unanswered) / max(self.took_s, self.plan.seconds)

    @property
    def percentiles(self) -> Mapping[str, float]:
        """Return the latencies at SHARES, in seconds."""
        ordered = sorted(self.latencies)
        return {name: percentile(ordered, share) for name, share in SHARES.items()}


def merged(results: Sequence[LoadResult]) -> LoadResult:
    """Return the loads that workers had at the same time as one load. Raise ValueError where there is none."""
    if not results:
        raise ValueError("loads to merge need one load at least")
    plans = [one.plan for one in results]
    return LoadResult(
        Plan(sum(plan.rate for plan in plans), plans[0].seconds, sum(plan.connections for plan in plans)),
        [latency for one in results for latency in one.latencies],
        [late for one in results for late in one.sent_late],
        failed=sum(one.failed for one in results),
        unanswered=sum(one.unanswered for one in results),
        took_s=max(one.took_s for one in results),
        cpu_s=sum(one.cpu_s for one in results),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest of the ordered samples that at least this share of all does not exceed (nearest rank)."""
    if not ordered or not 0 < share <= 1:
        raise ValueError("a percentile needs a sample, and a share above 0 and up to 1")
    return ordered[math.ceil(round(share * len(ordered), 9)) - 1]
