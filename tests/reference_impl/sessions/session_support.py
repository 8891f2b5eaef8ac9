"""Helpers of the sessions' tests: a traced Redis client, a SQLite file, a clock that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reference_impl.database.manager import ConnectionManager, PoolSettings
from reference_impl.redis_tracing.client import make_client
from reference_impl.sessions.cache import KEYS, SessionCache
from reference_impl.sessions.store import POOL, SqlSessionStore

SECRET = "a secret for tests only"
EMAIL = "bob@example.com"
UNHURRIED_S = 50.0


@dataclass
class Clock:
    """Seconds since the epoch, as the test says."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """A session cache with real backends, and the spans that it made."""

    cache: SessionCache
    store: SqlSessionStore
    redis: Any
    exporter: InMemorySpanExporter
    clock: Clock = field(default_factory=Clock)

    def tree(self, root: str) -> list[str]:
        """Return the names of the direct children of the only span of this name, by start."""
        spans = self.exporter.get_finished_spans()
        (top,) = [span for span in spans if span.name == root]
        below = [span for span in spans if span.parent and span.parent.span_id == span_id(top)]
        return [span.name for span in sorted(below, key=lambda span: span.start_time or 0)]

    def span(self, name: str) -> ReadableSpan:
        """Return the only span of this name."""
        (found,) = [span for span in self.exporter.get_finished_spans() if span.name == name]
        return found

    def forget_spans(self) -> None:
        self.exporter.clear()


def span_id(span: ReadableSpan) -> int:
    context = span.get_span_context()
    assert context is not None
    return context.span_id


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}


def shown(spans: tuple[ReadableSpan, ...]) -> str:
    """Return all texts of all spans, to search for secrets."""
    return " ".join(span.to_json() for span in spans)


@asynccontextmanager
async def session_bench(
    redis_port: int,
    folder: Path,
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    *,
    database_url: str = "",
) -> AsyncIterator[Bench]:
    """Yield a bench on a Redis port and a database in `folder`; close everything at the end."""
    url = f"redis://127.0.0.1:{redis_port}/0"
    client = make_client(url, deadline_s=UNHURRIED_S, keys=KEYS, tracer=provider.get_tracer("redis"), retries=0)
    clock = Clock()
    tracer: trace.Tracer = provider.get_tracer("cache")
    async with unhurried_store(database_url or database_in(folder), provider) as store:
        cache = SessionCache(client, store, secret=SECRET, lifetime_s=3600, tracer=tracer, clock=clock)
        try:
            yield Bench(cache, store, client, exporter, clock)
        finally:
            await client.aclose()


@asynccontextmanager
async def unhurried_store(url: str, provider: TracerProvider) -> AsyncIterator[SqlSessionStore]:
    """Return a store with long deadlines, for tests that are not about deadlines."""
    settings = PoolSettings(url=url, checkout_timeout_s=UNHURRIED_S, deadline_s=UNHURRIED_S)
    connections = ConnectionManager({POOL: settings}, tracer=provider.get_tracer("store"))
    try:
        yield SqlSessionStore(connections)
    finally:
        await connections.close()


def database_in(folder: Path) -> str:
    """Return the URL of a SQLite file in a folder."""
    return f"sqlite+aiosqlite:///{folder / 'studio.db'}"
