"""Encode traces as OTLP JSON, so that received traces can be kept in a file and verified again."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Literal, TypeVar

import msgspec

from spanpact.otlp.batch import HAS_IS_REMOTE, IS_REMOTE, KINDS, STATUSES
from spanpact.otlp.json import messages as wire
from spanpact.trace.attributes import pairs_of
from spanpact.trace.model import Attributes, Event, Link, LogRecord, Reading, Resource, Scope, Span, Value

_T = TypeVar("_T", Span, LogRecord)
_Wire = TypeVar("_Wire")
_Scoped = TypeVar("_Scoped")
_Grouped = TypeVar("_Grouped")


def encode_traces_json(reading: Reading) -> bytes:
    """Return one OTLP JSON request with all spans of the reading, in order, and its log records, those of no span last.

    OTLP has no fields for scenario labels, for whether a trace is complete and for the number of requests offered:
    these are lost. Lone surrogates, which UTF-8 cannot encode, become `?`.
    """
    spans = [span for trace in reading.traces for span in trace.spans]
    logs = [log for trace in (*reading.traces, *reading.spanless) for log in trace.logs]
    request = wire.Request(resource_spans=_grouped(spans, wire.ResourceSpans, wire.ScopeSpans, _span))
    if logs:
        request.resource_logs = _grouped(logs, wire.ResourceLogs, wire.ScopeLogs, _log)
    return msgspec.json.encode(request)


def _grouped(
    items: Iterable[_T],
    make_resource_group: Callable[[wire.WireResource, list[_Scoped], str | None], _Grouped],
    make_scope_group: Callable[[wire.WireScope, list[_Wire], str | None], _Scoped],
    encode: Callable[[_T], _Wire],
) -> list[_Grouped]:
    """Return spans or log records grouped by resource, and within it by scope, each encoded by `encode`."""
    groups = []
    for of_resource in _runs(items, "resource"):
        resource = of_resource[0].resource
        scopes = [
            make_scope_group(_scope(scope), [encode(item) for item in of_scope], _some(scope.schema_url))
            for of_scope in _runs(of_resource, "scope")
            for scope in (of_scope[0].scope,)
        ]
        groups.append(make_resource_group(_resource(resource), scopes, _some(resource.schema_url)))
    return groups


def _runs(items: Iterable[_T], field: Literal["resource", "scope"]) -> Iterator[list[_T]]:
    """Yield the runs of adjacent items with the same resource or scope object.

    Collecting all spans of one resource instead would change the order of a trace's spans.
    """
    return (list(run) for _, run in groupby(items, key=lambda item: id(getattr(item, field))))


def _resource(resource: Resource) -> wire.WireResource:
    return wire.WireResource(_pairs(resource.attributes), resource.dropped_attributes or None)


def _scope(scope: Scope) -> wire.WireScope:
    return wire.WireScope(
        _some(scope.name), _some(scope.version), _pairs(scope.attributes), scope.dropped_attributes or None
    )


def _span(span: Span) -> wire.WireSpan:
    return wire.WireSpan(
        trace_id=_text(span.trace_id),
        span_id=_text(span.span_id),
        trace_state=_some(span.trace_state),
        parent_span_id=_some(span.parent_id),
        flags=_flags(span.parent_remote),
        name=_text(span.name),
        kind=KINDS.index(span.kind) or None,
        start_time_unix_nano=str(span.start_ns),
        end_time_unix_nano=str(span.end_ns),
        attributes=_pairs(span.attributes),
        dropped_attributes_count=span.dropped_attributes or None,
        events=[_event(event) for event in span.events] or None,
        dropped_events_count=span.dropped_events or None,
        links=[_link(link) for link in span.links] or None,
        dropped_links_count=span.dropped_links or None,
        status=wire.WireStatus(_some(span.status_message), STATUSES.index(span.status) or None),
    )


def _flags(remote: bool | None) -> int | None:
    if remote is None:
        return None
    return HAS_IS_REMOTE | (IS_REMOTE if remote else 0)


def _event(event: Event) -> wire.WireEvent:
    return wire.WireEvent(
        str(event.time_ns), _text(event.name), _pairs(event.attributes), event.dropped_attributes or None
    )


def _link(link: Link) -> wire.WireLink:
    return wire.WireLink(
        _text(link.trace_id),
        _text(link.span_id),
        _some(link.trace_state),
        _pairs(link.attributes),
        link.dropped_attributes or None,
    )


def _log(log: LogRecord) -> wire.WireLogRecord:
    return wire.WireLogRecord(
        time_unix_nano=str(log.time_ns),
        severity_number=log.severity_number or None,
        severity_text=_some(log.severity),
        body=None if log.body is None else _value(log.body),
        attributes=_pairs(log.attributes),
        dropped_attributes_count=log.dropped_attributes or None,
        flags=log.trace_flags or None,
        trace_id=_text(log.trace_id),
        span_id=_some(log.span_id),
        event_name=_some(log.event_name),
    )


def _pairs(attributes: Attributes) -> list[wire.KeyValue] | None:
    return [wire.KeyValue(_text(key), _value(value)) for key, value in pairs_of(attributes)] or None


def _value(value: Value) -> wire.AnyValue:
    match value:
        case str():
            return wire.AnyValue(string_value=_text(value))
        case bool():
            return wire.AnyValue(bool_value=value)
        case int():
            return wire.AnyValue(int_value=str(value))
        case float():
            return wire.AnyValue(double_value=value if math.isfinite(value) else _not_finite(value))
        case bytes():
            return wire.AnyValue(bytes_value=base64.b64encode(value).decode("ascii"))
        case list():
            return wire.AnyValue(array_value=wire.ArrayValue([_value(member) for member in value]))
        case dict():
            return wire.AnyValue(kvlist_value=wire.KeyValueList(_pairs(value)))
        case None:
            return wire.AnyValue()


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _some(text: str) -> str | None:
    return _text(text) if text else None


def _text(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
