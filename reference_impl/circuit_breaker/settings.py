"""The settings of a circuit breaker: windows, thresholds, waiting times, with the meaning of Resilience4j's (S4.2).

The names of Resilience4j's settings are given in parentheses. Its rates are percentages, ours are fractions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

WindowKind: TypeAlias = Literal["count", "time"]

_MOST_CALLS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """The settings of one breaker. Rates are fractions of the calls in the window; times are seconds.

    - `window` (slidingWindowType): "count" is the last `window_calls` calls, "time" the calls of the last `window_s`
      seconds (slidingWindowSize);
    - `minimum_calls` (minimumNumberOfCalls): with fewer calls in the window the breaker never opens;
    - `failure_rate_threshold`, `slow_call_rate_threshold`: the breaker opens if a rate is equal or greater;
    - `slow_call_duration_s` (slowCallDurationThreshold): a call is slow if it takes longer, failed or not;
    - `reset_after_s` (waitDurationInOpenState): how long the breaker stays open before a call may probe;
    - `half_open_permits` (permittedNumberOfCallsInHalfOpenState): the number of probes that decide the next state;
    - `probe_lease_s` (instead of maxWaitDurationInHalfOpenState): a probe without a result for this time counts as
      hung, and its permit goes to the next caller. It must be longer than the longest call that is to count.

    Raise ValueError for a bad value: one line with the setting, its value and what is accepted.
    """

    window: WindowKind = "count"
    window_calls: int = 100
    window_s: float = 60.0
    minimum_calls: int = 10
    failure_rate_threshold: float = 0.5
    slow_call_rate_threshold: float = 1.0
    slow_call_duration_s: float = 1.0
    reset_after_s: float = 30.0
    half_open_permits: int = 3
    probe_lease_s: float = 30.0

    def __post_init__(self) -> None:
        if self.window not in ("count", "time"):
            raise _bad("window", self.window, "is unknown", "count, time")
        for name in ("window_calls", "minimum_calls", "half_open_permits"):
            _check_calls(name, getattr(self, name))
        for name in ("failure_rate_threshold", "slow_call_rate_threshold"):
            _check_number(name, getattr(self, name), 1.0, "a number above 0 and at most 1")
        for name in ("window_s", "slow_call_duration_s", "reset_after_s", "probe_lease_s"):
            _check_number(name, getattr(self, name), math.inf, "a finite number of seconds above 0")
        self._check_together()

    def _check_together(self) -> None:
        if self.window == "count" and self.minimum_calls > self.window_calls:
            accepted = f"at most window_calls, which is {self.window_calls}"
            raise _bad("minimum_calls", self.minimum_calls, "is more than the window holds", accepted)
        if self.probe_lease_s <= self.slow_call_duration_s:
            # A slow probe would always count as hung, and half-open would have no slow-call rate.
            accepted = f"more than slow_call_duration_s, which is {self.slow_call_duration_s:g}"
            raise _bad("probe_lease_s", self.probe_lease_s, "is too short", accepted)


def _check_calls(name: str, value: object) -> None:
    accepted = f"a whole number from 1 to {_MOST_CALLS}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise _bad(name, value, "is not a whole number", accepted)
    if not 1 <= value <= _MOST_CALLS:
        raise _bad(name, value, "is out of range", accepted)


def _check_number(name: str, value: object, most: float, accepted: str) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _bad(name, value, "is not a number", accepted)
    if not (math.isfinite(value) and 0 < value <= most):
        raise _bad(name, value, "is out of range", accepted)


def _bad(name: str, value: object, what: str, accepted: str) -> ValueError:
    return ValueError(f"{name}: {value!r} {what}; accepted: {accepted}")
