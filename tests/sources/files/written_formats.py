"""Write traces in the formats that carry less than OTLP, and change traces to what a format can write.

Python's console output and Zipkin's JSON are written by the real exporters, from spans of the SDK.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import struct
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from opentelemetry.exporter.zipkin.json.v2 import JsonV2Encoder
from opentelemetry.exporter.zipkin.node_endpoint import NodeEndpoint

from spanpact.otlp.batch import KINDS
from spanpact.trace.model import Attributes, Event, Link, Reading, Resource, Span, Value
from tests.sources.every_source import as_protobuf, one_span_a_line
from tests.sources.files.compressing import zstd
from tests.sources.sdk_spans import recorded

Keep = Callable[[Value], bool]
_NO_CONTEXT = {"TraceID": "0" * 32, "SpanID": "0" * 16, "TraceFlags": "00", "TraceState": "", "Remote": False}


# What a format can write


def whole_microseconds(reading: Reading) -> Reading:
    """Return the traces with all times cut to microseconds: exporters round them, each in its own way."""

    def of_span(span: Span) -> Span:
        events = [msgspec.structs.replace(event, time_ns=event.time_ns // 1000 * 1000) for event in span.events]
        start, end = span.start_ns // 1000 * 1000, span.end_ns // 1000 * 1000
        return msgspec.structs.replace(span, start_ns=start, end_ns=end, events=events)

    return each_span(reading, of_span)


def each_span(reading: Reading, change: Callable[[Span], Span]) -> Reading:
    """Return the traces with every span changed, without log records."""
    return msgspec.structs.replace(
        reading,
        traces=[msgspec.structs.replace(t, spans=[change(s) for s in t.spans], logs=()) for t in reading.traces],
    )


def with_values(reading: Reading, keep: Keep, *, of_events: Keep | None = None) -> Reading:
    """Return the traces with only the attributes whose values a format can write."""

    def less(carrier: Any, which: Keep = keep) -> Any:
        return msgspec.structs.replace(carrier, attributes=_kept(carrier.attributes, which))

    def of_span(span: Span) -> Span:
        own: Span = less(span)
        return msgspec.structs.replace(
            own,
            resource=less(span.resource),
            scope=less(span.scope),
            events=[less(event, of_events or keep) for event in span.events],
            links=[less(link) for link in span.links],
        )

    return each_span(reading, of_span)


def _kept(attributes: Attributes, keep: Keep) -> Attributes:
    return {name: value for name, value in attributes.items() if keep(value)}


def is_json(value: Value) -> bool:
    """Return whether Python's JSON holds a value: one without bytes."""
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(map(is_json, value.values()))
    return not isinstance(value, bytes)


def is_of_go(value: Value) -> bool:
    """Return whether Go's SDK has the value: a text, a number that JSON can hold, a boolean, or a list of one kind."""
    if isinstance(value, list):
        return bool(value) and len({type(each) for each in value}) == 1 and all(map(_is_scalar_of_go, value))
    return _is_scalar_of_go(value)


def _is_scalar_of_go(value: Value) -> bool:
    if isinstance(value, float):
        return value - value == 0
    return isinstance(value, str | bool) or (isinstance(value, int) and -(2**63) <= value < 2**63)


def is_a_tag(value: Value) -> bool:
    """Return whether Zipkin's exporter writes a value: a text, a number, a boolean, or a list of them."""
    if isinstance(value, list):
        return len({type(each) for each in value}) == 1 and all(isinstance(each, str | int | float) for each in value)
    return isinstance(value, str | int | float)


def with_service_only(reading: Reading) -> Reading:
    """Return the traces with resources that have only a service's name, which no span has as an attribute."""

    def of_span(span: Span) -> Span:
        resource = Resource({"service.name": span.resource.attributes.get("service.name", "")})
        attributes = {name: value for name, value in span.attributes.items() if name != "service.name"}
        return msgspec.structs.replace(span, resource=resource, attributes=attributes)

    return each_span(reading, of_span)


# The formats


def as_python_console(reading: Reading) -> bytes:
    """Return what the console exporter of the Python SDK prints."""
    return "".join(span.to_json() + os.linesep for span in recorded(reading)[0]).encode()


def as_zipkin(reading: Reading) -> bytes:
    """Return what the Zipkin exporter of the Python SDK sends."""
    return JsonV2Encoder().serialize(recorded(reading)[0], NodeEndpoint()).encode()  # type: ignore[arg-type]


def as_go_console(reading: Reading) -> bytes:
    """Return what the stdout exporter of the Go SDK prints, as `recordings/go-console.jsonl` has it."""
    return b"".join(json.dumps(_go_span(s)).encode() + b"\n" for t in reading.traces for s in t.spans)


def _go_span(span: Span) -> dict[str, Any]:
    scope = {
        "Name": span.scope.name, "Version": span.scope.version, "SchemaURL": span.scope.schema_url,
        "Attributes": _go_attributes(span.scope.attributes),
    }  # fmt: skip
    parent = _go_context(span.trace_id, span.parent_id, "", bool(span.parent_remote)) if span.parent_id else _NO_CONTEXT
    return {
        "Name": span.name,
        "SpanContext": _go_context(span.trace_id, span.span_id, span.trace_state, False),
        "Parent": parent,
        "SpanKind": KINDS.index(span.kind),
        "StartTime": _go_time(span.start_ns),
        "EndTime": _go_time(span.end_ns),
        "Attributes": _go_attributes(span.attributes),
        "Events": [_go_event(each) for each in span.events] or None,
        "Links": [_go_link(each) for each in span.links] or None,
        "Status": {"Code": span.status.capitalize(), "Description": span.status_message},
        "DroppedAttributes": span.dropped_attributes,
        "DroppedEvents": span.dropped_events,
        "DroppedLinks": span.dropped_links,
        "ChildSpanCount": 0,
        "Resource": _go_attributes(span.resource.attributes),
        "InstrumentationScope": scope,
        "InstrumentationLibrary": scope,
    }


def _go_context(trace_id: str, span_id: str, state: str, remote: bool) -> dict[str, Any]:
    return {"TraceID": trace_id, "SpanID": span_id, "TraceFlags": "01", "TraceState": state, "Remote": remote}


def _go_event(event: Event) -> dict[str, Any]:
    return {
        "Name": event.name, "Attributes": _go_attributes(event.attributes),
        "DroppedAttributeCount": event.dropped_attributes, "Time": _go_time(event.time_ns),
    }  # fmt: skip


def _go_link(link: Link) -> dict[str, Any]:
    return {
        "SpanContext": _go_context(link.trace_id, link.span_id, link.trace_state, False),
        "Attributes": _go_attributes(link.attributes), "DroppedAttributeCount": link.dropped_attributes,
    }  # fmt: skip


def _go_attributes(attributes: Attributes) -> list[dict[str, Any]] | None:
    return [{"Key": name, "Value": _go_value(value)} for name, value in attributes.items()] or None


def _go_value(value: Value) -> dict[str, Any]:
    names: dict[type, str] = {str: "STRING", bool: "BOOL", int: "INT64", float: "FLOAT64"}
    if isinstance(value, list):
        return {"Type": names[type(value[0])] + "SLICE", "Value": list(map(_go_number, value))}
    return {"Type": names[type(value)], "Value": _go_number(value)}


def _go_number(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _go_time(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, 1_000_000_000)
    decimals = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}{decimals}Z"


# Other forms of OTLP


def forms_of_otlp(reading: Reading) -> Iterator[tuple[str, bytes]]:
    """Yield the traces, without log records, in forms of OTLP that `from_files` does not have."""
    lines = one_span_a_line(each_span(reading, lambda span: span)).split(b"\n")
    documents = [json.loads(line) for line in lines]
    groups = [group for each in documents for group in each["resourceSpans"]]
    yield "a ResourceSpans a line", b"\n".join(json.dumps(each, separators=(",", ":")).encode() for each in groups)
    yield "batches", json.dumps({"batches": _with_base64_ids(groups)}).encode()
    yield "a pretty list", json.dumps(documents, indent=1).encode()
    yield "texts on one line, zstd", zstd.compress(b"".join(lines))
    messages = [written[0] for line in lines if (written := as_protobuf(line))]
    if len(messages) == len(lines):
        yield "messages", b"".join(map(_framed, messages))
        yield "messages, each with zstd", b"".join(_framed(zstd.compress(each)) for each in messages)


def _framed(message: bytes) -> bytes:
    return struct.pack(">I", len(message)) + message


def _with_base64_ids(tree: Any) -> Any:
    if isinstance(tree, list):
        return list(map(_with_base64_ids, tree))
    if not isinstance(tree, dict):
        return tree
    return {
        key: base64.b64encode(bytes.fromhex(value)).decode()
        if key in ("traceId", "spanId", "parentSpanId")
        else _with_base64_ids(value)
        for key, value in tree.items()
    }
