"""Broken context: parents lost or wrong between tasks, threads, services and jobs."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    get_current_span,
    set_span_in_context,
)

from tests.broken_implementations.database_steps import T
from tests.broken_implementations.faults import with_traceparent
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Headers, Service


@broken("session-miss", "query/span-missing")
class QueryInAnExecutor(Service):
    """Queries run by `run_in_executor`, which takes no context along."""

    async def in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, call)


@broken("session-miss", "store/span-missing")
class StoreByAWorker(Service):
    """The cache is written by a worker that was started before the request, in a context of its own."""

    async def store(self, id: str, expires: int) -> bool:
        return await asyncio.create_task(super().store(id, expires), context=contextvars.Context())


@broken("session-miss", "integrity/child-late")
class StoreNotAwaited(Service):
    """The cache is written by a task that nobody waits for."""

    validating = False

    async def validate(self, token: str) -> bool:
        self.validating = True
        return await super().validate(token)

    async def store(self, id: str, expires: int) -> bool:
        if not self.validating:
            return await super().store(id, expires)
        self.writing = asyncio.create_task(super().store(id, expires))
        return True

    async def close(self) -> None:
        await self.writing
        await super().close()


@broken("session-hit", "lookup/span-missing")
class SpanNotMadeCurrent(Service):
    """`start_span` without `use_span`: what is done within the validation does not hang below it."""

    async def validate(self, token: str) -> bool:
        with self.span("session.validate") as span:
            outside = otel_context.attach(Context())
            reason = await self.reason(span, token)
            otel_context.detach(outside)
            span.set_attributes(self.verdict(reason))
            return reason is None


@broken("session-create", "integrity/child-late", "store/span-missing", "top/span-extra")
class NeverDetached(Service):
    """The context of a database call is attached and never detached, so that what follows hangs below the call."""

    async def execute_with_circuit_breaker(self, operation: str, *statements: Any) -> Any:
        kept: list[Span] = []
        self.kept = kept
        rows = await super().execute_with_circuit_breaker(operation, *statements)
        otel_context.attach(set_span_in_context(kept[0]))
        return rows

    def call_succeeded(self, span: Span) -> None:
        self.kept.append(span)
        super().call_succeeded(span)


@broken("two-services", "keep/span-misplaced", "keep/span-missing", "query/span-missing")
class ContextOfTheRequest(Service):
    """The database is called in the context that was current when the request came in, not in the current one."""

    async def create(self, email: str, device: str = "web") -> str:
        self.request_context = otel_context.get_current()
        return await super().create(email, device)

    def parent_of(self, name: str) -> Context | None:
        return self.request_context if name == "execute_with_circuit_breaker" else None


@broken("session-redis-down", "top/span-extra")
class RetryBelowTheFailure(Service):
    """A command is tried again within the span of the attempt that failed."""

    def record(self, span: Span, error: BaseException) -> None:
        super().record(span, error)
        if span.name == "redis.get":
            with self.span("redis.get", kind=SpanKind.CLIENT, **self.command_attributes("GET", "session:*")) as retry:
                retry.set_attributes({"cache_hit": False, "cache_miss": True, "latency_ms": 0.0})


@broken("two-services", "served/span-missing")
class HeadersWrittenTooEarly(Service):
    """The headers of a call are written before its span is there: the other service hangs below the request."""

    def client_attributes(self) -> Any:
        self.headers = self.outgoing()
        return super().client_attributes()

    async def call(self, url: str, headers: Headers, body: Any) -> int:
        return await super().call(url, self.headers, body)


@broken("two-services", "integrity/log-uncorrelated", "served/span-missing")
class SampledFlagDropped(Service):
    """`traceparent` is written by hand, always with flags 00: the other service takes it for not sampled."""

    def outgoing(self) -> Headers:
        headers = super().outgoing()
        return {**headers, "traceparent": headers["traceparent"][:-2] + "00"}


@broken("two-services", "served/span-missing")
class TraceIdCutShort(Service):
    """A proxy of old cuts trace ids to 16 digits: the other service finds no valid `traceparent`."""

    def outgoing(self) -> Headers:
        headers = super().outgoing()
        return with_traceparent(headers, trace_id=headers["traceparent"].split("-")[1][16:])


@broken("purge", "top/link-extra")
class LinkToTheQueue(Service):
    """The job links to the request, and to the message that brought it, which nobody agreed on."""

    def origins(self, request: Span, correlation: str) -> list[Link]:
        with self.span("queue.publish", kind=SpanKind.PRODUCER) as message:
            return [*super().origins(request, correlation), Link(message.get_span_context())]


@broken("purge", "integrity/link-dangling")
class LinkToASpanNeverEnded(Service):
    """The job links to a span of the request that nobody ends, so that it is never exported."""

    def origins(self, request: Span, correlation: str) -> list[Link]:
        trace_id, flags = request.get_span_context().trace_id, request.get_span_context().trace_flags
        unended = SpanContext(trace_id, RandomIdGenerator().generate_span_id(), is_remote=False, trace_flags=flags)
        return [Link(unended, {"correlation.id": correlation})]


@broken("purge", "origin/link-surplus")
class LinkedTwice(Service):
    """The job is linked to its request by the queue's library, and once more by hand."""

    def origins(self, request: Span, correlation: str) -> list[Link]:
        by_hand = Link(request.get_span_context(), {"correlation.id": correlation, "by": "hand"})
        return [*super().origins(request, correlation), by_hand]


@broken("purge", "origin/attribute-missing")
class LinkWithoutTheId(Service):
    """The link to the request does not say the request's correlation id."""

    def origins(self, request: Span, correlation: str) -> list[Link]:
        return [Link(request.get_span_context())]


@broken("purge", "origin/attribute-relation")
class JobWithAnIdOfItsOwn(Service):
    """The job makes a correlation id of its own, though it links to the request's."""

    async def purge_expired(self, span: Span) -> None:
        span.set_attribute("correlation.id", "job-1")
        self.correlation.set("job-1")
        await super().purge_expired(span)


@broken("purge", "integrity/child-late", "origin/link-missing", "top/parent")
class JobBelowAnEndedRequest(Service):
    """The job runs in the context of its request, by then long answered."""

    def job_context(self, request: Span) -> Context:
        return set_span_in_context(request)

    def origins(self, request: Span, correlation: str) -> list[Link]:
        return []


@broken("two-services", "correlated/attribute-relation", "lines/attribute-relation")
class IdOfAnotherRequest(Service):
    """The correlation id of outgoing calls is a global that the last request has set."""

    last = "c-0"

    def outgoing(self) -> Headers:
        return {**super().outgoing(), "x-correlation-id": self.last}


@broken("two-services", "served/parent")
class RemoteParentLooksLocal(Service):
    """The caller's context is made by hand and not marked as remote."""

    def remote_context(self, headers: Headers, service: str) -> Context:
        context = super().remote_context(headers, service)
        known = get_current_span(context).get_span_context()
        local = SpanContext(known.trace_id, known.span_id, is_remote=False, trace_flags=known.trace_flags)
        return set_span_in_context(NonRecordingSpan(local), context) if known.is_valid else context
