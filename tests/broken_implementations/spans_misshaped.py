"""Broken spans: never or too early ended, of the wrong kind, name, number or status; events too many or too few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span

from tests.broken_implementations.faults import ErrorsBecomeNone, do_nothing
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Service


@broken("session-hit", "integrity/span-orphan")
class NeverEnded(Service):
    """A validation that is answered by the cache returns early, and its span is never ended."""

    def end(self, span: Span) -> None:
        if span.name != "session.validate":
            super().end(span)


@broken("session-hit", "redis/attribute-missing", "read/attribute-relation")
class EndedTooEarly(Service):
    """The span of a command is ended once it is sent: what its answer would say comes too late."""

    async def send(self, operation: str, *arguments: Any) -> Any:
        get_current_span().end()
        return await super().send(operation, *arguments)


@broken("session-redis-down", "read/attribute-relation")
class ExceptionSwallowed(ErrorsBecomeNone):
    """The client catches what Redis raises within the span: the command looks as if it had been answered."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        if not self.swallowed:
            super().answered(span, operation, answer)


@broken("redis-failing-command", "fine/attribute-unexpected", "read/attribute-relation")
class StatusNotSet(Service):
    """A failure is recorded as an event and an attribute; nobody sets the status."""

    def failed(self, span: Span, error: BaseException) -> None:
        span.set_attributes({"error": type(error).__name__, "error.type": type(error).__name__})
        self.record(span, error)


@broken("session-hit", "top/status")
class SaidOk(Service):
    """Whatever succeeds sets the status OK, which is for the last word of an application."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        super().answered(span, operation, answer)
        span.set_status(Status(StatusCode.OK))


@broken(
    "redis-get-miss",
    "exception/event-missing",
    "failed/attribute-missing",
    "failed/attribute-unexpected",
    "raised/event-missing",
    "top/attribute-missing",
)
class MissIsAnError(Service):
    """A key that is not in the cache is an error."""

    def answered(self, span: Span, operation: str, answer: Any) -> None:
        super().answered(span, operation, answer)
        if answer is None:
            span.set_status(Status(StatusCode.ERROR))


@broken("session-tampered", "load/span-missing", "top/attribute-unexpected")
class BadSessionIsAnError(Service):
    """A tampered token is an error of the validation, not its answer."""

    def verdict(self, reason: str | None) -> Mapping[str, Any]:
        get_current_span().set_status(Status(StatusCode.ERROR))
        return super().verdict(reason)


@broken("session-hit", "lookup/span-missing", "top/span-extra")
class KeyInTheName(Service):
    """The key is a part of the span's name: as many names as sessions."""

    def command_name(self, operation: str, arguments: Sequence[Any]) -> str:
        return f"redis.{operation.lower()} {arguments[0]}"


@broken("session-hit", "top/span-extra")
class DoublyInstrumented(Service):
    """A library traces the commands that the service traces already."""

    async def send(self, operation: str, *arguments: Any) -> Any:
        with self.span(operation, kind=SpanKind.CLIENT):
            return await super().send(operation, *arguments)


@broken("session-create", "index/span-missing", "top/span-extra")
class PipelineAsCommands(Service):
    """A pipeline leaves a span for each of its commands, and none of its own."""

    async def pipeline(self, *commands: Sequence[Any]) -> Sequence[Any]:
        return [await self.command(*command) for command in commands]


@broken("redis-pipeline", "pipeline/attribute-missing")
class PipelineWithoutItsLength(Service):
    """A pipeline does not say how many commands it has."""

    def batch(self, commands: Sequence[Sequence[Any]]) -> Mapping[str, Any]:
        return {}


@broken("redis-set", "redis/kind")
class ProducerKind(Service):
    """A command that writes is a producer span, as if Redis were a queue."""

    def command_kind(self) -> SpanKind:
        return SpanKind.PRODUCER


@broken("session-invalidate-tampered", "top/kind")
class ServerWithoutItsKind(Service):
    """The span of a request is of the default kind."""

    @contextmanager
    def span(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, **options: Any) -> Iterator[Span]:
        kind = SpanKind.INTERNAL if kind is SpanKind.SERVER else kind
        with super().span(name, kind=kind, **options) as span:
            yield span


@broken("session-hit", "integrity/span-duplicate")
class TwoProcessors(Service):
    """Tracing is set up twice: every span is exported by both processors."""

    def processors(self) -> Sequence[SpanProcessor]:
        return [SimpleSpanProcessor(self.outputs.spans), SimpleSpanProcessor(self.outputs.spans)]


@broken("cache-warm", "integrity/data-dropped")
class EventPerRow(Service):
    """Each row that is warmed is an event, of which the SDK keeps the last ones only."""

    def limits(self) -> SpanLimits:
        return SpanLimits(max_events=16)

    async def warm(self, span: Span, rows: Sequence[tuple[str, int]]) -> None:
        for number, _ in enumerate(rows):
            span.add_event("row", {"number": number})
        await super().warm(span, rows)


@broken("redis-failing-command", "exception/event-surplus")
class RecordedTwice(Service):
    """The exception is recorded where it is caught, and once more where the span ends."""

    def record(self, span: Span, error: BaseException) -> None:
        super().record(span, error)
        super().record(span, error)


@broken("redis-failing-command", "top/event-extra")
class RetryAsAnEvent(Service):
    """A failed command gets an event of the team's own, where the contract closes the list."""

    def record(self, span: Span, error: BaseException) -> None:
        super().record(span, error)
        span.add_event("retry", {"attempt": 1})


@broken("redis-down", "exception/event-missing", "raised/event-missing")
class NotRecorded(Service):
    """`record_exception=False`, against noise."""

    record = do_nothing


@broken("session-invalidate", "line/event-surplus")
class LoggedTwice(Service):
    """Both the middleware and the handler write the request's line."""

    def log_request(self, span: Span, status: int) -> None:
        super().log_request(span, status)
        super().log_request(span, status)
