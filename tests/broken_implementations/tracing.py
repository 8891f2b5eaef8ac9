"""The tracing of the service that the broken implementations break: each method is one step, to be overridden.

Plain OpenTelemetry, as a team writes it that has no library of its own; the contracts are all that it shares with
`reference_impl`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

STUDIO, AUDIT = "studio-api", "audit-api"
SDK = {name: value for name, value in Resource.create().attributes.items() if name.startswith("telemetry.sdk.")}
"""The attributes that the SDK adds to every resource made as its documentation asks."""


@dataclass(slots=True)
class Outputs:
    """What a run of the service has sent: spans and log records of both services."""

    spans: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    logs: InMemoryLogRecordExporter = field(default_factory=InMemoryLogRecordExporter)


class CircuitOpen(Exception):
    """The breaker refuses the call; its message names a pool and a state, and nothing else."""


class Tracing:
    """Providers, spans, failures, correlation ids and time, one overridable step each."""

    correlation: ContextVar[str]

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.correlation = ContextVar("correlation")
        self.skipped_ns = 0
        self.providers = {service: self.provider(service) for service in (STUDIO, AUDIT)}
        self.logs = LoggerProvider(Resource({**SDK, **self.resource(STUDIO)}), shutdown_on_exit=False)
        self.logs.add_log_record_processor(SimpleLogRecordProcessor(outputs.logs))

    def provider(self, service: str) -> TracerProvider:
        """Return the tracer provider of a service."""
        made = TracerProvider(
            self.sampler(),
            Resource({**SDK, **self.resource(service)}),
            shutdown_on_exit=False,
            id_generator=self.ids(),
            span_limits=self.limits(),
        )
        for processor in self.processors():
            made.add_span_processor(processor)
        return made

    def sampler(self) -> Sampler:
        """Return the sampler: the caller's decision, else every request."""
        return ParentBased(ALWAYS_ON)

    def ids(self) -> IdGenerator:
        """Return the generator of trace and span ids."""
        return RandomIdGenerator()

    def limits(self) -> SpanLimits:
        """Return the SDK's own limits."""
        return SpanLimits()

    def processors(self) -> Sequence[SpanProcessor]:
        """Return the processors of finished spans."""
        return [SimpleSpanProcessor(self.outputs.spans)]

    def resource(self, service: str) -> Mapping[str, Any]:
        """Return the resource of a service."""
        return {"service.name": service, "service.version": "1.0.0", "deployment.environment": "development"}

    def now(self) -> int:
        """Return the wall time in nanoseconds; `skip` advances it where a test would wait for too long."""
        return time.time_ns() + self.skipped_ns

    def skip(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self.skipped_ns += int(seconds * 1e9)

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        context: Context | None = None,
        links: Sequence[Link] = (),
        service: str = STUDIO,
        **attributes: Any,
    ) -> Iterator[Span]:
        """Keep a span current within the context; an exception that leaves the context marks it as failed.

        `attributes` are named with `__` for a dot.
        """
        tracer = self.providers[service].get_tracer("broken_implementations")
        context = self.parent_of(name) if context is None else context
        given = {**self.baggage(), **{name.replace("__", "."): value for name, value in attributes.items()}}
        span: Any = tracer.start_span(
            name, context, kind=kind, attributes=given, links=links, start_time=self.started(name)
        )
        token = otel_context.attach(set_span_in_context(span, context))
        try:
            yield span
        except BaseException as error:
            self.failed(span, error)
            raise
        finally:
            otel_context.detach(token)
            self.end(span)

    def parent_of(self, name: str) -> Context | None:
        """Return the context that a span starts in; None is the current one."""
        return None

    def baggage(self) -> Mapping[str, Any]:
        """Return the attributes of every span of a request."""
        return {"correlation.id": self.correlation.get("none")}

    def started(self, name: str) -> int:
        """Return the start time of a span."""
        return self.now()

    def end(self, span: Span) -> None:
        """Send a span."""
        span.end(self.now())

    def failed(self, span: Span, error: BaseException) -> None:
        """Mark a span as failed, with types only: messages repeat keys and values."""
        span.set_status(Status(StatusCode.ERROR, self.status_message(error)))
        span.set_attributes({"error": type(error).__name__, "error.type": type(error).__name__})
        self.record(span, error)

    def status_message(self, error: BaseException) -> str | None:
        """Return the text of an error status: only what is known to be safe."""
        return str(error) if isinstance(error, CircuitOpen) else None

    def record(self, span: Span, error: BaseException) -> None:
        """Record the exception as an event."""
        span.add_event("exception", {"exception.type": type(error).__qualname__}, self.now())

    def log(self, event: str, **attributes: Any) -> None:
        """Log one line, correlated with the current span."""
        given = {"correlation.id": self.correlation.get("none"), **attributes}
        self.logs.get_logger("broken_implementations").emit(
            timestamp=self.now(), body=event, event_name=event, attributes=given
        )

    def shutdown(self) -> None:
        """Flush and stop the providers."""
        for provider in self.providers.values():
            provider.shutdown()
        self.logs.shutdown()  # type: ignore[no-untyped-call]
