"""The outcome of a call as the value of a label: from its exception, its HTTP status or its attributes (S4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker.values import CircuitOpen

_EXHAUSTED: Final = "PoolExhausted"
"""The name of the exceptions that the pools of Redis and of the database raise when they are exhausted."""


def error_reason(status: int | None, error: BaseException | None) -> str | None:
    """Return why a request counts as failed, from its HTTP status or its exception; None for one that did not fail."""
    if isinstance(error, Exception):
        return "exception"
    if error is not None or status is None:
        return "cancelled"
    return "unavailable" if status == 503 else "status" if status >= 500 else None


def query_outcome(error: BaseException | None) -> str:
    """Return `ok`, `error` or `cancelled`."""
    return "ok" if error is None else "error" if isinstance(error, Exception) else "cancelled"


def operation_outcome(error: BaseException | None, attributes: Mapping[str, Any]) -> str:
    """Return the outcome of an operation: as of a query; for a session validation `valid` or the reason."""
    if error is None and v.SESSION_VALID in attributes:
        return "valid" if attributes[v.SESSION_VALID] else str(attributes.get(v.SESSION_REASON))
    return query_outcome(error)


def call_outcome(error: BaseException | None) -> str:
    """Return the outcome of a database call: as of a query, or `rejected`, `exhausted`, `timeout`."""
    if isinstance(error, CircuitOpen):
        return "rejected"
    if type(error).__name__ == _EXHAUSTED:
        return "exhausted"
    return "timeout" if isinstance(error, TimeoutError) else query_outcome(error)


def redis_outcome(error: BaseException | None) -> str:
    """Return the outcome of a Redis command: as of a query, or `exhausted`, `timeout`, `unreachable`."""
    if type(error).__name__ == _EXHAUSTED:
        return "exhausted"
    if isinstance(error, (RedisTimeoutError, TimeoutError)):
        return "timeout"
    return "unreachable" if isinstance(error, (RedisConnectionError, OSError)) else query_outcome(error)
