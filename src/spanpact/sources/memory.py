"""The memory source: finished spans and log records of an OpenTelemetry SDK, from its in-memory exporters.

OpenTelemetry is not imported: any object with the attributes of a `ReadableSpan` is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, cast

from spanpact.otlp import SharedValues
from spanpact.otlp.batch import severity_name, trace_flags
from spanpact.sources.trace_source import SourceBase
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.attributes import IrregularAttributes, walk_values
from spanpact.trace.model import (
    ALL_CAPABILITIES,
    Attributes,
    Capability,
    Event,
    Link,
    LogRecord,
    Reading,
    Resource,
    Scope,
    SourceInfo,
    Span,
    SpanKind,
    StatusCode,
    Value,
)


class MemorySource(SourceBase):
    """The traces of an in-memory exporter, or of a list of finished spans. They are read anew each time.

    `spans` has `get_finished_spans()` or is an iterable of ReadableSpans. `logs` has `get_finished_logs()` or is an
    iterable of ReadableLogRecords; None where no logs are recorded. `scenarios` maps trace ids (32 hexadecimal digits)
    to labels, `offered` is the number of requests made; both may change while the source is used. `complete=False` says
    that more spans may end.
    """

    def __init__(
        self,
        spans: Any,
        *,
        logs: Any = None,
        scenarios: Mapping[str, str] | None = None,
        offered: int | None = None,
        complete: bool = True,
    ) -> None:
        self._spans = spans
        self._logs = logs
        self.scenarios = scenarios if scenarios is not None else {}  # the caller may still fill an empty mapping
        self.offered = offered
        self.complete = complete

    @property
    def info(self) -> SourceInfo:
        """Return the name `memory`, with every capability; `logs` and `offered` only where they were given."""
        lacking: set[Capability] = set()
        if self._logs is None:
            lacking.add("logs")
        if self.offered is None:
            lacking.add("offered")
        return SourceInfo("memory", ALL_CAPABILITIES - lacking)

    def read(self) -> Reading:
        """Return the traces of all spans that have ended by now."""
        assembler = TraceAssembler()
        converter = _Converter()
        assembler.add(map(converter.span, _finished(self._spans, "get_finished_spans")))
        if self._logs is not None:
            assembler.add((), map(converter.log, _finished(self._logs, "get_finished_logs")))
        traces = assembler.traces(complete=self.complete, scenarios=self.scenarios)
        spanless = assembler.spanless(complete=self.complete, scenarios=self.scenarios)
        return Reading(self.info, traces, self.offered, spanless=spanless)


def _finished(holder: Any, method: Literal["get_finished_spans", "get_finished_logs"]) -> Iterable[Any]:
    get = getattr(holder, method, None)
    return cast("Iterable[Any]", get() if get else holder)


class _Converter:
    """Converts the SDK's values to those of the model. Equal resources and scopes become one object."""

    def __init__(self) -> None:
        self._shared = SharedValues()
        self._resources: dict[int, tuple[Any, Resource]] = {}  # by id(); keeps the object, so that its id is not reused

    def span(self, span: Any) -> Span:
        context, parent, status = span.context, span.parent, span.status
        return Span(
            trace_id=_trace_id(context.trace_id),
            span_id=_span_id(context.span_id),
            name=_to_builtin(span.name),
            parent_id=_span_id(parent.span_id) if parent else "",
            kind=cast("SpanKind", span.kind.name.lower()),
            start_ns=span.start_time or 0,
            end_ns=span.end_time or 0,
            status=cast("StatusCode", status.status_code.name.lower()),
            status_message=_to_builtin(status.description) or "",
            attributes=_attributes(span.attributes),
            events=[_event(event) for event in span.events] or (),
            links=[_link(link) for link in span.links] or (),
            resource=self._resource(span.resource),
            scope=self._scope(span.instrumentation_scope),
            trace_state=_trace_state(context.trace_state),
            parent_remote=bool(parent and parent.is_remote),  # as the SDK's OTLP exporter does
            dropped_attributes=span.dropped_attributes,
            dropped_events=span.dropped_events,
            dropped_links=span.dropped_links,
        )

    def log(self, readable: Any) -> LogRecord:
        record = readable.log_record
        severity = getattr(record.severity_number, "value", 0)
        return LogRecord(
            trace_id=_trace_id(record.trace_id) if record.trace_id else "",
            span_id=_span_id(record.span_id) if record.span_id else "",
            event_name=record.event_name or "",
            body=_value(record.body),
            severity=record.severity_text or severity_name(severity),
            time_ns=record.timestamp or record.observed_timestamp or 0,
            attributes=_attributes(record.attributes),
            resource=self._resource(readable.resource),
            scope=self._scope(readable.instrumentation_scope),
            severity_number=severity,
            trace_flags=trace_flags(record.trace_flags or 0),
            dropped_attributes=getattr(readable, "dropped_attributes", 0),
        )

    def _resource(self, resource: Any) -> Resource:
        cached = self._resources.get(id(resource))
        if cached is None:
            converted = self._shared.resource(_attributes(resource.attributes), resource.schema_url or "")
            cached = self._resources[id(resource)] = (resource, converted)
        return cached[1]

    def _scope(self, scope: Any) -> Scope:
        if scope is None:
            return self._shared.scope("", "", {})
        attributes = _attributes(getattr(scope, "attributes", None))
        schema_url = getattr(scope, "schema_url", None) or ""
        return self._shared.scope(scope.name or "", scope.version or "", attributes, schema_url)


def _trace_id(number: int) -> str:
    return format(number, "032x")


def _span_id(number: int) -> str:
    return format(number, "016x")


def _event(event: Any) -> Event:
    dropped = getattr(event, "dropped_attributes", 0)
    return Event(_to_builtin(event.name), event.timestamp or 0, _attributes(event.attributes), dropped)


def _link(link: Any) -> Link:
    context = link.context
    return Link(
        _trace_id(context.trace_id),
        _span_id(context.span_id),
        _attributes(link.attributes),
        _trace_state(context.trace_state),
        getattr(link, "dropped_attributes", 0),
    )


def _trace_state(state: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in state.items()) if state else ""


def _attributes(attributes: Mapping[str, Any] | None) -> Attributes:
    if not attributes:
        return {}
    converted = {_to_builtin(key): _value(value) for key, value in attributes.items()}
    unsent = [name for name, value in converted.items() if type(value) is not str and _is_beyond_64_bits(value)]
    if not unsent:
        return converted
    return IrregularAttributes([pair for pair in converted.items() if pair[0] not in unsent], unsent)


def _is_beyond_64_bits(value: Value) -> bool:
    """Return whether the value is or contains an integer that OTLP cannot hold: encoders leave the attribute out."""
    return any(isinstance(one, int) and not -(2**63) <= one < 2**63 for one in walk_values(value))


def _to_builtin(value: Any) -> Any:
    """Convert an instance of a subclass of str, int, float or bytes to the built-in type.

    Examples are SQLAlchemy's names, numpy's numbers and enums, which encoders reject. The built-in type's methods
    convert it, as methods of the subclass would run foreign code.
    """
    if type(value) in _BUILTINS:
        return value
    return next((convert(value) for kind, convert in _CONVERSIONS.items() if isinstance(value, kind)), value)


_BUILTINS: Final = frozenset({str, bool, int, float, bytes, type(None)})
_CONVERSIONS: Final[Mapping[type, Callable[[Any], Any]]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: lambda value: bytes(memoryview(value)),
}


def _value(value: Any) -> Value:
    if isinstance(value, str | bool | int | float | bytes | None):
        return cast("Value", _to_builtin(value))
    if isinstance(value, Mapping):
        return {str(key): _value(member) for key, member in value.items()}
    if isinstance(value, Sequence):
        return [_value(member) for member in value]
    return f"<{type(value).__qualname__}>"  # SDKs reject such values; calling str() on one would run foreign code
