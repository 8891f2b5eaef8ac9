"""The values that a circuit breaker gives out: transitions, counted failures, snapshots, and CircuitOpen (S4.2, S4.3).

All are immutable. None shows an exception's message, because messages carry keys, addresses and values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["closed", "open", "half_open"]
Reason: TypeAlias = Literal["failure_rate", "slow_call_rate", "wait_over", "recovered"]
"""Why the state changed: a rate reached its threshold, the wait in open ended, or the probes stayed below both."""
Outcome: TypeAlias = Literal["succeeded", "failed", "released", "late", "hung", "rejected"]

OUTCOMES: Final[tuple[Outcome, ...]] = ("succeeded", "failed", "released", "late", "hung", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerEvent:
    """What listeners get: a Transition or a CallFailed, with the window at that moment.

    `reset_after_s` is how long calls will be rejected if the breaker opens; 0.0 for a transition to another state.
    `generation` counts this breaker's transitions, from 1. `at` is the breaker's monotonic clock, in seconds.
    """

    pool: str
    calls: int
    failure_count: int
    failure_rate: float
    threshold: float
    reset_after_s: float
    generation: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition(BreakerEvent):
    """A change of state. `threshold` belongs to the rate named by `reason`, else to the failure rate."""

    from_state: State
    to_state: State
    reason: Reason
    slow_count: int
    slow_call_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(BreakerEvent):
    """A counted failure; the window includes it, and is that before a transition that it may cause.

    `error` is the call's own exception: show its type, never its text.
    """

    state: State
    error: BaseException = field(repr=False)
    duration_s: float
    slow: bool


Listener: TypeAlias = Callable[[BreakerEvent], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A breaker at one moment; `str` of it is a readable summary.

    `calls`, `failure_count` and `slow_count` are those of the window; in open, of the window that opened the breaker.
    `retry_after_s` is 0.0 if a call would be admitted. `probes` are the calls that run in half-open. `totals` counts
    calls since the start by outcome: counted (`succeeded`, `failed`), counted neither way (`released`: cancelled or
    ignored; `late`: of an older state, or after it counted as hung), `rejected`, and also `hung`: probes whose permit
    was taken back.
    """

    pool: str
    state: State
    generation: int
    calls: int
    failure_count: int
    failure_rate: float
    slow_count: int
    slow_call_rate: float
    probes: int
    permits: int
    retry_after_s: float
    totals: Mapping[Outcome, int]

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
    """A call was rejected: the pool's breaker is open, or half-open with all its probes running.

    `retry_after_s`: seconds until a call may be admitted; in half-open this is the maximum, because a cancelled probe
    admits one earlier.
    """

    def __init__(self, pool: str, state: State, retry_after_s: float, why: str) -> None:
        super().__init__(pool, state, retry_after_s, why)  # all of them, so that the exception can be pickled
        self.pool = pool
        self.state = state
        self.retry_after_s = retry_after_s
        self.why = why

    def __str__(self) -> str:
        until = "in" if self.state == "open" else "in at most"
        state = self.state.replace("_", "-")
        return f"pool {self.pool!r} is {state}: {self.why}; it may be tried again {until} {self.retry_after_s:.1f} s"
