"""Broken ids and clocks: traces that no tool can draw."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import get_current_span

from tests.broken_implementations.faults import with_traceparent
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Headers, Service


class Ids(RandomIdGenerator):
    """Random ids, but for those that a service makes."""

    def __init__(self, *, trace_id: Callable[[], int] | None = None, span_id: Callable[[], int] | None = None) -> None:
        self._trace_id, self._span_id = trace_id, span_id

    def generate_trace_id(self) -> int:
        return self._trace_id() if self._trace_id else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self._span_id() if self._span_id else super().generate_span_id()


@broken("purge", "integrity/trace-roots")
class TraceIdFromTheRequest(Service):
    """The trace id is made from the correlation id: a job is a second root of its request's trace."""

    def ids(self) -> IdGenerator:
        return Ids(trace_id=lambda: int.from_bytes(self.correlation.get("none").encode()) or 1)


@broken("redis-get-hit", "integrity/id-invalid")
class ZeroSpanId(Service):
    """Ids come from a library of random numbers that was never seeded, and gives zeros."""

    def ids(self) -> IdGenerator:
        return Ids(span_id=lambda: 0)


@broken("session-hit", "integrity/span-duplicate", "lookup/span-missing")
class SameSpanIds(Service):
    """The generator of span ids is seeded for each span: all have one id."""

    def ids(self) -> IdGenerator:
        return Ids(span_id=lambda: 42)


@broken("two-services", "line/event-missing")
class SpanSharedByTwoServices(Service):
    """The server takes the client's span id for its own, as Zipkin had it: its log line is taken for the client's."""

    shared = 0

    def ids(self) -> IdGenerator:
        def span_id() -> int:
            shared, self.shared = self.shared, 0
            return shared or RandomIdGenerator().generate_span_id()

        return Ids(span_id=span_id)

    def remote_context(self, headers: Headers, service: str) -> Context:
        context = super().remote_context(headers, service)
        self.shared = get_current_span(context).get_span_context().span_id
        return context


@broken("two-services", "integrity/span-cycle", "served/span-missing")
class IdReservedForTheServer(SpanSharedByTwoServices):
    """The client makes the server's span id, which the server takes for its own, and for its parent's."""

    def outgoing(self) -> Headers:
        return with_traceparent(super().outgoing(), span_id="7" * 16)


@broken("session-hit", "integrity/span-times")
class EndsByAnotherClock(Service):
    """The end of a command is measured by the monotonic clock: before its start, by decades."""

    def end(self, span: Span) -> None:
        span.end(time.monotonic_ns() if span.name == "redis.get" else self.now())


@broken("session-hit", "integrity/child-early")
class StartsWhenQueued(Service):
    """The start of a command is when its connection was opened, before the flow began."""

    def started(self, name: str) -> int:
        return self.now() - (10**9 if name == "redis.get" else 0)


@broken("two-services", "integrity/log-uncorrelated")
class LogOfADroppedSpan(Service):
    """A log line is written within a span that is never ended: it leads to a span that nobody has."""

    async def keep(self, id: str, email: str, device: str, expires: int) -> None:
        tracer = self.providers["studio-api"].get_tracer("broken_implementations")
        with tracer.start_as_current_span("debug", end_on_exit=False):
            self.log("about.to.keep")
        await super().keep(id, email, device, expires)


@broken("session-invalidate", "line/event-missing")
class LoggedAfterTheSpan(Service):
    """The request's line is written when its span is over: it leads to no span."""

    def log_request(self, span: Span, status: int) -> None:
        self.status = status

    async def serve(self, route: str, headers: Headers, body: Any) -> int:
        status = await super().serve(route, headers, body)
        self.log("request.handled", status=status)
        return status


@broken("session-invalidate", "line/attribute-missing", "lines/attribute-missing")
class LineWithoutTheId(Service):
    """Log lines know their span, but not their correlation id."""

    def log(self, event: str, **attributes: Any) -> None:
        self.logs.get_logger("broken_implementations").emit(
            timestamp=self.now(), body=event, event_name=event, attributes=attributes
        )
