"""The service's database pools, as its settings describe them."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.circuit_breaker import BreakerSettings, Listener
from reference_impl.database.manager import ConnectionManager, PoolSettings
from reference_impl.sessions.store import POOL
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry


def connection_manager(
    settings: Settings, telemetry: Telemetry, *, listeners: Iterable[Listener] = ()
) -> ConnectionManager:
    """Return the connection manager of the service; its only pool is for sessions."""
    return ConnectionManager(
        {POOL: pool_settings(settings)},
        tracer=telemetry.tracer("reference_impl.database.manager"),
        mode=settings.span_vocabulary,
        listeners=listeners,
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
