"""studio-api: the HTTP service over the session cache (S3), as an ASGI application.

A login in front of it has authenticated the user, and its routes for users and the cache are for the operator: it
listens on loopback by default.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from opentelemetry.trace import get_current_span
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker import BreakerSettings
from reference_impl.database.manager import ConnectionManager, PoolSettings
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.propagation.correlation import new_correlation_id
from reference_impl.redis_tracing.client import make_client
from reference_impl.redis_tracing.pools import pool_use
from reference_impl.services.audit_client import AuditClient
from reference_impl.services.background_jobs import BackgroundJobs, JobsRefused
from reference_impl.services.plain_spans import tracing
from reference_impl.services.request_bodies import (
    bearer_token,
    optional_limit,
    read_object,
    session_request,
    user_id_of,
)
from reference_impl.services.responses import HEALTH, METRICS, JsonResponse, healthz, metrics_endpoint, refuse
from reference_impl.sessions.cache import KEYS, CacheUnavailable, SessionCache
from reference_impl.sessions.store import POOL, Session, SqlSessionStore, StoreUnavailable
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry

UNTRACED = frozenset({HEALTH, METRICS})
"""Paths that are neither traced nor counted."""


def create_app(
    settings: Settings,
    telemetry: Telemetry,
    *,
    redis: Redis | None = None,
    store: SqlSessionStore | None = None,
    audit: AuditClient | None = None,
    metrics: ServiceMetrics | None = None,
    make_correlation_id: Callable[[], str] = new_correlation_id,
) -> Starlette:
    """Return the application, with `cache`, `jobs`, `audit`, `metrics` and `connections` in `app.state`.

    `redis`, `store` and `audit` replace those of the settings, and the caller closes them; with a `store`,
    `app.state.connections` is None. Whatever is made here is closed when the application ends, after the background
    jobs. With `metrics`, which must be the `measures` of the telemetry too, requests are counted and /metrics is
    served.
    """
    own: list[Callable[[], Any]] = []
    if redis is None:
        redis = _session_redis(settings, telemetry)
        own.append(redis.aclose)
    connections = None
    if store is None:
        connections = ConnectionManager(
            {POOL: pool_settings(settings)},
            tracer=telemetry.tracer("reference_impl.database.manager"),
            mode=settings.span_vocabulary,
            listeners=[metrics.breaker_event] if metrics else [],
        )
        store = SqlSessionStore(connections)
        own.append(connections.close)
    cache = SessionCache(
        redis,
        store,
        secret=settings.session_secret,
        lifetime_s=settings.session_lifetime_s,
        tracer=telemetry.tracer("reference_impl.sessions.cache"),
    )
    if audit is None and settings.audit_url:
        tracer = telemetry.tracer("reference_impl.services.audit_client")
        audit = AuditClient(settings.audit_url, tracer, deadline_s=settings.audit_deadline_s)
        own.append(audit.close)
    jobs = BackgroundJobs(telemetry.tracer("reference_impl.services.background_jobs"))
    routes = [
        Route("/sessions", create_session, methods=["POST"]),
        Route("/session", get_session, methods=["GET"]),
        Route("/session", delete_session, methods=["DELETE"]),
        Route("/users/{id}/sessions", delete_user_sessions, methods=["DELETE"]),
        Route("/cache/warm", warm_cache, methods=["POST"]),
        Route("/admin/purge", purge, methods=["POST"]),
        Route(HEALTH, healthz, methods=["GET"]),
    ]
    if metrics is not None:
        routes.append(Route(METRICS, metrics_endpoint, methods=["GET"]))
        _watch(metrics, telemetry, redis, connections)
    middleware = [
        tracing(telemetry, routes, untraced=UNTRACED, make_correlation_id=make_correlation_id, metrics=metrics)
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await jobs.drain(settings.exit_deadline_s)
        for close in own:
            await close()

    app = Starlette(routes=routes, middleware=middleware, exception_handlers=_HANDLERS, lifespan=lifespan)
    app.state.cache, app.state.audit, app.state.jobs = cache, audit, jobs
    app.state.connections, app.state.metrics = connections, metrics
    return app


def _watch(metrics: ServiceMetrics, telemetry: Telemetry, redis: Redis, connections: ConnectionManager | None) -> None:
    metrics.watch_spans(telemetry.ledger)
    metrics.watch_keys(lambda: KEYS.unregistered)
    metrics.watch_pools("redis", lambda: {"sessions": pool_use(redis)})
    if connections is not None:
        metrics.watch_pools("database", lambda: connections.uses)
        metrics.watch_breakers(connections.breakers)


def _session_redis(settings: Settings, telemetry: Telemetry) -> Redis:
    # No retries: the database is faster than a second attempt, and one look-up stays one span (S3).
    return make_client(
        settings.redis_url,
        pool_name="sessions",
        keys=KEYS,
        tracer=telemetry.tracer("reference_impl.redis_tracing.commands"),
        mode=settings.span_vocabulary,
        retries=0,
    )


def pool_settings(settings: Settings) -> PoolSettings:
    """Return the settings of the pool for sessions."""
    return PoolSettings(
        url=settings.database_url,
        size=settings.database_pool_size,
        checkout_timeout_s=settings.database_checkout_timeout_s,
        deadline_s=settings.database_deadline_s,
        breaker=BreakerSettings(
            window=settings.breaker_window,
            window_calls=settings.breaker_window_calls,
            window_s=settings.breaker_window_s,
            minimum_calls=settings.breaker_minimum_calls,
            failure_rate_threshold=settings.breaker_failure_rate,
            slow_call_rate_threshold=settings.breaker_slow_call_rate,
            slow_call_duration_s=settings.breaker_slow_call_s,
            reset_after_s=settings.breaker_reset_s,
            half_open_permits=settings.breaker_half_open_permits,
            probe_lease_s=settings.breaker_probe_lease_s,
        ),
    )


async def create_session(request: Request) -> Response:
    """Serve POST /sessions {"email", "device"}: 201 with the token."""
    email, device = session_request(await read_object(request))
    token, session = await _cache(request).create(email, device)
    await _audit(request, "session.created", session)
    return JsonResponse({"token": token, **_shown(session)}, 201)


async def get_session(request: Request) -> Response:
    """Serve GET /session: 200 with the session of the bearer token, or 401 with the reason."""
    result = await _cache(request).validate(bearer_token(request.headers.get("authorization")))
    if result.session is None:
        return JsonResponse({"valid": False, "reason": result.reason}, 401)
    return JsonResponse({"valid": True, **_shown(result.session)})


async def delete_session(request: Request) -> Response:
    """Serve DELETE /session: end the bearer token's session. 204, also if it had ended; 401 for a tampered token."""
    known = await _cache(request).invalidate(bearer_token(request.headers.get("authorization")))
    return Response(status_code=204) if known else JsonResponse({"error": "tampered token"}, 401)


async def delete_user_sessions(request: Request) -> Response:
    """Serve DELETE /users/{id}/sessions: end all sessions of a user."""
    user_id = user_id_of(request.path_params["id"])
    return JsonResponse({"invalidated": await _cache(request).invalidate_all(user_id)})


async def warm_cache(request: Request) -> Response:
    """Serve POST /cache/warm {"limit"}: cache the database's active sessions."""
    limit = optional_limit(await read_object(request))
    return JsonResponse({"warmed": await _cache(request).warm_cache(limit)})


async def purge(request: Request) -> Response:
    """Serve POST /admin/purge: 202 at once; a background job with its own trace deletes expired sessions (S5.1)."""
    cache, jobs = _cache(request), request.app.state.jobs

    async def work() -> dict[str, Any]:
        return {v.SESSIONS_DELETED: await cache.purge_expired()}

    jobs.start(v.SESSION_PURGE, work)
    return JsonResponse({"accepted": True}, 202)


def _cache(request: Request) -> SessionCache:
    cache: SessionCache = request.app.state.cache
    return cache


async def _audit(request: Request, event: str, session: Session) -> None:
    audit: AuditClient | None = request.app.state.audit
    if audit is not None:
        get_current_span().set_attribute(v.AUDIT_REQUESTED, True)
        await audit.record(event, {"user_id": session.user_id, "device": session.device})


def _shown(session: Session) -> dict[str, Any]:
    return {"user_id": session.user_id, "device": session.device, "expires_at": session.expires_at}


def _unavailable(_: Request, error: Exception) -> Response:
    backend = "database" if isinstance(error, StoreUnavailable) else "cache"
    wait_s = error.retry_after_s if isinstance(error, StoreUnavailable) else 0.0
    retry_after = str(max(1, math.ceil(wait_s)))
    return JsonResponse({"error": f"the {backend} cannot be reached; try again"}, 503, {"retry-after": retry_after})


def _busy(_: Request, error: Exception) -> Response:
    return JsonResponse({"error": f"{error}; try again"}, 503, {"retry-after": "1"})


_HANDLERS: dict[Any, Callable[[Request, Exception], Response]] = {
    HTTPException: refuse,
    StoreUnavailable: _unavailable,
    CacheUnavailable: _unavailable,
    JobsRefused: _busy,
}
