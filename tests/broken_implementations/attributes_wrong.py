"""Broken attributes: of the wrong type, value or unit, missing, left over, not of this service."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import Span

from tests.broken_implementations.faults import with_text_of_value, without
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Service
from tests.broken_implementations.tracing import STUDIO


@broken("session-hit", "read/attribute-relation")
class HitAsText(Service):
    """`cache_hit` is the text "true"."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        span.set_attributes({"cache_hit": str(self.is_hit(answer)).lower(), "cache_miss": False})


@broken("redis-get-miss", "read/attribute-relation")
class MissNotSaid(Service):
    """Only a hit has an attribute; a miss has none."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        if self.is_hit(answer):
            super().answered(span, operation, answer)


@broken("session-miss", "load/span-surplus", "store/span-surplus")
class MissReportedAsHit(Service):
    """Whatever Redis answers counts as a hit, nil too."""

    def is_hit(self, answer: Any) -> bool:
        return True


@broken("redis-get-hit", "redis/attribute-value")
class LatencyFromTwoClocks(Service):
    """The latency is the difference of two clocks, and negative."""

    def latency(self, started: int) -> Any:
        return (started - self.now()) / 1e6 - 1


@broken("redis-get-hit", "redis/attribute-type")
class LatencyWithItsUnit(Service):
    """The latency is a text, "0.4ms"."""

    def latency(self, started: int) -> Any:
        return f"{super().latency(started):.1f}ms"


@broken("redis-get-hit", "get/attribute-value", "redis/attribute-value")
class OperationAsTyped(Service):
    """The operation is as the programmer typed it, in lower case."""

    def command_attributes(self, operation: str, key: str) -> Mapping[str, Any]:
        return super().command_attributes(operation.lower(), key)


@broken("redis-expire", "redis/attribute-missing")
class NoPool(Service):
    """Commands do not say of which connection pool they are."""

    command_attributes = without("connection_pool", Service.command_attributes)


@broken("redis-expire", "redis/attribute-type")
class PoolByItsNumber(Service):
    """The connection pool is a number."""

    def command_attributes(self, operation: str, key: str) -> Mapping[str, Any]:
        return {**super().command_attributes(operation, key), "connection_pool": 0}


@broken("redis-expire", "keyed/attribute-missing")
class NoKey(Service):
    """Keys are left out altogether, to be safe."""

    command_attributes = without("key", Service.command_attributes)


@broken("redis-set", "top/attribute-missing")
class NoServer(Service):
    """Commands do not say which server they were sent to."""

    def server(self) -> Mapping[str, Any]:
        return {}


@broken("redis-get-hit", "top/attribute-type")
class PortAsText(Service):
    """The server's port is a text, as in the URL."""

    def server(self) -> Mapping[str, Any]:
        return {**super().server(), "server__port": "6379"}


@broken("redis-failing-command", "top/attribute-relation")
class TwoReasons(Service):
    """`error` is the class of the exception, `error.type` the word of the server, as two people wrote them."""

    def failed(self, span: Span, error: BaseException) -> None:
        super().failed(span, error)
        span.set_attributes({"error.type": "WRONGTYPE", "db.response.status_code": "WRONGTYPE"})


@broken("redis-failing-command", "top/attribute-missing")
class CodeNotSaid(Service):
    """The server's error word is the failure's type, without a sign that it is the server's."""

    def failed(self, span: Span, error: BaseException) -> None:
        super().failed(span, error)
        span.set_attributes({"error": "WRONGTYPE", "error.type": "WRONGTYPE"})


@broken("session-hit", "fine/attribute-unexpected")
class ErrorLeftOver(Service):
    """`error` is always there; "none" where there is none."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        super().answered(span, operation, answer)
        span.set_attribute("error", "none")


@broken("session-hit", "integrity/value-not-finite")
class NoDeadlineIsInfinite(Service):
    """A command without a deadline says that it is infinite, which JSON cannot carry."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        super().answered(span, operation, answer)
        span.set_attribute("deadline_ms", math.inf)


@broken("session-hit", "identified/attribute-missing")
class NoVersion(Service):
    """The resource does not say the service's version."""

    resource = without("service.version", Service.resource)


@broken("session-hit", "identified/attribute-value")
class EnvironmentInOwnWords(Service):
    """The environment is "prod"."""

    def resource(self, service: str) -> Mapping[str, Any]:
        return {**super().resource(service), "deployment.environment": "prod"}


@broken("session-hit", "identified/attribute-value")
class NameOfTheSdk(Service):
    """No name was set, so that the SDK gives its own."""

    def resource(self, service: str) -> Mapping[str, Any]:
        return {**super().resource(service), "service.name": "unknown_service:python"}


@broken("two-services", "keep/attribute-value", "served/attribute-value")
class NameOfTheOtherService(Service):
    """audit-api's settings were copied from studio-api, name included."""

    def resource(self, service: str) -> Mapping[str, Any]:
        return super().resource(STUDIO)


@broken("session-hit", "top/attribute-type")
class AnswerAsText(Service):
    """`session.valid` is "yes"."""

    def verdict(self, reason: str | None) -> Mapping[str, Any]:
        return {"session.valid": "yes"}


@broken("session-expired", "top/attribute-value")
class ReasonInWords(Service):
    """The reason is a sentence for people, of which every release has another."""

    def verdict(self, reason: str | None) -> Mapping[str, Any]:
        return {**super().verdict(reason), "session.reason": "The session has expired"}


@broken("session-unknown", "top/attribute-missing")
class NoReason(Service):
    """A session that is not valid does not say why."""

    def verdict(self, reason: str | None) -> Mapping[str, Any]:
        return {"session.valid": reason is None}


@broken("database-call", "query/attribute-relation")
class QueryOfTheDefaultPool(Service):
    """Queries name the pool that the library has by default, not the one they use."""

    def queried(self, operation: str) -> dict[str, Any]:
        return {**super().queried(operation), "connection_pool": "default"}


@broken("session-invalidate-tampered", "top/attribute-type")
class StatusCodeAsText(Service):
    """The HTTP status code is a text."""

    log_request = with_text_of_value("http.response.status_code", Service.log_request)


@broken("database-call", "top/attribute-missing")
class CallWithoutItsOperation(Service):
    """A call to the database does not say of what type it is."""

    called = without("operation", Service.called)
