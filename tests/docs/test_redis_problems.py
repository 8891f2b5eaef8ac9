"""The problems of docs/redis-operations-guide.md are made on a real Redis, and the spans are those of the page."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reference_impl.redis_tracing import make_client
from reference_impl.sessions.cache import KEYS
from spanpact.sources import MemorySource
from spanpact.trace.model import Span
from tests.docs.pages import blocks, page
from tests.reference_impl.redis_tracing.redis_support import RedisServer, run, running_redis

GUIDE = page("redis-operations-guide.md")
PROBLEMS = GUIDE.partition("\n## What a problem looks like\n")[2].partition("\n## ")[0]
SHOWN = ("operation", "key", "cache_hit", "cache_miss", "error", "db.response.status_code")
Steps = Callable[[Any], Awaitable[object]]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Yield a Redis of the test's own, which it may stop and spoil; it has more keys than one SCAN returns."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        with redis.Redis(port=server.port) as client:
            client.hset("user_sessions:7:web", "s1", "0")
            client.mset({f"session:{number}": "{}" for number in range(25)})
        yield server
        os.kill(server.process.pid, signal.SIGCONT)


def problem(title: str) -> str:
    """Return the tree below a heading of the page."""
    (block,) = blocks(PROBLEMS.partition(f"\n### {title}\n")[2].partition("\n### ")[0])
    return block.text


def drawn(server: RedisServer, steps: Steps, **options: Any) -> str:
    """Return the spans that steps with a client of the service's kind make, a line each, as the page shows them."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    async def session() -> None:
        tracer = provider.get_tracer("guide")
        settings = {"pool_name": "sessions", "keys": KEYS, "tracer": tracer, "retries": 0, "deadline_s": 0.5, **options}
        async with make_client(server.url, **settings) as client:
            await steps(client)

    run(session)
    spans = [span for trace in MemorySource(exporter).read().traces for span in trace.spans]
    return "".join(_lines(span) for span in sorted(spans, key=lambda span: span.start_ns))


def _lines(span: Span) -> str:
    status = f'  error "{span.status_message}"' if span.status == "error" else ""
    shown = [f"{name}={_text(span.attributes[name])}" for name in SHOWN if name in span.attributes]
    events = [f"  * {each.name}  exception.type={_text(each.attributes['exception.type'])}\n" for each in span.events]
    return "".join([f"{span.name}  {span.kind}{status}  {'  '.join(shown)}\n", *events])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def failing(call: Awaitable[object]) -> None:
    with pytest.raises(redis.RedisError):
        await call


def test_redis_is_too_slow(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)
    assert drawn(server, lambda client: failing(client.get("session:1"))) == problem("Redis is too slow")


def test_the_pool_is_too_small(server: RedisServer) -> None:
    async def steps(client: Any) -> None:
        async with client.pipeline() as holder:
            await holder.watch("session:2")
            await failing(client.get("session:1"))

    tree = drawn(server, steps, max_connections=1, pool_wait_s=0.05)
    assert tree == "redis.watch  client  operation=WATCH  key=session:*\n" + problem("The pool is too small")


def test_redis_has_no_memory_left(server: RedisServer) -> None:
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory", 1)
    tree = drawn(server, lambda client: failing(client.set("session:1", "{}")))
    assert tree == problem("Redis has no memory left")


def test_the_server_is_a_replica(server: RedisServer) -> None:
    with redis.Redis(port=server.port) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
    tree = drawn(server, lambda client: failing(client.delete("session:1")))
    assert tree == problem("The server has become a replica")


def test_a_key_is_not_registered(server: RedisServer) -> None:
    assert drawn(server, lambda client: client.get("basket:1")) == problem("A key is not registered")


def test_a_key_holds_another_type(server: RedisServer) -> None:
    tree = drawn(server, lambda client: failing(client.hgetall("session:1")))
    assert tree == problem("A key holds another type")


def test_there_are_many_keys(server: RedisServer) -> None:
    async def steps(client: Any) -> None:
        async for _ in client.scan_iter(match="user_sessions:7:*", count=10):
            pass

    assert set(drawn(server, steps).splitlines()) == set(problem("There are many keys").splitlines())


def test_every_problem_has_a_row_and_a_tree_or_a_flow() -> None:
    rows = re.findall(r"^\| \[([^\]]+)\]\(#([\w-]+)\) \|", PROBLEMS, re.MULTILINE)
    titles = re.findall(r"^### (.+)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert {anchor for _, anchor in rows} <= anchors
    assert len(rows) >= 10
    assert set(re.findall(r"^### (.+)$", PROBLEMS, re.MULTILINE)) <= {title for title, _ in rows}
