"""Make any number of traces like those of studio-api, each with ids, durations and a correlation id of its own.

A session is created and reported to the audit service, or one is validated: a hit, a miss, an expired one. Spans come
in the order in which an exporter sends them: as they end, of eight requests at a time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtobufSpan

from spanpact.trace.model import Attributes, Reading, Resource, Scope, SourceInfo, Span, SpanKind, Trace, Value

AT_ONCE = 8
_START_NS = 1_767_225_600_000_000_000
_STUDIO, _AUDIT = (
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
    """A span to make, with consecutive children. `timed` names its attributes that are durations in milliseconds."""

    name: str
    kind: SpanKind
    scope: Scope
    attributes: Attributes
    children: tuple[SpanTemplate, ...] = ()
    resource: Resource = _STUDIO
    timed: tuple[str, ...] = ()
    remote: bool = False


def _redis(command: str, operation: str, key: str, more: Mapping[str, Value] | None = None) -> SpanTemplate:
    attributes: Attributes = {
        "operation": operation, "db.operation.name": operation, "db_type": "redis", "connection_pool": "sessions",
        "db.system.name": "redis", "db.namespace": "0", "server.address": "127.0.0.1", "server.port": 6379,
        "network.transport": "tcp", "network.peer.address": "127.0.0.1", "network.peer.port": 6379, "key": key,
        **(more or {}),
    }  # fmt: skip
    scope = Scope("reference_impl.redis_tracing.commands")
    return SpanTemplate(f"redis.{command}", "client", scope, attributes, timed=("latency_ms",))


def _query(operation: str, table: str) -> SpanTemplate:
    attributes: Attributes = {
        "connection_pool": "sessions", "db_type": "sqlite", "db.system.name": "sqlite", "operation": operation,
        "db.operation.name": operation, "db.collection.name": table, "db.query.summary": f"{operation} {table}",
    }  # fmt: skip
    scope = Scope("reference_impl.database.manager")
    return SpanTemplate("db.query", "client", scope, attributes, timed=("latency_ms",))


def _managed(operation: str, *queries: SpanTemplate) -> SpanTemplate:
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
    resource: Resource = _STUDIO,
    more: Mapping[str, Value] | None = None,
) -> SpanTemplate:
    attributes: Attributes = {
        "http.request.method": method, "url.scheme": "http", "url.path": path, "network.protocol.version": "1.1",
        "http.route": path, "server.address": "127.0.0.1", "server.port": 8080, **(more or {}),
        "http.response.status_code": status,
    }  # fmt: skip
    remote = resource is _AUDIT
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
                resource=_AUDIT, timed=("latency_ms",),
            ),
            resource=_AUDIT,
        ),
    ),
)  # fmt: skip
_CREATED = _request(
    "POST", "/sessions", 201,
    _session(
        "create", _managed("INSERT", _query("INSERT", "users"), _query("INSERT", "sessions")),
        _redis("set", "SET", "session:*"),
        _redis("pipeline", "PIPELINE", "user_sessions:*:*", {"db.operation.batch.size": 2}),
    ),
    _REPORT, more={"audit.requested": True},
)  # fmt: skip
_HIT = _redis("get", "GET", "session:*", {"cache_hit": True, "cache_miss": False})
_MISS = _redis("get", "GET", "session:*", {"cache_hit": False, "cache_miss": True})
_LOAD = _managed("SELECT", _query("SELECT", "sessions"))
_FLOWS: Sequence[SpanTemplate] = (
    _CREATED,
    _CREATED,
    _CREATED,
    _request("GET", "/session", 200, _session("validate", _HIT, valid=True)),
    _request("GET", "/session", 200, _session("validate", _MISS, _LOAD, _redis("set", "SET", "session:*"), valid=True)),
    _request(
        "GET", "/session", 401,
        _session("validate", _MISS, _LOAD, _redis("delete", "DEL", "session:*"), valid=False, reason="expired"),
    ),
)  # fmt: skip


@dataclass(slots=True)
class _Maker:
    """Makes traces from templates."""

    chance: random.Random
    made: list[Span] = field(default_factory=list)

    def trace(self, flow: SpanTemplate, start: int) -> list[Span]:
        """Return the spans of a trace, ordered by their end."""
        self.made = []
        self._span(flow, f"{self.chance.getrandbits(128):032x}", "", f"{self.chance.getrandbits(128):032x}", start)
        return self.made

    def _span(self, what: SpanTemplate, trace_id: str, parent: str, correlation: str, start: int) -> int:
        span_id, at = f"{self.chance.getrandbits(64):016x}", start + self.chance.randrange(20_000, 400_000)
        for child in what.children:
            at = self._span(child, trace_id, span_id, correlation, at) + self.chance.randrange(5_000, 90_000)
        end = at + self.chance.randrange(20_000, 2_000_000)
        lasted = {name: (end - start - self.chance.randrange(1_000, 9_000)) / 1e6 for name in what.timed}
        attributes = {"correlation.id": correlation, **what.attributes, **lasted}
        self.made.append(
            Span(
                trace_id, span_id, what.name, parent, what.kind, start, end, "unset", "", attributes, (), (),
                what.resource, what.scope, "", what.remote,
            )
        )  # fmt: skip
        return end


def spans(number: int, *, seed: int = 7) -> Iterator[Span]:
    """Yield at least `number` spans, in whole traces, in an exporter's order; each seed gives other spans."""
    chance = random.Random(seed)
    maker, made, start = _Maker(chance), 0, _START_NS
    while made < number:
        together: list[Span] = []
        for _ in range(AT_ONCE):
            start += 1_000_000
            together += maker.trace(_FLOWS[chance.randrange(len(_FLOWS))], start)
        made += len(together)
        yield from sorted(together, key=lambda span: span.end_ns)


def requests(number: int, size: int = 64) -> Iterator[Reading]:
    """Yield the same spans in requests of `size`, ordered by resource and scope; each reading is one request."""
    coming = spans(number)
    while batch := list(islice(coming, size)):
        batch.sort(key=lambda span: (str(span.resource.attributes["service.name"]), span.scope.name))
        yield Reading(SourceInfo("made"), [Trace(span.trace_id, [span]) for span in batch])


def in_protobuf(request: Reading) -> bytes:
    """Encode a request as an exporter does, with the classes of opentelemetry-proto and not with spanpact."""
    message = ExportTraceServiceRequest()
    spans = (span for trace in request.traces for span in trace.spans)
    for _, several in groupby(spans, key=lambda span: id(span.resource)):
        members = list(several)
        part = message.resource_spans.add()
        part.resource.attributes.extend(map(_pair, members[0].resource.attributes.items()))
        for _, scoped in groupby(members, key=lambda span: span.scope.name):
            written = [*scoped]
            into = part.scope_spans.add()
            into.scope.name = written[0].scope.name
            into.spans.extend(map(_message, written))
    return bytes(message.SerializeToString())


def _message(span: Span) -> Any:
    return ProtobufSpan(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id),
        flags=0x300 if span.parent_remote else 0x100,
        name=span.name,
        kind={"internal": 1, "server": 2, "client": 3}[span.kind],  # type: ignore[arg-type]
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=map(_pair, span.attributes.items()),
    )


def _pair(item: tuple[str, Value]) -> KeyValue:
    name, value = item
    kind = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}[type(value)]
    return KeyValue(key=name, value=AnyValue(**{kind: value}))  # type: ignore[arg-type]
