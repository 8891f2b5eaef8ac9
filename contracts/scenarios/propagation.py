"""What the reference implementation does in the scenarios of creation, background jobs and two services (S3, S5)."""

from __future__ import annotations

import time

import httpx
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from starlette.applications import Starlette

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.stage import EMAIL, Action, Stage
from reference_impl.services.audit_api import audit_settings, create_audit_app
from reference_impl.services.audit_client import AuditClient
from reference_impl.services.studio_api import create_app
from reference_impl.telemetry.setup import configure_tracing

DEADLINE_S = 10.0
"""Generous, as a scenario is not about slowness; the service's own deadline is far smaller."""


async def _post(app: Starlette, path: str, *, expect: int, **body: str) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio-api") as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == expect, answer.text


async def _create(stage: Stage) -> None:
    await stage.session()


async def _create_redis_down(stage: Stage) -> None:
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        await stage.session()


async def _two_services(stage: Stage) -> None:
    telemetry = configure_tracing(audit_settings({}), span_processors=[SimpleSpanProcessor(stage.exporter)])
    audit_api = create_audit_app(telemetry)
    async with audit_api.router.lifespan_context(audit_api):
        await _create_told(stage, "http://audit-api", httpx.ASGITransport(app=audit_api))
    telemetry.shutdown()


async def _audit_down(stage: Stage) -> None:
    with closed_port() as port:
        await _create_told(stage, f"http://127.0.0.1:{port}", None)


async def _create_told(stage: Stage, url: str, transport: httpx.AsyncBaseTransport | None) -> None:
    """A request for a session, of which the audit-api at this address is told."""
    tracer = stage.telemetry.tracer("reference_impl.services.audit_client")
    audit = AuditClient(url, tracer, deadline_s=DEADLINE_S, transport=transport)
    app = create_app(stage.settings, stage.telemetry, redis=stage.redis, store=stage.store, audit=audit)
    await _post(app, "/sessions", expect=201, email=EMAIL)
    await audit.close()


async def _purge(stage: Stage) -> None:
    for number in range(150):
        await stage.store.create(f"{number:032x}", EMAIL, "web", time.time() - 60)
    stage.begin()
    await _purge_nothing(stage)


async def _purge_nothing(stage: Stage) -> None:
    await _post(stage.app, "/admin/purge", expect=202)
    assert await stage.app.state.jobs.drain(DEADLINE_S)


PROPAGATION_ACTIONS: dict[str, Action] = {
    "session-create": _create,
    "session-create-redis-down": _create_redis_down,
    "two-services": _two_services,
    "two-services-audit-down": _audit_down,
    "purge": _purge,
    "purge-nothing": _purge_nothing,
}
"""By scenario."""
