"""Every call to a database, through the circuit breaker of its pool (S4.1 to S4.3).

    manager = ConnectionManager({"sessions": PoolSettings(url="sqlite+aiosqlite:///studio.db")})
    rows = await manager.execute_with_circuit_breaker(
        "sessions", "SELECT", lambda queries: queries.run("SELECT", "sessions", select(sessions))
    )

A call is one span `execute_with_circuit_breaker`; the breaker's transitions and failures are its events, and each query
is a client span below it. A call first waits for a connection and then acquires the breaker's permit, so that the wait
does not count as slowness of the database and does not hold a probe's permit. An open breaker rejects at once.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import perf_counter_ns
from types import MappingProxyType
from typing import TypeVar

from opentelemetry.trace import Span, StatusCode, Tracer, get_tracer

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker import CircuitBreaker, CircuitOpen, Listener
from reference_impl.database.breaker_events import log_change, record_on_span, record_rejection
from reference_impl.database.engine import is_of_database, is_outage
from reference_impl.database.pool import Pool, PoolExhausted, PoolSettings, Prepare
from reference_impl.database.query_spans import Queries
from reference_impl.instrumentation.errors import error_type
from reference_impl.instrumentation.measures import PoolUse
from reference_impl.instrumentation.operation_spans import operation_span, record_failure

__all__ = ["ConnectionManager", "PoolExhausted", "PoolSettings", "PoolUse", "Queries"]

R = TypeVar("R")


class ConnectionManager:
    """Pools of database connections by key, each behind its own breaker; for one event loop.

    `listeners` get every breaker's transitions and failures, after the span. `clock` is that of the breakers.
    """

    def __init__(
        self,
        pools: Mapping[str, PoolSettings],
        *,
        tracer: Tracer | None = None,
        mode: v.Mode = v.DEFAULT_MODE,
        listeners: Iterable[Listener] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tracer = tracer or get_tracer(__name__)
        self._mode = mode
        self._pools = {key: Pool(key, settings) for key, settings in pools.items()}
        all_listeners = (record_on_span, log_change, *listeners)
        self.breakers: Mapping[str, CircuitBreaker] = MappingProxyType(
            {key: _breaker(key, settings, clock, all_listeners) for key, settings in pools.items()}
        )

    def __repr__(self) -> str:
        states = (f"{key}: {self.breakers[key].snapshot()}; {pool.use}" for key, pool in self._pools.items())
        return f"<ConnectionManager {' | '.join(states) or 'without pools'}>"

    @property
    def uses(self) -> Mapping[str, PoolUse]:
        """Return the use of every pool at this moment, by key."""
        return {key: pool.use for key, pool in self._pools.items()}

    def prepare(self, pool_key: str, prepare: Prepare) -> None:
        """Have the pool's next connection prepared (tables created), in one transaction, before its first use."""
        self._pool(pool_key).prepare = prepare

    async def execute_with_circuit_breaker(
        self, pool_key: str, operation: str, work: Callable[[Queries], Awaitable[R]]
    ) -> R:
        """Run `work` in one transaction of this pool, and return its result; `operation` is its type (`SELECT`).

        Raise CircuitOpen if the breaker rejects the call, PoolExhausted if no connection became free in time,
        TimeoutError after the call's deadline, and the exceptions of the driver and of `work` unchanged.
        """
        pool, breaker = self._pool(pool_key), self.breakers[pool_key]
        attributes = v.select_attributes(
            self._mode, {v.OPERATION: operation, v.DB_OPERATION_NAME: operation, **pool.attributes}
        )
        with operation_span(
            self._tracer, v.EXECUTE_WITH_CIRCUIT_BREAKER, attributes=attributes, on_failure=self._failed
        ) as span:
            started = perf_counter_ns()
            if pool.must_wait:
                _raise_if_open(breaker)
            async with pool.turn() as turn, breaker.guard() as permit:
                span.set_attribute(v.BREAKER_STATE, permit.state)
                return await turn.run(self._transaction(pool, span, started, work), pool.settings.deadline_s)

    async def _transaction(self, pool: Pool, span: Span, started_ns: int, work: Callable[[Queries], Awaitable[R]]) -> R:
        async with pool.connection() as connection, connection.begin():
            span.set_attribute(v.CHECKOUT_MS, (perf_counter_ns() - started_ns) / 1e6)
            return await work(Queries(connection, self._tracer, pool.attributes, self._mode))

    async def close(self) -> None:
        """Close all connections of all pools."""
        for pool in self._pools.values():
            await pool.close()

    def _pool(self, key: str) -> Pool:
        if key not in self._pools:
            raise KeyError(f"no pool {key!r}; there are: {', '.join(self._pools) or 'none'}")
        return self._pools[key]

    def _failed(self, span: Span, error: BaseException) -> None:
        record_failure(span, error)
        span.set_attributes(v.select_attributes(self._mode, {v.ERROR: error_type(error)}))
        if isinstance(error, CircuitOpen):
            record_rejection(span, error)
            span.set_status(StatusCode.ERROR, f"circuit {error.pool} is {error.state.replace('_', '-')}")


def _breaker(
    key: str, settings: PoolSettings, clock: Callable[[], float], listeners: Iterable[Listener]
) -> CircuitBreaker:
    return CircuitBreaker(
        key,
        settings.breaker,
        clock=clock,
        # Exceptions of the caller's own code, and a full pool, say nothing about the database.
        is_ignored=lambda error: not is_of_database(error),
        is_failure=is_outage,
        listeners=listeners,
    )


def _raise_if_open(breaker: CircuitBreaker) -> None:
    """Raise CircuitOpen if the breaker would reject the call anyway, so that it need not wait for a connection."""
    if breaker.snapshot().retry_after_s > 0.0:
        breaker.acquire().release()
