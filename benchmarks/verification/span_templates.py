"""The spans of studio-api's requests as templates: what `made_traces` gives ids, times and variations of its own.

A session is created and reported to the audit service, or one is validated: a hit, a miss, an expired one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.trace.model import Attributes, Resource, Scope, SpanKind, Value

STUDIO, AUDIT = (
    Resource(
        {
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": "1.45.1",
            "service.instance.id": f"58d2d107-071d-4fd9-9882-dcf772485e{instance}",
            "service.name": name,
            "service.version": "0.1.0",
            "deployment.environment": "production",
            "deployment.environment.name": "production",
        }
    )
    for name, instance in (("studio-api", "b5"), ("audit-api", "b6"))
)


@dataclass(frozen=True, slots=True)
class SpanTemplate:
    """A span to make. Its children come one after another, or all at once if they are `together`.

    `timed` names its attributes that are durations in milliseconds. `failure` is the exception type of one that failed,
    "" for none.
    """

    name: str
    kind: SpanKind
    scope: Scope
    attributes: Attributes
    children: tuple[SpanTemplate, ...] = ()
    resource: Resource = STUDIO
    timed: tuple[str, ...] = ()
    remote: bool = False
    together: bool = False
    failure: str = ""


def redis_command(command: str, operation: str, key: str, more: Mapping[str, Value] | None = None) -> SpanTemplate:
    """Return the span of a Redis command that succeeds."""
    attributes: Attributes = {
        "operation": operation, "db.operation.name": operation, "db_type": "redis", "connection_pool": "sessions",
        "db.system.name": "redis", "db.namespace": "0", "server.address": "127.0.0.1", "server.port": 6379,
        "network.transport": "tcp", "network.peer.address": "127.0.0.1", "network.peer.port": 6379, "key": key,
        **(more or {}),
    }  # fmt: skip
    scope = Scope("reference_impl.redis_tracing.commands")
    return SpanTemplate(f"redis.{command}", "client", scope, attributes, timed=("latency_ms",))


def query(operation: str, table: str) -> SpanTemplate:
    """Return the span of a query."""
    attributes: Attributes = {
        "connection_pool": "sessions", "db_type": "sqlite", "db.system.name": "sqlite", "operation": operation,
        "db.operation.name": operation, "db.collection.name": table, "db.query.summary": f"{operation} {table}",
    }  # fmt: skip
    scope = Scope("reference_impl.database.manager")
    return SpanTemplate("db.query", "client", scope, attributes, timed=("latency_ms",))


def managed(operation: str, *queries: SpanTemplate) -> SpanTemplate:
    """Return the span of a call of the connection manager, with its queries."""
    attributes: Attributes = {
        "operation": operation, "db.operation.name": operation, "connection_pool": "sessions", "db_type": "sqlite",
        "db.system.name": "sqlite", "circuit_breaker.state": "closed",
    }  # fmt: skip
    scope = Scope("reference_impl.database.manager")
    return SpanTemplate(
        "execute_with_circuit_breaker", "internal", scope, attributes, queries, timed=("pool.checkout_ms",)
    )


def _request(
    method: str,
    path: str,
    status: int,
    *below: SpanTemplate,
    resource: Resource = STUDIO,
    more: Mapping[str, Value] | None = None,
) -> SpanTemplate:
    attributes: Attributes = {
        "http.request.method": method, "url.scheme": "http", "url.path": path, "network.protocol.version": "1.1",
        "http.route": path, "server.address": "127.0.0.1", "server.port": 8080, **(more or {}),
        "http.response.status_code": status,
    }  # fmt: skip
    remote = resource is AUDIT
    scope = Scope("reference_impl.services.http_spans")
    return SpanTemplate(f"{method} {path}", "server", scope, attributes, below, resource, remote=remote)


def _session(what: str, *below: SpanTemplate, **attributes: Value) -> SpanTemplate:
    named: Attributes = {f"session.{name}": value for name, value in attributes.items()}
    return SpanTemplate(f"session.{what}", "internal", Scope("reference_impl.sessions.cache"), named, below)


_REPORT = SpanTemplate(
    "POST",
    "client",
    Scope("reference_impl.services.audit_client"),
    {
        "http.request.method": "POST", "url.full": "http://127.0.0.1:8081/audit/records",
        "server.address": "127.0.0.1", "server.port": 8081, "http.response.status_code": 201,
        "network.protocol.version": "1.1",
    },
    (
        _request(
            "POST", "/audit/records", 201,
            SpanTemplate(
                "db.query", "client", Scope("reference_impl.services.audit_api"),
                {
                    "db_type": "sqlite", "db.system.name": "sqlite", "operation": "INSERT",
                    "db.operation.name": "INSERT", "db.collection.name": "audit_records",
                },
                resource=AUDIT, timed=("latency_ms",),
            ),
            resource=AUDIT,
        ),
    ),
)  # fmt: skip
_CREATED = _request(
    "POST", "/sessions", 201,
    _session(
        "create", managed("INSERT", query("INSERT", "users"), query("INSERT", "sessions")),
        redis_command("set", "SET", "session:*"),
        redis_command("pipeline", "PIPELINE", "user_sessions:*:*", {"db.operation.batch.size": 2}),
    ),
    _REPORT, more={"audit.requested": True},
)  # fmt: skip
HIT = redis_command("get", "GET", "session:*", {"cache_hit": True, "cache_miss": False})
MISS = redis_command("get", "GET", "session:*", {"cache_hit": False, "cache_miss": True})
_LOAD = managed("SELECT", query("SELECT", "sessions"))
FLOWS: Final[Sequence[SpanTemplate]] = (
    _CREATED,
    _CREATED,
    _CREATED,
    _request("GET", "/session", 200, _session("validate", HIT, valid=True)),
    _request(
        "GET", "/session", 200,
        _session("validate", MISS, _LOAD, redis_command("set", "SET", "session:*"), valid=True),
    ),
    _request(
        "GET", "/session", 401,
        _session("validate", MISS, _LOAD, redis_command("delete", "DEL", "session:*"), valid=False, reason="expired"),
    ),
)  # fmt: skip
