"""Helpers of the connection manager's tests: pools on SQLite files, spans by name, a lock on the database."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from reference_impl.circuit_breaker import BreakerSettings
from reference_impl.database.manager import ConnectionManager, PoolSettings, Queries
from tests.reference_impl.circuit_breaker.breaker_support import Clock
from tests.reference_impl.sessions.session_support import span_id

CALL = "execute_with_circuit_breaker"
POOL = "main"


def named(exporter: InMemorySpanExporter, name: str) -> Sequence[ReadableSpan]:
    """Return the finished spans of this name."""
    return [span for span in exporter.get_finished_spans() if span.name == name]


def below(exporter: InMemorySpanExporter, parent: ReadableSpan) -> Sequence[ReadableSpan]:
    """Return the direct children of a span, by start."""
    found = [span for span in exporter.get_finished_spans() if span.parent and span.parent.span_id == span_id(parent)]
    return sorted(found, key=lambda span: span.start_time or 0)


def events(span: ReadableSpan) -> dict[str, Event]:
    """Return a span's events by name."""
    return {event.name: event for event in span.events}


def breaker_settings(**changed: Any) -> BreakerSettings:
    """Return settings with windows of four calls and two probes, and a wait of 30 s of the test's clock."""
    usual = {"window_calls": 4, "minimum_calls": 4, "half_open_permits": 2, "reset_after_s": 30.0}
    return BreakerSettings(**{**usual, **changed})


@asynccontextmanager
async def managed(
    folder: Path, provider: TracerProvider, *, clock: Clock | None = None, mode: Any = "both", **settings: Any
) -> AsyncIterator[ConnectionManager]:
    """A manager of the pool `main` on a SQLite file in `folder`."""
    options = {"url": f"sqlite+aiosqlite:///{folder / 'main.db'}", "breaker": breaker_settings(), **settings}
    pools = {POOL: PoolSettings(**options)}
    tracer = provider.get_tracer("manager")
    manager = ConnectionManager(pools, tracer=tracer, mode=mode, clock=clock or Clock())
    try:
        yield manager
    finally:
        await manager.close()


async def one(queries: Queries) -> int:
    """Run a query that succeeds and returns 1."""
    return int((await queries.run("SELECT", "numbers", text("SELECT 1 AS number")))[0]["number"])


async def write(queries: Queries) -> None:
    """Run a statement that needs the lock for writing."""
    await queries.run("CREATE", "numbers", text("CREATE TABLE IF NOT EXISTS numbers (number INTEGER)"))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold another connection's lock on the database: a writer waits for it, and fails after the deadline."""
    with closing(sqlite3.connect(folder / "main.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN EXCLUSIVE")
        yield
