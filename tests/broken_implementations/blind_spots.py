"""Broken implementations that keep every shipped contract, and why the contracts do not notice them.

Once a contract notices one, it moves to the others; a test checks this.
"""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import Span
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.broken_implementations.faults import ErrorsBecomeNone
from tests.broken_implementations.registry import blind_spot
from tests.broken_implementations.service import Headers, Service


@blind_spot("redis-get-hit")
class LatencyInSeconds(Service):
    """`latency_ms` is in seconds: a number within its bounds, and no contract compares it with the span's duration."""

    def latency(self, started: int) -> Any:
        return super().latency(started) / 1000


@blind_spot("session-redis-down")
class OutageLooksLikeAMiss(ErrorsBecomeNone):
    """A Redis that is down is a miss: the same trace as of a miss, and no contract knows that Redis was down."""

    swallows = RedisConnectionError


@blind_spot("session-invalidate")
class OneIdForAllRequests(Service):
    """Every request has the correlation id of the process: right within each trace, and no contract looks at two."""

    def correlation_of(self, headers: Headers, service: str) -> str:
        return "c-0"


@blind_spot("database-call-fails")
class EventsWithoutATime(Service):
    """Events have the time of the epoch: no check looks at an event's time."""

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        span.add_event(event, attributes, 1)


@blind_spot("database-call-fails")
class OpenFromOpen(Service):
    """The event of opening says that the breaker was open before: one of the states that `from_state` may name."""

    threshold = 1

    def transition(self, before: str) -> dict[str, Any]:
        return {**super().transition(before), "from_state": "open"}
