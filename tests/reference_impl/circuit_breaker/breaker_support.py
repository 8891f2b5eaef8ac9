"""Helpers of the circuit breaker's tests: a clock that only they move, a backend's failure, a listener."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from reference_impl.circuit_breaker import BreakerEvent, CallFailed, Transition
from tests.line_tracing import traced_by


class BackendDown(Exception):
    """The backend's own failure."""


class Clock:
    """A clock that moves only by `advance`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Recorder:
    """A listener that keeps the events."""

    def __init__(self) -> None:
        self.events: list[BreakerEvent] = []

    def __call__(self, event: BreakerEvent) -> None:
        self.events.append(event)

    @property
    def transitions(self) -> list[Transition]:
        """Return the transitions among the events."""
        return [event for event in self.events if isinstance(event, Transition)]

    @property
    def failures(self) -> list[CallFailed]:
        """Return the failures among the events."""
        return [event for event in self.events if isinstance(event, CallFailed)]

    def moves(self) -> list[str]:
        """Return the transitions in short: `closed>open failure_rate`."""
        return [f"{event.from_state}>{event.to_state} {event.reason}" for event in self.transitions]


@contextmanager
def switching_at_every_line() -> Iterator[None]:
    """Let other threads run after each line of the breaker's code, where they would rarely meet by chance.

    Without the breaker's lock, concurrent callers are then counted wrongly in nearly every run.
    """

    def switch(frame: FrameType, event: str, argument: Any) -> Any:
        if not str(frame.f_globals.get("__name__")).startswith("reference_impl.circuit_breaker."):
            return None
        time.sleep(0)  # no wait: it hands the interpreter over
        return switch

    with traced_by(switch):
        yield
