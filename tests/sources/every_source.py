"""Give the same traces to every source, and compare the reports that follow.

`without_capabilities` removes from a reading what a source without these capabilities loses, and nothing else.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import msgspec
from google.protobuf.json_format import (  # type: ignore[import-untyped,unused-ignore]
    MessageToDict,
    ParseDict,
    ParseError,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanpact.findings import Report
from spanpact.sources import OtlpFileSource, OtlpReceiver, encode_traces_json
from spanpact.trace.attributes import attributes_of, pairs_of
from spanpact.trace.model import (
    NO_RESOURCE,
    NO_SCOPE,
    Attributes,
    Event,
    Link,
    Reading,
    SourceInfo,
    Span,
    Trace,
    Value,
)
from tests.sources.receiver.raw_http import JSON, PROTOBUF, RawClient, post

_SPANS = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_IDS = ("traceId", "spanId", "parentSpanId")
_WHOLE_ID = re.compile("(?!0+$)[0-9a-f]{32}")


def _report_lines(report: Report) -> Counter[str]:
    """Return every line of a report, without order: sources may give traces in different orders."""
    lines = [f"verdict {report.verdict}", *map(str, report.findings)]
    for result in report.results:
        lines += [f"{result.contract} {each}" for each in (*result.not_checked, *result.coverage, *result.flow_spans)]
        lines += [f"{result.contract} {result.verdict}, {result.flows} flows"]
    return Counter(lines)


def differences(there: Report, wanted: Report) -> list[str]:
    """Return the lines that only one of the two reports has: `+` for the first, `-` for the second."""
    one, other = _report_lines(there), _report_lines(wanted)
    surplus, missing = (one - other).elements(), (other - one).elements()
    return [*(f"+ {line}" for line in surplus), *(f"- {line}" for line in missing)]


# What a source may lose


def without_capabilities(reading: Reading, info: SourceInfo) -> Reading:
    """Return the reading as a source with these capabilities and this resolution would give it."""
    traces = [_trace_without(trace, info) for trace in reading.traces]
    return Reading(info, traces, reading.offered if "offered" in info.capabilities else None)


def _trace_without(trace: Trace, info: SourceInfo) -> Trace:
    logs = trace.logs if "logs" in info.capabilities else ()
    return msgspec.structs.replace(trace, spans=[_span_without(span, info) for span in trace.spans], logs=logs)


def _span_without(span: Span, info: SourceInfo) -> Span:
    if "value_types" not in info.capabilities:
        span = _as_texts(span)
    has, step = info.capabilities.__contains__, info.resolution_ns
    counts = ("dropped_attributes", "dropped_events", "dropped_links")
    lost: dict[str, Any] = {} if has("dropped_counts") else dict.fromkeys(counts, 0)
    lost |= {} if has("status_message") else {"status_message": ""}
    lost |= {} if has("scope") else {"scope": NO_SCOPE}
    lost |= {} if has("resource") else {"resource": NO_RESOURCE}
    lost |= {} if has("remote") else {"parent_remote": None}
    lost |= {} if has("trace_state") else {"trace_state": ""}
    if not has("dropped_counts"):
        owners = {"scope": lost.get("scope", span.scope), "resource": lost.get("resource", span.resource)}
        lost |= {name: msgspec.structs.replace(owner, dropped_attributes=0) for name, owner in owners.items()}
    lost["events"] = [_event_without(event, info) for event in span.events] if has("events") else ()
    lost["links"] = [_link_without(link, info) for link in span.links] if has("links") else ()
    start = span.start_ns // step * step
    lasts = span.end_ns - span.start_ns  # cut towards zero, also where a span ends before its start
    end = start + (abs(lasts) // step * step) * (1 if lasts > 0 else -1) if span.end_ns else 0
    return msgspec.structs.replace(span, start_ns=start, end_ns=end, **lost)


def _event_without(event: Event, info: SourceInfo) -> Event:
    step = info.resolution_ns
    dropped = event.dropped_attributes if "dropped_counts" in info.capabilities else 0
    return msgspec.structs.replace(event, time_ns=event.time_ns // step * step, dropped_attributes=dropped)


def _link_without(link: Link, info: SourceInfo) -> Link:
    has = info.capabilities.__contains__
    dropped = link.dropped_attributes if has("dropped_counts") else 0
    return msgspec.structs.replace(
        link, dropped_attributes=dropped, trace_state=link.trace_state if has("trace_state") else ""
    )


def _as_texts(span: Span) -> Span:
    """The span as Jaeger 1's model has it: lists, maps and the empty value are texts."""

    def less(carrier: Any) -> Any:
        return msgspec.structs.replace(carrier, attributes=_texts(carrier.attributes))

    events, links = list(map(less, span.events)), list(map(less, span.links))
    carriers = {"resource": less(span.resource), "scope": less(span.scope), "events": events, "links": links}
    return msgspec.structs.replace(span, attributes=_texts(span.attributes), **carriers)


def _texts(attributes: Attributes) -> Attributes:
    pairs = pairs_of(attributes)
    return attributes_of([(n, as_text(v) if isinstance(v, list | dict | None) else v) for n, v in pairs])


def as_text(value: Value) -> str:
    """A list, a map or the empty value as Jaeger gives it where it has only texts: JSON as Go writes it, or nothing."""
    try:
        return "" if value is None else _json(value)
    except ValueError:  # a number that JSON does not know
        return ""


def _json(value: Value) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_json, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(name)}:{_json(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode()}"' if value else "null"
    if isinstance(value, float):
        return _json_number(value)
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _json_number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return re.sub(r"e([+-])0(\d)$", r"e\1\2", repr(value)).replace(".0e", "e")


# Traces that are nobody else's


def renumbered(reading: Reading, salt: str) -> Reading:
    """The same traces under ids that no other reading has; malformed ids stay as they are."""
    new = {trace.trace_id: _new_id(trace.trace_id, salt) for trace in reading.traces}

    def span_of(span: Span) -> Span:
        links = [msgspec.structs.replace(link, trace_id=new.get(link.trace_id, link.trace_id)) for link in span.links]
        return msgspec.structs.replace(span, trace_id=new.get(span.trace_id, span.trace_id), links=links)

    def trace_of(trace: Trace) -> Trace:
        own = new[trace.trace_id]
        logs = [msgspec.structs.replace(log, trace_id=own) for log in trace.logs]
        return msgspec.structs.replace(trace, trace_id=own, spans=[span_of(s) for s in trace.spans], logs=logs)

    return msgspec.structs.replace(reading, traces=[trace_of(trace) for trace in reading.traces])


def _new_id(trace_id: str, salt: str) -> str:
    if not _WHOLE_ID.fullmatch(trace_id):
        return trace_id
    return hashlib.sha256(f"{salt} {trace_id}".encode()).hexdigest()[:32]


def only(reading: Reading, wanted: Reading) -> Reading:
    """Of a reading the traces that the other one has, labelled and offered as there."""
    labels = {trace.trace_id: trace for trace in wanted.traces}
    traces = [
        msgspec.structs.replace(t, scenario=labels[t.trace_id].scenario, complete=labels[t.trace_id].complete)
        for t in reading.traces
        if t.trace_id in labels
    ]
    offered = {"offered"} if wanted.offered is not None else set()
    info = msgspec.structs.replace(reading.source, capabilities=reading.source.capabilities - {"offered"} | offered)
    return msgspec.structs.replace(reading, source=info, traces=traces, offered=wanted.offered)


# Encodings


def as_protobuf(document: bytes) -> tuple[bytes, bytes] | None:
    """OTLP JSON as the protobuf runtime writes it: spans, and log records; None where protobuf has no place for it."""
    try:
        tree = _with_ids(json.loads(document), lambda text: base64.b64encode(bytes.fromhex(text)).decode())
        spans = ParseDict({"resourceSpans": tree["resourceSpans"]}, ExportTraceServiceRequest())
        logs = ParseDict({"resourceLogs": tree.get("resourceLogs", [])}, ExportLogsServiceRequest())
    except (ValueError, ParseError):
        return None
    return spans.SerializeToString(), logs.SerializeToString()


def as_json(spans: bytes) -> bytes:
    """Spans in protobuf as OTLP JSON, as the protobuf runtime writes it; only ids are hexadecimal."""
    tree = MessageToDict(ExportTraceServiceRequest.FromString(spans))
    return json.dumps(_with_ids(tree, lambda text: base64.b64decode(text).hex())).encode()


def _with_ids(tree: Any, change: Any) -> Any:
    if isinstance(tree, list):
        return [_with_ids(each, change) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {k: change(v) if k in _IDS and isinstance(v, str) else _with_ids(v, change) for k, v in tree.items()}


def one_span_a_line(reading: Reading) -> bytes:
    """OTLP JSON lines of one span each, the last first, then the log records."""
    lines = []
    for trace in reversed(reading.traces):
        parts = [msgspec.structs.replace(trace, spans=[span], logs=()) for span in reversed(trace.spans)]
        lines += [encode_traces_json(Reading(reading.source, [part])) for part in parts]
        lines += [encode_traces_json(Reading(reading.source, [msgspec.structs.replace(trace, spans=())]))]
    return b"\n".join(lines)


# Ways


def from_files(
    folder: Path, reading: Reading, spans: bytes | None = None, *, compressed: bool = True
) -> Iterator[tuple[str, Reading]]:
    """The traces read from a file of each form, plain and with gzip; `spans` is what an exporter makes of them."""
    document = encode_traces_json(reading)
    forms = {"whole.json": document, "lines.jsonl": one_span_a_line(reading)}
    if spans is None and (written := as_protobuf(document)):
        spans = written[0]
    if spans is not None:
        forms |= {"exported.pb": spans, "exported.json": as_json(spans)}
    for name, content in forms.items():
        packed = [(folder / f"{name}.gz", gzip.compress(content, 1))] if compressed else []
        for path, written_as in [(folder / name, content), *packed]:
            path.write_bytes(written_as)
            source = OtlpFileSource(path, offered=reading.offered)
            yield path.name, source.read()


def by_json(receiver: OtlpReceiver, reading: Reading, *, compressed: bool = False) -> None:
    """Sends the traces as JSON over HTTP."""
    document = json.loads(encode_traces_json(reading))
    _post(receiver, "/v1/traces", JSON, json.dumps({"resourceSpans": document["resourceSpans"]}).encode(), compressed)
    if logs := document.get("resourceLogs"):
        _post(receiver, "/v1/logs", JSON, json.dumps({"resourceLogs": logs}).encode(), compressed)


def by_protobuf(receiver: OtlpReceiver, spans: bytes, logs: bytes, *, compressed: bool = False) -> None:
    """Sends spans and log records as protobuf over HTTP."""
    _post(receiver, "/v1/traces", PROTOBUF, spans, compressed)
    _post(receiver, "/v1/logs", PROTOBUF, logs, compressed)


def by_grpc(receiver: OtlpReceiver, spans: bytes, logs: bytes, *, compressed: bool = False) -> None:
    """Sends spans and log records over gRPC."""
    how = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
    with grpc.insecure_channel(receiver.grpc_url.removeprefix("http://")) as channel:
        channel.unary_unary(_SPANS)(spans, timeout=50, compression=how)
        channel.unary_unary(_LOGS)(logs, timeout=50, compression=how)


def _post(receiver: OtlpReceiver, path: str, kind: str, body: bytes, compressed: bool) -> None:
    headers = {"content_encoding": "gzip"} if compressed else {}
    sent = gzip.compress(body, 1) if compressed else body
    with RawClient(receiver) as client:
        assert client.send(post(sent, path, kind, **headers)).response().status == 200
