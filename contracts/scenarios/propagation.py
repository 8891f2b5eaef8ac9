"""The scenarios of creation, background jobs and two services (S3, S5)."""

from __future__ import annotations

import time

import httpx2
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from starlette.applications import Starlette

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.services.audit_api import audit_settings, create_audit_app
from reference_impl.services.audit_client import AuditClient
from reference_impl.services.studio_api import create_app
from reference_impl.telemetry.setup import configure_tracing

DEADLINE_S = 10.0  # much longer than the service's own, as a busy machine must not make a call fail


async def _post(app: Starlette, path: str, *, expect: int, **body: str) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://studio-api") as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == expect, answer.text


async def _create(harness: Harness) -> None:
    await harness.create_session()


async def _create_redis_down(harness: Harness) -> None:
    with closed_port() as port:
        await harness.reconnect(f"redis://127.0.0.1:{port}/0")
        await harness.create_session()


async def _two_services(harness: Harness) -> None:
    telemetry = configure_tracing(audit_settings({}), span_processors=[SimpleSpanProcessor(harness.exporter)])
    audit_api = create_audit_app(telemetry)
    async with audit_api.router.lifespan_context(audit_api):
        await _create_with_audit(harness, "http://audit-api", httpx2.ASGITransport(app=audit_api))
    telemetry.shutdown()


async def _audit_down(harness: Harness) -> None:
    with closed_port() as port:
        await _create_with_audit(harness, f"http://127.0.0.1:{port}", None)


async def _create_with_audit(harness: Harness, url: str, transport: httpx2.AsyncBaseTransport | None) -> None:
    """Request a session, which studio-api reports to the audit-api at this address."""
    tracer = harness.telemetry.tracer("reference_impl.services.audit_client")
    audit = AuditClient(url, tracer, deadline_s=DEADLINE_S, transport=transport)
    app = create_app(harness.settings, harness.telemetry, redis=harness.redis, store=harness.store, audit=audit)
    await _post(app, "/sessions", expect=201, email=EMAIL)
    await audit.close()


async def _purge(harness: Harness) -> None:
    for number in range(150):
        await harness.store.create(f"{number:032x}", EMAIL, "web", time.time() - 60)
    harness.discard_spans()
    await _purge_nothing(harness)


async def _purge_nothing(harness: Harness) -> None:
    await _post(harness.app, "/admin/purge", expect=202)
    assert await harness.app.state.jobs.drain(DEADLINE_S)


PROPAGATION_ACTIONS: dict[str, Action] = {
    "session-create": _create,
    "session-create-redis-down": _create_redis_down,
    "two-services": _two_services,
    "two-services-audit-down": _audit_down,
    "purge": _purge,
    "purge-nothing": _purge_nothing,
}
"""By scenario."""
