"""Every operation of S3 on a real Redis and a real database, and the spans that each one makes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from reference_impl.sessions.cache import CacheUnavailable, Validation
from reference_impl.sessions.store import Session
from reference_impl.sessions.tokens import issue_token
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port, run
from tests.reference_impl.sessions.session_support import (
    EMAIL,
    SECRET,
    Bench,
    attributes,
    session_bench,
    shown,
    span_id,
)

Steps = Callable[[Bench], Awaitable[None]]
On = Callable[[Steps], None]


@pytest.fixture
def on_bench(empty_redis: RedisServer, tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter) -> On:
    """Runs a test's steps on a bench whose Redis is up."""
    return _runner(empty_redis.port, tmp_path, provider, exporter)


@pytest.fixture
def without_redis(tmp_path: Path, provider: TracerProvider, exporter: InMemorySpanExporter) -> On:
    """Runs a test's steps on a bench whose Redis is down."""
    return _runner(free_port(), tmp_path, provider, exporter)


def _runner(port: int, folder: Path, provider: TracerProvider, exporter: InMemorySpanExporter) -> On:
    def go(steps: Steps) -> None:
        async def main() -> None:
            async with session_bench(port, folder, provider, exporter) as bench:
                await steps(bench)

        run(main, deadline_s=50)

    return go


def test_a_cached_session_is_found_without_the_database(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        bench.forget_spans()
        result = await bench.cache.validate(token)
        assert (result.session, result.valid, result.source) == (session, True, "cache")
        assert bench.tree("session.validate") == ["redis.get"]
        top = bench.span("session.validate")
        assert dict(attributes(top)) == {"session.valid": True, "session.source": "cache"}
        assert top.status.status_code is StatusCode.UNSET
        assert attributes(bench.span("redis.get"))["key"] == "session:*"

    on_bench(steps)


def test_a_miss_asks_the_database_and_caches_for_the_time_that_remains(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        await bench.redis.flushall()
        bench.clock.now += 600
        bench.forget_spans()
        assert (await bench.cache.validate(token)).source == "database"
        assert bench.tree("session.validate") == ["redis.get", "execute_with_circuit_breaker", "redis.set"]
        assert 2990_000 < await bench.redis.pttl(f"session:{session.id}") <= 3000_000
        assert (await bench.cache.validate(token)).source == "cache"

    on_bench(steps)


@pytest.mark.parametrize("cached", [True, False])
def test_an_expired_session_is_an_answer_and_leaves_the_cache(on_bench: On, cached: bool) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        if not cached:
            await bench.redis.flushall()
        bench.clock.now = session.expires_at
        bench.forget_spans()
        result = await bench.cache.validate(token)
        assert (result.valid, result.reason) == (False, "expired")
        lookup = ["redis.get"] if cached else ["redis.get", "execute_with_circuit_breaker"]
        assert bench.tree("session.validate") == [*lookup, "redis.delete"]
        top = bench.span("session.validate")
        assert (attributes(top)["session.valid"], attributes(top)["session.reason"]) == (False, "expired")
        assert top.status.status_code is StatusCode.UNSET
        assert await bench.redis.exists(f"session:{session.id}") == 0

    on_bench(steps)


def test_an_unknown_session_is_an_answer(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        assert await bench.cache.validate(issue_token("nobody-knows-this", SECRET)) == Validation(reason="unknown")
        assert bench.tree("session.validate") == ["redis.get", "execute_with_circuit_breaker"]

    on_bench(steps)


def test_a_tampered_token_is_an_answer_and_nothing_is_asked(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        token, _ = await bench.cache.create(EMAIL, "web")
        bench.forget_spans()
        for bad in (token[:-1] + "A" * 2, "x" + token[1:], "", "a.b", token + "\n", "\ud800", "x" * 10_000):
            assert await bench.cache.validate(bad) == Validation(reason="tampered")
        assert {span.name for span in bench.exporter.get_finished_spans()} == {"session.validate"}

    on_bench(steps)


@pytest.mark.parametrize(
    "garbage", ["not json", "[]", '{"id": 1}', '{"id":"a","user_id":1,"device":"w","expires_at":"x"}']
)
def test_what_this_version_did_not_write_counts_as_not_cached(on_bench: On, garbage: str) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        await bench.redis.set(f"session:{session.id}", garbage)
        bench.forget_spans()
        assert (await bench.cache.validate(token)).source == "database"
        assert attributes(bench.span("session.validate"))["session.cached"] == "unreadable"
        assert attributes(bench.span("redis.get"))["cache_hit"] is True
        assert json.loads(await bench.redis.get(f"session:{session.id}"))["id"] == session.id

    on_bench(steps)


def test_a_redis_that_is_down_degrades_to_the_database_and_the_trace_shows_it(without_redis: On) -> None:
    async def steps(bench: Bench) -> None:
        token, _ = await bench.cache.create(EMAIL, "web")
        bench.forget_spans()
        assert (await bench.cache.validate(token)).valid
        assert bench.tree("session.validate") == ["redis.get", "execute_with_circuit_breaker", "redis.set"]
        assert bench.span("redis.get").status.status_code is StatusCode.ERROR
        assert "ConnectionError" in str(attributes(bench.span("redis.get"))["error.type"])
        assert bench.span("session.validate").status.status_code is StatusCode.UNSET

    without_redis(steps)


def test_removal_is_never_believed_when_redis_is_down(without_redis: On) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        with pytest.raises(CacheUnavailable, match=r"^ConnectionError$"):
            await bench.cache.invalidate_all(session.user_id)
        with pytest.raises(CacheUnavailable):
            await bench.cache.invalidate(token)
        assert bench.span("session.invalidate_all").status.status_code is StatusCode.ERROR
        await bench.cache.create(EMAIL, "web")
        with pytest.raises(CacheUnavailable):
            await bench.cache.warm_cache()
        assert bench.span("session.warm_cache").status.status_code is StatusCode.ERROR

    without_redis(steps)


def test_invalidating_one_session_removes_it_everywhere(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        bench.forget_spans()
        assert await bench.cache.invalidate(token)
        assert [span.name for span in bench.exporter.get_finished_spans()] == [
            "db.query", "execute_with_circuit_breaker", "redis.delete", "redis.hdel",
        ]  # fmt: skip
        roots = [span.name for span in bench.exporter.get_finished_spans() if span.parent is None]
        assert roots == ["execute_with_circuit_breaker", "redis.delete", "redis.hdel"]
        assert await bench.redis.keys("*") == []
        assert (await bench.cache.validate(token)).reason == "unknown"
        assert await bench.cache.invalidate(token)
        assert not await bench.cache.invalidate(token + "x")
        assert await bench.store.find(session.id) is None

    on_bench(steps)


def test_invalidating_one_session_is_a_child_of_the_caller(on_bench: On, provider: TracerProvider) -> None:
    async def steps(bench: Bench) -> None:
        token, _ = await bench.cache.create(EMAIL, "web")
        with provider.get_tracer("caller").start_as_current_span("caller"):
            await bench.cache.invalidate(token)
        parent = bench.span("redis.delete").parent
        assert parent is not None
        assert parent.span_id == span_id(bench.span("caller"))

    on_bench(steps)


def test_invalidating_all_removes_one_user_s_sessions_on_every_device(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        tokens = [(await bench.cache.create(EMAIL, device))[0] for device in ("web", "web", "phone")]
        other, _ = await bench.cache.create("eve@example.com", "web")
        session = (await bench.cache.validate(tokens[0])).session
        assert session is not None
        bench.forget_spans()
        assert await bench.cache.invalidate_all(session.user_id) == 3
        children = bench.tree("session.invalidate_all")
        assert children[0] == "execute_with_circuit_breaker"
        assert children[-1] == "redis.pipeline"
        assert sorted(set(children)) == [
            "execute_with_circuit_breaker",
            "redis.hgetall",
            "redis.pipeline",
            "redis.scan",
        ]
        assert children.count("redis.hgetall") == 2
        assert attributes(bench.span("session.invalidate_all"))["sessions.deleted"] == 3
        assert attributes(bench.span("redis.pipeline"))["db.operation.batch.size"] == 5
        assert [(await bench.cache.validate(token)).reason for token in tokens] == ["unknown"] * 3
        assert (await bench.cache.validate(other)).valid

    on_bench(steps)


def test_invalidating_all_finds_sessions_that_only_one_side_knows(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        lost, session = await bench.cache.create(EMAIL, "web")
        await bench.redis.delete(f"user_sessions:{session.user_id}:web")  # Redis lost its index
        gone, deleted = await bench.cache.create(EMAIL, "phone")
        await bench.store.delete(deleted.id)  # the database lost its row
        assert (await bench.cache.validate(gone)).source == "cache"
        assert await bench.cache.invalidate_all(session.user_id) == 2
        assert [(await bench.cache.validate(token)).valid for token in (lost, gone)] == [False, False]

    on_bench(steps)


def test_invalidating_all_works_in_batches_and_says_none_for_nobody(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        sessions = [(await bench.cache.create(EMAIL, "web"))[1] for _ in range(150)]
        bench.forget_spans()
        assert await bench.cache.invalidate_all(sessions[0].user_id) == 150
        assert bench.tree("session.invalidate_all").count("redis.pipeline") == 2
        assert await bench.redis.dbsize() == 0
        bench.forget_spans()
        assert await bench.cache.invalidate_all(sessions[0].user_id) == 0
        assert bench.tree("session.invalidate_all") == ["execute_with_circuit_breaker", "redis.scan"]

    on_bench(steps)


def test_an_index_of_expired_sessions_is_not_counted(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        _, session = await bench.cache.create(EMAIL, "web")
        await bench.store.delete(session.id)
        bench.clock.now += 7200
        assert await bench.cache.invalidate_all(session.user_id) == 0

    on_bench(steps)


@pytest.mark.parametrize(("number", "writes", "name"), [(4, 4, "redis.set"), (20, 7, "redis.pipeline")])
def test_warming_writes_what_the_database_holds_with_bounded_concurrency(
    on_bench: On, number: int, writes: int, name: str
) -> None:
    async def steps(bench: Bench) -> None:
        tokens = [(await bench.cache.create(EMAIL, "web"))[0] for _ in range(number)]
        await bench.redis.flushall()
        bench.forget_spans()
        assert await bench.cache.warm_cache() == number
        assert bench.tree("session.warm_cache") == ["execute_with_circuit_breaker", *[name] * writes]
        assert attributes(bench.span("session.warm_cache"))["sessions.warmed"] == number
        assert 2 <= most_at_once(bench, name) <= 8
        assert {(await bench.cache.validate(token)).source for token in tokens} == {"cache"}

    on_bench(steps)


@pytest.mark.expensive
def test_warming_a_thousand_never_has_more_than_eight_writers(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        expires_at = bench.clock.now + 60
        await asyncio.gather(*(bench.store.create(f"session-{n}", EMAIL, "web", expires_at) for n in range(901)))
        bench.forget_spans()
        assert await bench.cache.warm_cache(limit=900) == 900
        assert bench.tree("session.warm_cache").count("redis.pipeline") == 9
        assert most_at_once(bench, "redis.pipeline") <= 8
        assert await bench.redis.dbsize() == 900

    on_bench(steps)


def test_warming_skips_expired_sessions_and_an_empty_database(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        assert await bench.cache.warm_cache() == 0
        await bench.cache.create(EMAIL, "web")
        bench.clock.now += 3600
        assert await bench.cache.warm_cache() == 0

    on_bench(steps)


def test_no_span_says_who_the_user_is_or_what_opens_the_session(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        token, session = await bench.cache.create(EMAIL, "web")
        await bench.cache.validate(token)
        await bench.cache.warm_cache()
        await bench.cache.invalidate(token)
        await bench.cache.create(EMAIL, "web")
        await bench.cache.invalidate_all(session.user_id)
        text = shown(bench.exporter.get_finished_spans())
        for secret in (EMAIL, "bob", session.id, token, SECRET, "[unregistered]"):
            assert secret not in text

    on_bench(steps)


def test_one_user_has_one_row_however_often_a_session_begins(on_bench: On) -> None:
    async def steps(bench: Bench) -> None:
        first, second = [(await bench.cache.create(EMAIL, "web"))[1] for _ in range(2)]
        assert first.user_id == second.user_id
        assert first.id != second.id
        assert await bench.store.find(first.id) == Session(first.id, first.user_id, "web", bench.clock.now + 3600)

    on_bench(steps)


def most_at_once(bench: Bench, name: str) -> int:
    spans = [span for span in bench.exporter.get_finished_spans() if span.name == name]
    moments = [(span.start_time or 0, 1) for span in spans] + [(span.end_time or 0, -1) for span in spans]
    open_now = most = 0
    for _, change in sorted(moments):
        open_now += change
        most = max(most, open_now)
    return most
