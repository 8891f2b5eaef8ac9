"""Every name that the service writes into a trace: spans, attributes, events, and the choice of vocabulary.

In one module, so that a name is spelled once. Nothing here imports OpenTelemetry.
Source: docs/specification.md S2.2 and S3, and the stable OpenTelemetry database conventions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, TypeVar

T = TypeVar("T")

# --- Spans -----------------------------------------------------------------------------------------------------

REDIS_GET: Final = "redis.get"
REDIS_SET: Final = "redis.set"
REDIS_DELETE: Final = "redis.delete"
"""The command DEL; every other command is `redis.` and its lower-case name."""
REDIS_PIPELINE: Final = "redis.pipeline"
REDIS_OTHER: Final = "redis.other"
"""An unknown command. Its name is never shown, because it may be any text."""

SESSION_VALIDATE: Final = "session.validate"
SESSION_CREATE: Final = "session.create"
SESSION_INVALIDATE_ALL: Final = "session.invalidate_all"
SESSION_WARM_CACHE: Final = "session.warm_cache"
SESSION_PURGE: Final = "session.purge"

DB_QUERY: Final = "db.query"
EXECUTE_WITH_CIRCUIT_BREAKER: Final = "execute_with_circuit_breaker"

# --- Attributes of S2.2 ----------------------------------------------------------------------------------------

OPERATION: Final = "operation"
KEY: Final = "key"
LATENCY_MS: Final = "latency_ms"
CACHE_HIT: Final = "cache_hit"
CACHE_MISS: Final = "cache_miss"
ERROR: Final = "error"
CONNECTION_POOL: Final = "connection_pool"
DB_TYPE: Final = "db_type"

# --- Attributes of the OpenTelemetry conventions ---------------------------------------------------------------

DB_SYSTEM_NAME: Final = "db.system.name"
DB_OPERATION_NAME: Final = "db.operation.name"
DB_OPERATION_BATCH_SIZE: Final = "db.operation.batch.size"
DB_COLLECTION_NAME: Final = "db.collection.name"
DB_QUERY_SUMMARY: Final = "db.query.summary"
DB_NAMESPACE: Final = "db.namespace"
DB_RESPONSE_STATUS_CODE: Final = "db.response.status_code"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
NETWORK_PEER_ADDRESS: Final = "network.peer.address"
NETWORK_PEER_PORT: Final = "network.peer.port"
NETWORK_TRANSPORT: Final = "network.transport"
ERROR_TYPE: Final = "error.type"
EXCEPTION_TYPE: Final = "exception.type"

# --- Attributes of the service ---------------------------------------------------------------------------------

CORRELATION_ID: Final = "correlation.id"
SESSION_VALID: Final = "session.valid"
SESSION_REASON: Final = "session.reason"
SESSION_SOURCE: Final = "session.source"
SESSION_CACHED: Final = "session.cached"
"""`unreadable` if the cached value cannot be decoded: a hit for Redis, a miss for the session."""
SESSIONS_DELETED: Final = "sessions.deleted"
SESSIONS_WARMED: Final = "sessions.warmed"
AUDIT_REQUESTED: Final = "audit.requested"
"""True on the span of a request that is reported to audit-api."""
BREAKER_STATE: Final = "circuit_breaker.state"
"""The breaker's state when it admitted the call: `closed` or `half_open`."""
CHECKOUT_MS: Final = "pool.checkout_ms"
"""How long a call waited until its connection was free and open, in milliseconds; absent if it got none."""

# --- Events ----------------------------------------------------------------------------------------------------

EXCEPTION: Final = "exception"
REQUEST_HANDLED: Final = "request.handled"
"""The log line of each request, within its server span."""
BREAKER_CHANGED: Final = "breaker.changed"
"""The log line of a breaker's change of state; on spans each change has its own event name."""
BREAKER_OPENED: Final = "circuit_breaker.open"
BREAKER_HALF_OPENED: Final = "circuit_breaker.half_open"
BREAKER_CLOSED: Final = "circuit_breaker.close"
BREAKER_FAILURE: Final = "circuit_breaker.failure"
"""A counted failure."""
BREAKER_REJECTED: Final = "circuit_breaker.rejected"

# --- Values ----------------------------------------------------------------------------------------------------

REDIS: Final = "redis"
PIPELINE: Final = "PIPELINE"
OTHER: Final = "OTHER"
UNREGISTERED: Final = "[unregistered]"
"""The value of `key` for a key that matches no registered template."""
SEVERAL: Final = "[several]"
"""The value of `key` for a command or pipeline whose keys match different templates."""

# --- The two vocabularies --------------------------------------------------------------------------------------

Mode: TypeAlias = Literal["simple", "semconv", "both"]
"""The vocabulary of attributes that S2.2 and the conventions name differently.

`simple`: `operation`, `db_type`, `error`. `semconv`: `db.operation.name`, `db.system.name`, `error.type` and those that
only the conventions have (`server.address`, ...). `both`: all. Attributes that only S2.2 has (`key`, `latency_ms`,
`cache_hit`, `cache_miss`, `connection_pool`) are written in every mode, and so is `db.operation.batch.size`.
"""

DEFAULT_MODE: Final[Mode] = "both"
_SIMPLE: Final = frozenset({OPERATION, DB_TYPE, ERROR})
_SEMCONV: Final = frozenset({
    DB_OPERATION_NAME, DB_SYSTEM_NAME, DB_COLLECTION_NAME, DB_QUERY_SUMMARY, DB_NAMESPACE, DB_RESPONSE_STATUS_CODE,
    ERROR_TYPE, SERVER_ADDRESS, SERVER_PORT, NETWORK_PEER_ADDRESS, NETWORK_PEER_PORT, NETWORK_TRANSPORT,
})  # fmt: skip
_LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {"simple": _SEMCONV, "semconv": _SIMPLE, "both": frozenset()}


def select_attributes(mode: Mode, attributes: Mapping[str, T]) -> dict[str, T]:
    """Return the attributes of a database's span without those that the mode leaves out."""
    left_out = _LEFT_OUT[mode]
    return {name: value for name, value in attributes.items() if name not in left_out}


def mode_from_opt_in(value: str | None) -> Mode:
    """Return the mode for a value of `OTEL_SEMCONV_STABILITY_OPT_IN`: names separated by commas; None for unset.

    `database/dup` is `both`, and wins over `database`, which is `semconv`; without either the default, `both`.
    """
    names = {part.strip() for part in (value or "").split(",")}
    if "database/dup" in names:
        return "both"
    return "semconv" if "database" in names else DEFAULT_MODE
