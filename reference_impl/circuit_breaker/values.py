"""What a circuit breaker gives to those who watch it: transitions, failures, snapshots, and the refusal of a call.

All are immutable. None shows an exception's message, as messages carry keys, addresses and values (S4.2, S4.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["closed", "open", "half_open"]
Reason: TypeAlias = Literal["failure_rate", "slow_call_rate", "wait_over", "recovered"]
"""Why the state changed: a rate reached its threshold; the wait in open is over; the probes kept below both."""
Outcome: TypeAlias = Literal["succeeded", "failed", "released", "late", "hung", "rejected"]

OUTCOMES: Final[tuple[Outcome, ...]] = ("succeeded", "failed", "released", "late", "hung", "rejected")


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state, with the window that the breaker looked back on when it changed.

    `threshold` is that of the rate named by `reason`, else the failure rate's. `reset_after_s` is for how long every
    call will be refused: 0.0 unless it opened. `at` is a reading of the breaker's monotonic clock, in seconds.
    `generation` counts the transitions of this breaker, from 1.
    """

    pool: str
    from_state: State
    to_state: State
    reason: Reason
    calls: int
    failure_count: int
    slow_count: int
    failure_rate: float
    slow_call_rate: float
    threshold: float
    reset_after_s: float
    generation: int
    at: float


@dataclass(frozen=True, slots=True)
class CallFailed:
    """One failure that was counted: the window with it, as it is before any transition that it causes.

    `error` is the call's own exception: show its type, never its text. `reset_after_s` is for how long calls will be
    refused should this breaker open. `at` and `generation` are as in Transition.
    """

    pool: str
    state: State
    error: BaseException = field(repr=False)
    duration_s: float
    slow: bool
    calls: int
    failure_count: int
    failure_rate: float
    threshold: float
    reset_after_s: float
    generation: int
    at: float


BreakerEvent: TypeAlias = Transition | CallFailed
Listener: TypeAlias = Callable[[BreakerEvent], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A breaker at one moment; its text is what a person would say of it.

    `calls`, `failure_count` and `slow_count` are of the window: in open, of the one that made it open. `retry_after_s`
    is 0.0 where a call would be let through. `probes` are calls under way in half-open. `totals` counts since the
    start, by what became of the call: its result counted (`succeeded`, `failed`); counted neither way (`released`:
    cancelled or ignored, `late`: of an older state, or after it was taken as hung); `rejected`; and, beside these,
    `hung`: probes whose permit was taken back.
    """

    pool: str
    state: State
    generation: int
    calls: int
    failure_count: int
    slow_count: int
    probes: int
    permits: int
    retry_after_s: float
    totals: Mapping[Outcome, int]

    @property
    def failure_rate(self) -> float:
        """Failures by calls in the window, 0.0 in an empty one."""
        return rate(self.failure_count, self.calls)

    @property
    def slow_call_rate(self) -> float:
        """Slow calls by calls in the window, 0.0 in an empty one."""
        return rate(self.slow_count, self.calls)

    def __str__(self) -> str:
        slow = f", {self.slow_count} slow" if self.slow_count else ""
        parts = [self.state.replace("_", "-"), f"{self.failure_count} of {self.calls} failed{slow}"]
        if self.state == "half_open":
            parts.insert(1, f"{self.probes} of {self.permits} probes under way")
        elif self.state == "open":
            wait = self.retry_after_s
            parts.append(f"half-open in {wait:.1f} s" if wait else "half-open at the next call")
        return ", ".join(parts)


class CircuitOpen(Exception):
    """A call was refused: the pool's breaker is open, or half-open with all its probes under way.

    `retry_after_s`: seconds until a call may be let through; in half-open that is the latest moment, as every probe
    that is cancelled lets one through earlier.
    """

    def __init__(self, pool: str, state: State, retry_after_s: float, why: str) -> None:
        super().__init__(pool, state, retry_after_s, why)  # all of them, so that a copy in another process is whole
        self.pool = pool
        self.state = state
        self.retry_after_s = retry_after_s
        self.why = why

    def __str__(self) -> str:
        until = "in" if self.state == "open" else "in at most"
        state = self.state.replace("_", "-")
        return f"pool {self.pool!r} is {state}: {self.why}; it may be tried again {until} {self.retry_after_s:.1f} s"


def rate(part: int, calls: int) -> float:
    """`part` by `calls`, 0.0 without calls."""
    return part / calls if calls else 0.0
