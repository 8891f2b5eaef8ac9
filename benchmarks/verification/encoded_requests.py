"""Requests as an exporter sends them: spans to one path, log records to another, as JSON or protobuf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as ProtobufLog
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtobufSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from spanpact.sources import encode_traces_json
from spanpact.trace.model import Event, LogRecord, Reading, Span, Trace, Value

Encoding: TypeAlias = Literal["json", "protobuf"]


class Message(NamedTuple):
    """The body of a POST to `/v1/SIGNAL`."""

    signal: Literal["traces", "logs"]
    body: bytes


def encoded(request: Reading, encoding: Encoding) -> Iterator[Message]:
    """Yield the message with the spans of a request, and that with its log records if it has some."""
    logs = [log for trace in request.traces for log in trace.logs]
    if encoding == "protobuf":
        yield Message("traces", in_protobuf(request))
        if logs:
            yield Message("logs", _logs_in_protobuf(logs))
        return
    without_logs = [msgspec.structs.replace(trace, logs=()) for trace in request.traces]
    yield Message("traces", encode_traces_json(msgspec.structs.replace(request, traces=without_logs)))
    if logs:
        alone = Reading(request.source, (), spanless=[Trace("", (), logs)])
        yield Message("logs", encode_traces_json(alone).replace(b'"resourceSpans":[],', b"", 1))


def in_protobuf(request: Reading) -> bytes:
    """Encode the spans of a request as an exporter does, with the classes of opentelemetry-proto, not with spanpact."""
    message = ExportTraceServiceRequest()
    spans = [span for trace in request.traces for span in trace.spans]
    _add_groups(spans, message.resource_spans, lambda group: group.scope_spans, lambda scope: scope.spans, _span)
    return bytes(message.SerializeToString())


def _logs_in_protobuf(logs: Sequence[LogRecord]) -> bytes:
    message = ExportLogsServiceRequest()
    _add_groups(logs, message.resource_logs, lambda group: group.scope_logs, lambda scope: scope.log_records, _log)
    return bytes(message.SerializeToString())


def _add_groups(
    items: Sequence[Any],
    groups: Any,
    scopes_of: Callable[[Any], Any],
    records_of: Callable[[Any], Any],
    encode: Callable[[Any], Any],
) -> None:
    """Add spans or log records, grouped by resource and in it by scope, in their order."""
    for _, several in groupby(items, key=lambda item: id(item.resource)):
        members = list(several)
        group = groups.add()
        group.resource.attributes.extend(map(_pair, members[0].resource.attributes.items()))
        for _, scoped in groupby(members, key=lambda item: item.scope.name):
            written = [*scoped]
            scope = scopes_of(group).add()
            scope.scope.name = written[0].scope.name
            records_of(scope).extend(map(encode, written))


def _span(span: Span) -> Any:
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
        events=map(_event, span.events),
        status=Status(code=Status.STATUS_CODE_ERROR) if span.status == "error" else None,
    )


def _event(event: Event) -> Any:
    attributes = map(_pair, event.attributes.items())
    return ProtobufSpan.Event(time_unix_nano=event.time_ns, name=event.name, attributes=attributes)


def _log(log: LogRecord) -> Any:
    return ProtobufLog(
        time_unix_nano=log.time_ns,
        severity_number=log.severity_number,  # type: ignore[arg-type]
        severity_text=log.severity,
        body=AnyValue(string_value=str(log.body)),
        attributes=map(_pair, log.attributes.items()),
        flags=log.trace_flags,
        trace_id=bytes.fromhex(log.trace_id),
        span_id=bytes.fromhex(log.span_id),
        event_name=log.event_name,
    )


def _pair(item: tuple[str, Value]) -> KeyValue:
    name, value = item
    kind = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}[type(value)]
    return KeyValue(key=name, value=AnyValue(**{kind: value}))  # type: ignore[arg-type]
