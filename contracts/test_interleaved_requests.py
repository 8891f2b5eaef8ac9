"""Two thousand interleaved requests with random delays keep every contract: no parent and no id crossed (S5.4)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import get_current_span

from containers.servers.redis_server import RedisBackend
from reference_impl.database.manager import ConnectionManager, Queries
from reference_impl.database.pool import PoolSettings
from reference_impl.propagation.correlation import HEADER, current_correlation_id
from reference_impl.redis_tracing.client import make_client
from reference_impl.services.audit_api import audit_settings, create_audit_app
from reference_impl.services.audit_client import AuditClient
from reference_impl.services.studio_api import create_app
from reference_impl.sessions.cache import KEYS
from reference_impl.sessions.store import POOL, SqlSessionStore
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from spanpact.contract.shipped import shipped_contracts
from spanpact.reporting import render_text
from spanpact.sources import MemorySource
from spanpact.testing import verify_spans
from spanpact.trace.model import Trace

USERS = 400
AT_ONCE = 40
STEPS = (("POST", "/sessions", 201), ("GET", "/session", 200), ("GET", "/session", 200), ("DELETE", "/session", 204),
         ("GET", "/session", 401))  # fmt: skip
REQUESTS = USERS * len(STEPS)
DEADLINE_S = 30.0  # of a command, a query, a call: the machine may be busy
EXERCISED = {"session-create", "session-validate", "session-invalidate", "cross-service", "redis-command"}

T = TypeVar("T")


class DelayedStore(SqlSessionStore):
    """A store that waits for a random time before and after each operation, so that requests overtake each other."""

    def __init__(self, connections: ConnectionManager, seed: int) -> None:
        super().__init__(connections)
        self._random = random.Random(seed)

    async def _execute(self, operation: str, work: Callable[[Queries], Awaitable[T]]) -> T:
        await self._pause()
        result = await super()._execute(operation, work)
        await self._pause()
        return result

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.random() * 0.01)


class Users:
    """Concurrent clients that each send one request after the other; `sent` has correlation ids by trace id."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._free = asyncio.Semaphore(AT_ONCE)
        self.sent: dict[str, str] = {}

    async def act(self, number: int) -> None:
        token = ""
        async with self._free:
            for step, (method, path, status) in enumerate(STEPS):
                answer = await self._request(method, path, token, f"c-{number}-{step}", number * 10 + step + 1)
                assert answer.status_code == status, answer.text
                token = answer.json()["token"] if step == 0 else token

    async def _request(self, method: str, path: str, token: str, correlation_id: str, id: int) -> httpx2.Response:
        headers = {HEADER: correlation_id, "authorization": f"Bearer {token}"}
        if id % 2:  # half of the requests come from a traced client
            headers["traceparent"] = f"00-{id:032x}-{id:016x}-01"
        body = {"email": f"{correlation_id}@example.com"} if path == "/sessions" else None
        answer = await self._client.request(method, path, headers=headers, json=body)
        assert answer.headers[HEADER] == correlation_id
        assert not get_current_span().get_span_context().is_valid
        assert current_correlation_id() is None
        trace_id = answer.headers["traceresponse"].split("-")[1]
        assert int(trace_id, 16) == id or not id % 2
        self.sent[trace_id] = correlation_id
        return answer


async def _drive(redis_url: str, folder: Path, memory: InMemorySpanExporter) -> dict[str, str]:
    """Drive both services in this process, with their real ASGI applications."""
    database = f"sqlite+aiosqlite:///{folder / 'studio.db'}"
    settings = Settings.load({}, redis_url=redis_url, database_url=database)
    telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(memory)])
    audit_telemetry = configure_tracing(audit_settings({}), span_processors=[SimpleSpanProcessor(memory)])
    tracer = telemetry.tracer("tests")
    audit_api = create_audit_app(audit_telemetry)
    transport = httpx2.ASGITransport(audit_api)
    audit = AuditClient("http://audit-api", tracer, deadline_s=DEADLINE_S, transport=transport)
    redis = make_client(
        redis_url,
        pool_name="sessions",
        keys=KEYS,
        tracer=tracer,
        retries=0,
        deadline_s=DEADLINE_S,
        max_connections=AT_ONCE,
    )
    pool = PoolSettings(url=database, checkout_timeout_s=DEADLINE_S, deadline_s=DEADLINE_S)
    connections = ConnectionManager({POOL: pool}, tracer=tracer)
    app = create_app(settings, telemetry, redis=redis, store=DelayedStore(connections, seed=4), audit=audit)
    async with (
        audit_api.router.lifespan_context(audit_api),
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio-api") as client,
    ):
        users = Users(client)
        async with asyncio.TaskGroup() as group:
            for number in range(USERS):
                group.create_task(users.act(number))
    for close in (audit.close, redis.aclose, connections.close):
        await close()
    return users.sent


@pytest.mark.expensive
@pytest.mark.timeout(180)
def test_two_thousand_interleaved_requests_never_mix(redis: RedisBackend, tmp_path: Path) -> None:
    memory = InMemorySpanExporter()
    sent = asyncio.run(_drive(redis.url, tmp_path, memory))
    assert len(sent) == REQUESTS
    traces = MemorySource(memory).read().traces
    assert {trace.trace_id: _correlation_ids(trace) for trace in traces} == {
        trace_id: {correlation_id} for trace_id, correlation_id in sent.items()
    }
    report = verify_spans(shipped_contracts(), memory, allow_unseen=True)
    verdicts = {result.contract: result.verdict for result in report.results}
    assert report.verdict == "kept", render_text(report)
    assert {name for name, verdict in verdicts.items() if verdict == "kept"} >= EXERCISED
    flows = Counter({result.contract: result.flows for result in report.results})
    assert (flows["session-create"], flows["cross-service"]) == (USERS, USERS)
    assert (flows["session-validate"], flows["session-invalidate"]) == (3 * USERS, USERS)


def _correlation_ids(trace: Trace) -> set[object]:
    return {span.attributes["correlation.id"] for span in trace.spans}
