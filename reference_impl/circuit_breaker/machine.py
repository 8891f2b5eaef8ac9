"""The state machine of a circuit breaker: its methods take the time, and never wait, lock or call listeners.

`breaker` adds the lock, the clock and the listeners. Times are seconds of one monotonic clock.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from reference_impl.circuit_breaker.permit import End, Permit
from reference_impl.circuit_breaker.settings import BreakerSettings
from reference_impl.circuit_breaker.values import (
    OUTCOMES,
    BreakerEvent,
    CallFailed,
    CircuitOpen,
    Outcome,
    Reason,
    Snapshot,
    State,
    Transition,
)
from reference_impl.circuit_breaker.window import CountWindow, window_of


class Machine:
    """State, generation, window and probes of one breaker. Not safe for threads."""

    def __init__(self, pool: str, settings: BreakerSettings) -> None:
        self.pool = pool
        self.settings = settings
        self.state: State = "closed"
        self._generation = 0
        self._opened_at = 0.0
        self._window = window_of(settings)
        self._probes: dict[Permit, None] = {}  # running in half-open, oldest first
        self._totals: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)

    # --- Admitting a call --------------------------------------------------------------------------------------

    def update(self, now: float) -> tuple[Transition, ...]:
        """Make the changes that are due by time: half-open after the wait, permits of hung probes taken back."""
        if self.state == "open" and self._retry_after_s(now) == 0.0:
            return (self._move("half_open", "wait_over", now),)
        self._reclaim(now)
        return ()

    def admit(self, now: float, end: End) -> Permit | CircuitOpen:
        """Return a permit, or the exception to raise. Call `update` first."""
        permit = Permit(end, self.state, self._generation, now)
        wait = self._retry_after_s(now)
        if wait > 0.0:
            self._totals["rejected"] += 1
            return CircuitOpen(self.pool, self.state, wait, self._why())
        if self.state == "half_open":
            self._probes[permit] = None
        return permit

    def _reclaim(self, now: float) -> None:
        for permit in list(self._probes):  # leases end in the order in which they started
            if self._lease_left_s(permit.started_at, now) > 0.0:
                return
            del self._probes[permit]
            self._totals["hung"] += 1

    def _lease_left_s(self, started_at: float, now: float) -> float:
        return max(0.0, started_at + self.settings.probe_lease_s - now)

    def _retry_after_s(self, now: float) -> float:
        if self.state == "open":
            return max(0.0, self._opened_at + self.settings.reset_after_s - now)
        if self.state == "half_open" and len(self._probes) + self._window.calls >= self.settings.half_open_permits:
            return self._lease_left_s(next((probe.started_at for probe in self._probes), now), now)
        return 0.0

    def _why(self) -> str:
        if self.state == "half_open":
            return f"no probe left ({len(self._probes)} under way, {self._window.calls} answered)"
        slow = f", {self._window.slow} were slow" if self._window.slow else ""
        return f"{self._window.failed} of {self._window.calls} calls failed{slow}"

    # --- Ending a call -----------------------------------------------------------------------------------------

    def end(self, permit: Permit, outcome: Outcome, error: BaseException | None, now: float) -> list[BreakerEvent]:
        """Count a call that ended, unless its permit had ended before. Return the events for the listeners.

        `outcome` is "succeeded", "failed" (then with its `error`) or "released".
        """
        if permit.ended:
            return []
        permit.ended = True
        self._reclaim(now)
        outcome = outcome if self._still_counts(permit) else "late"
        self._totals[outcome] += 1
        if outcome not in ("succeeded", "failed"):
            return []
        return self._count(permit, error if outcome == "failed" else None, now)

    def _still_counts(self, permit: Permit) -> bool:
        if permit.generation != self._generation:
            return False
        held = permit in self._probes
        self._probes.pop(permit, None)
        return held or self.state == "closed"

    def _count(self, permit: Permit, error: BaseException | None, now: float) -> list[BreakerEvent]:
        duration = now - permit.started_at
        slow = duration > self.settings.slow_call_duration_s
        self._window.record(now, failed=error is not None, slow=slow)
        events: list[BreakerEvent] = []
        if error is not None:
            events.append(
                CallFailed(
                    **self._seen(),
                    state=self.state,
                    error=error,
                    duration_s=duration,
                    slow=slow,
                    threshold=self.settings.failure_rate_threshold,
                    reset_after_s=self.settings.reset_after_s,
                    at=now,
                )
            )
        to, reason = self._verdict()
        if to != self.state:
            events.append(self._move(to, reason, now))
        return events

    def _verdict(self) -> tuple[State, Reason]:
        """Return the state that the window calls for, and why; half-open stays until all N results are counted."""
        window, settings = self._window, self.settings
        needed = settings.half_open_permits if self.state == "half_open" else settings.minimum_calls
        if window.calls < needed:
            return self.state, "recovered"
        if window.failure_rate >= settings.failure_rate_threshold:
            return "open", "failure_rate"
        if window.slow_call_rate >= settings.slow_call_rate_threshold:
            return "open", "slow_call_rate"
        return "closed", "recovered"

    # --- States ------------------------------------------------------------------------------------------------

    def _move(self, to: State, reason: Reason, now: float) -> Transition:
        settings, window, before = self.settings, self._window, self.state
        by_slow = reason == "slow_call_rate"
        seen = self._seen()
        self._enter(to, now)
        return Transition(
            **seen | {"generation": self._generation},
            from_state=before,
            to_state=to,
            reason=reason,
            slow_count=window.slow,
            slow_call_rate=window.slow_call_rate,
            threshold=settings.slow_call_rate_threshold if by_slow else settings.failure_rate_threshold,
            reset_after_s=settings.reset_after_s if to == "open" else 0.0,
            at=now,
        )

    def _seen(self) -> dict[str, Any]:
        """Return what events and snapshots have in common."""
        window = self._window
        return {
            "pool": self.pool,
            "calls": window.calls,
            "failure_count": window.failed,
            "failure_rate": window.failure_rate,
            "generation": self._generation,
        }

    def _enter(self, state: State, now: float) -> None:
        self.state = state
        self._generation += 1
        if state == "open":
            self._opened_at = now  # the window stays, to show why
        else:
            settings = self.settings
            self._window = window_of(settings) if state == "closed" else CountWindow(settings.half_open_permits)

    def snapshot(self, now: float) -> Snapshot:
        """Return state and counts at `now`."""
        if self.state == "closed":
            self._window.advance(now)
        self._reclaim(now)
        return Snapshot(
            **self._seen(),
            state=self.state,
            slow_count=self._window.slow,
            slow_call_rate=self._window.slow_call_rate,
            probes=len(self._probes),
            permits=self.settings.half_open_permits,
            retry_after_s=self._retry_after_s(now),
            totals=MappingProxyType(dict(self._totals)),
        )
