"""Database calls behind a circuit breaker (docs/specification.md S4), on a real SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from opentelemetry.sdk.trace import Span
from opentelemetry.trace import SpanKind

from tests.broken_implementations.redis_steps import RedisSteps
from tests.broken_implementations.tracing import STUDIO, CircuitOpen, Outputs

POOL = "sessions"
RESET_S = 30.0
TABLES = """
create table if not exists sessions (id text primary key, user integer, device text, expires integer);
create table if not exists users (id integer primary key, email text unique);
create table if not exists audits (session text);
"""

T = TypeVar("T")
Statement = tuple[str, tuple[Any, ...]]


class StoreUnavailable(Exception):
    """Raised if the database cannot be reached."""


class DatabaseSteps(RedisSteps):
    """Queries in a thread, behind a breaker that opens after three failures in a row and lets one probe through."""

    threshold = 3

    def __init__(self, outputs: Outputs, redis_url: str, folder: Path) -> None:
        super().__init__(outputs, redis_url)
        self.file = folder / "sessions.db"
        self.database = sqlite3.connect(self.file, timeout=0, check_same_thread=False, isolation_level=None)
        self.database.executescript(TABLES)
        self.state, self.failures, self.opened_at = "closed", 0, 0

    async def execute_with_circuit_breaker(self, operation: str, *statements: Statement) -> list[list[Any]]:
        """Return the rows of each statement. Raise StoreUnavailable, or CircuitOpen if the breaker refuses."""
        with self.span("execute_with_circuit_breaker", **self.called(operation)) as span:
            self.admit(span)
            span.set_attribute("circuit_breaker.state", self.state)
            span.set_attribute("pool.checkout_ms", 0.0)
            try:
                rows = [await self.query(operation, *statement) for statement in statements]
            except sqlite3.Error as error:
                self.call_failed(span, error)
                raise StoreUnavailable from error
            self.call_succeeded(span)
            return rows

    def called(self, operation: str) -> dict[str, Any]:
        """Return the attributes of a call's span."""
        return {"operation": operation, "connection_pool": POOL}

    async def query(self, operation: str, sql: str, values: tuple[Any, ...], service: str = STUDIO) -> list[Any]:
        """Run one query, traced in the thread that it runs in."""
        return await self.in_thread(lambda: self.traced_query(operation, sql, values, service))

    def traced_query(self, operation: str, sql: str, values: tuple[Any, ...], service: str) -> list[Any]:
        """Run one query in one span."""
        with self.span("db.query", kind=SpanKind.CLIENT, service=service, **self.queried(operation)) as span:
            started = self.now()
            try:
                return self.database.execute(sql, values).fetchall()
            finally:
                span.set_attribute("latency_ms", (self.now() - started) / 1e6)

    def queried(self, operation: str) -> dict[str, Any]:
        """Return the attributes of a query's span."""
        return {"operation": operation, "db_type": "sqlite", "connection_pool": POOL}

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run blocking work in a thread that has the current context."""
        return await asyncio.to_thread(call)

    # --- the breaker -----------------------------------------------------------------------------------------

    def admit(self, span: Span) -> None:
        """Let the call through, or raise CircuitOpen."""
        if self.state == "open" and self.now() - self.opened_at >= RESET_S * 1e9:
            self.change_state(span, "half_open", "circuit_breaker.half_open")
        if self.state == "open":
            self.refuse(span)
            raise CircuitOpen(f"circuit {POOL} is open")

    def refuse(self, span: Span) -> None:
        """Record that a call is refused."""
        left = RESET_S - (self.now() - self.opened_at) / 1e9
        self.add_event(span, "circuit_breaker.rejected", pool=POOL, state=self.state, retry_after_s=left)

    def call_failed(self, span: Span, error: BaseException) -> None:
        """Count a failure; the third one in a row opens the breaker."""
        self.failures += 1
        explained = {"failure_count": self.failures, "threshold": 1.0, "reset_after_s": RESET_S}
        self.add_event(span, "circuit_breaker.failure", pool=POOL, **{"error.type": type(error).__name__}, **explained)
        if self.failures >= self.threshold:
            self.opened_at = self.now()
            self.change_state(span, "open", "circuit_breaker.open")

    def call_succeeded(self, span: Span) -> None:
        """Reset the count of failures after a call that succeeded."""
        if self.state == "half_open":
            self.change_state(span, "closed", "circuit_breaker.close")
        self.failures = 0

    def change_state(self, span: Span, state: str, event: str) -> None:
        """Change the breaker's state, and record it."""
        before, self.state = self.state, state
        self.add_event(span, event, **self.transition(before))

    def transition(self, before: str) -> dict[str, Any]:
        """Return the attributes that explain a change of state."""
        rate = self.failures / self.threshold
        counted = {"failure_count": self.failures, "failure_rate": rate, "threshold": 1.0, "reset_after_s": RESET_S}
        return {"pool": POOL, "from_state": before, **counted}

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        """Add an event of the breaker to the span of the call that caused it."""
        span.add_event(event, attributes, self.now())

    async def close(self) -> None:
        """Close all connections."""
        await super().close()
        self.database.close()


def row_or_none(rows: Sequence[Sequence[Any]]) -> Any:
    """Return the only row of the only statement, None if there is none."""
    return rows[0][0] if rows[0] else None
