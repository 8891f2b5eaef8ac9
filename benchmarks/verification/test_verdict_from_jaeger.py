"""The time from the flush of a request's spans to the verdict of all contracts on its trace in Jaeger."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.redis_server import RedisBackend
from reference_impl.services.studio_api import create_app
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry, configure_tracing
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.reporting import render_text
from spanpact.sources import JaegerSource
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, wait_for_verdict

TRACES = 50
GOAL_S = 0.5
WAIT_SETTINGS = WaitSettings(30)
FLUSH_S = 30.0
NO_BATCH_BY_ITSELF_MS = 3_600_000  # spans leave when they are flushed


@dataclass(frozen=True, slots=True)
class Studio:
    """studio-api in this process, and the telemetry that exports to Jaeger."""

    client: httpx2.AsyncClient
    telemetry: Telemetry

    async def session(self) -> tuple[str, str]:
        """Create a session. Return its token and the trace id of the request."""
        answer = await self.client.post("/sessions", json={"email": "ada@example.com", "device": "web"})
        return answer.json()["token"], trace_of(answer)

    async def validated(self, token: str) -> str:
        """Validate a session and return the trace id of the request."""
        return trace_of(await self.client.get("/session", headers={"authorization": f"Bearer {token}"}))


def trace_of(answer: httpx2.Response) -> str:
    answer.raise_for_status()
    return answer.headers["traceresponse"].split("-")[1]


@asynccontextmanager
async def studio(jaeger: JaegerBackend, redis: RedisBackend, folder: Path) -> AsyncIterator[Studio]:
    settings = Settings.load(
        {},
        redis_url=redis.url,
        database_url=f"sqlite+aiosqlite:///{folder / 'studio.db'}",
        endpoint=jaeger.otlp_http,
        schedule_delay_ms=NO_BATCH_BY_ITSELF_MS,
    )
    telemetry = configure_tracing(settings)
    app = create_app(settings, telemetry)
    try:
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio-api") as client,
        ):
            yield Studio(client, telemetry)
    finally:
        telemetry.shutdown()


@pytest.mark.timeout(180)
async def test_from_flush_to_a_verdict(
    jaeger: JaegerBackend, redis_server: RedisBackend, tmp_path: Path, measured: Callable[..., None]
) -> None:
    contracts = [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]

    def verdict_on(trace_id: str) -> Report:
        source = JaegerSource(jaeger.url, trace_ids=[trace_id])
        return wait_for_verdict(
            source.read,
            lambda reading: verify(contracts, reading, VerificationOptions(allow_unseen=True)),
            WAIT_SETTINGS,
            wanted=TraceSelection.of([trace_id]),
        )

    samples = []
    async with studio(jaeger, redis_server, tmp_path) as service:
        token, trace_id = await service.session()
        for number in range(TRACES + 1):
            began = time.perf_counter()
            assert service.telemetry.flush(FLUSH_S)
            report = verdict_on(trace_id)
            samples.append(time.perf_counter() - began)
            assert report.verdict == "kept", render_text(report)
            trace_id = await service.validated(token) if number % 2 else (await service.session())[1]
    # The first one makes connections.
    measured("from flush to a verdict from Jaeger", samples[1:], goal=GOAL_S, jaeger=str(jaeger))
