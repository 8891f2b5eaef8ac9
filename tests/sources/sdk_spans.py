"""Traces of the neutral model as the finished spans and log records of an OpenTelemetry SDK, broken ones too."""

from __future__ import annotations

import re
from typing import Any

from opentelemetry import trace as api
from opentelemetry._logs import LogRecord as ApiLogRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.trace import Event as SdkEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from spanpact.trace.attributes import IrregularAttributes
from spanpact.trace.model import Attributes, Event, Link, LogRecord, Reading, Resource, Scope, Span

_TRACE_ID, _SPAN_ID = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")


def can_be_recorded(reading: Reading) -> bool:
    """Whether an SDK can hold these traces.

    It has no malformed ids, no unspecified kind, no message without error, no counts in a resource or a scope,
    and no key twice.
    """
    spans = [span for trace in reading.traces for span in trace.spans]
    logs = [log for trace in reading.traces for log in trace.logs]
    return all(map(_span_can, spans)) and all(map(_log_can, logs))


def _log_can(log: LogRecord) -> bool:
    has_id = _SPAN_ID.fullmatch(log.span_id) or not log.span_id
    return bool(has_id) and not _has_repeated_key(log) and not _has_repeated_key(log, log.body)


def _span_can(span: Span) -> bool:
    ids = [_TRACE_ID.fullmatch(span.trace_id), _SPAN_ID.fullmatch(span.span_id)]
    ids += [_SPAN_ID.fullmatch(span.parent_id or "0" * 16)]
    ids += [_TRACE_ID.fullmatch(link.trace_id) and _SPAN_ID.fullmatch(link.span_id) for link in span.links]
    message = span.status == "error" or not span.status_message
    state = _state(span.trace_state)
    owners: list[Any] = [span, span.resource, span.scope, *span.events, *span.links]
    uncounted = not (span.resource.dropped_attributes or span.scope.dropped_attributes)
    uncounted = uncounted and not any(map(_has_repeated_key, owners))
    written = ",".join(f"{key}={value}" for key, value in state.items())
    return all(ids) and uncounted and span.kind != "unspecified" and message and written == span.trace_state


def _has_repeated_key(carrier: Any, value: Any = None) -> bool:
    stack = [carrier.attributes, value]
    while stack:
        one = stack.pop()
        if isinstance(one, IrregularAttributes):
            return True
        if isinstance(one, list | dict):
            stack.extend(one if isinstance(one, list) else one.values())
    return False


def recorded(reading: Reading) -> tuple[list[ReadableSpan], list[ReadableLogRecord]]:
    """The spans and log records of the reading, in its order; equal resources are one object, as in a process."""
    made = _Recorder()
    spans = [made.span(span) for trace in reading.traces for span in trace.spans]
    return spans, [made.log(log) for trace in reading.traces for log in trace.logs]


class _Recorder:
    def __init__(self) -> None:
        self._resources: dict[int, SdkResource] = {}

    def resource(self, resource: Resource) -> SdkResource:
        known = self._resources.get(id(resource))
        if known is None:
            known = self._resources[id(resource)] = SdkResource(resource.attributes, resource.schema_url)  # type: ignore[arg-type]
        return known

    def span(self, span: Span) -> ReadableSpan:
        parent = _context(span.trace_id, span.parent_id, remote=bool(span.parent_remote)) if span.parent_id else None
        return ReadableSpan(
            span.name,
            _context(span.trace_id, span.span_id, state=span.trace_state),
            parent,
            self.resource(span.resource),
            _bounded(span.attributes, span.dropped_attributes),
            _list([_event(event) for event in span.events], span.dropped_events),
            _list([_link(link) for link in span.links], span.dropped_links),
            api.SpanKind[span.kind.upper()],
            status=_status(span),
            start_time=span.start_ns,
            end_time=span.end_ns,
            instrumentation_scope=_scope(span.scope),
        )

    def log(self, log: LogRecord) -> ReadableLogRecord:
        span = api.NonRecordingSpan(_context(log.trace_id, log.span_id or "0", flags=log.trace_flags))
        record = ApiLogRecord(
            timestamp=log.time_ns,
            context=api.set_span_in_context(span, Context()),
            severity_text=log.severity,
            severity_number=SeverityNumber(log.severity_number),
            body=log.body,  # type: ignore[arg-type]
            attributes=log.attributes,  # type: ignore[arg-type]
            event_name=log.event_name,
        )
        return ReadableLogRecord(record, self.resource(log.resource), _scope(log.scope))


def _context(trace_id: str, span_id: str, *, remote: bool = False, state: str = "", flags: int = 1) -> api.SpanContext:
    return api.SpanContext(int(trace_id, 16), int(span_id, 16), remote, api.TraceFlags(flags), _state(state))


def _state(text: str) -> api.TraceState:
    return api.TraceState.from_header([text])


def _status(span: Span) -> api.Status:
    return api.Status(api.StatusCode[span.status.upper()], span.status_message or None)


def _scope(scope: Scope) -> InstrumentationScope:
    return InstrumentationScope(scope.name, scope.version, scope.schema_url, scope.attributes)  # type: ignore[arg-type]


def _bounded(attributes: Attributes, dropped: int) -> BoundedAttributes:
    bounded = BoundedAttributes(attributes=attributes)  # type: ignore[arg-type]
    bounded.dropped = dropped
    return bounded


def _list(members: list[Any], dropped: int) -> BoundedList[Any]:
    made = BoundedList.from_seq(len(members) or 1, members)
    made.dropped = dropped
    return made


def _event(event: Event) -> SdkEvent:
    return SdkEvent(event.name, _bounded(event.attributes, event.dropped_attributes), event.time_ns)


def _link(link: Link) -> api.Link:
    target = _context(link.trace_id, link.span_id, state=link.trace_state)
    return api.Link(target, _bounded(link.attributes, link.dropped_attributes))
