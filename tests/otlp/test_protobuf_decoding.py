"""OTLP protobuf: held against the SDK's own encoder, so that every source gives the same spans."""

from __future__ import annotations

import pytest
from opentelemetry._logs import LogRecord as SdkLogRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from spanpact.errors import SourceError
from spanpact.otlp import decode_json, decode_protobuf_logs, decode_protobuf_traces, encode_traces_json
from spanpact.sources import MemorySource
from spanpact.trace.model import Span as ModelSpan
from tests.sources.readings import Recorder, a_session_trace


def request(span: Span) -> bytes:
    return bytes(
        ExportTraceServiceRequest(
            resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])]
        ).SerializeToString()
    )


def span_id(span: ModelSpan) -> str:
    return span.span_id


def nested(depth: int) -> AnyValue:
    value = AnyValue(int_value=1)
    for level in range(depth):
        if level % 2:
            value = AnyValue(array_value=ArrayValue(values=[value]))
        else:
            value = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=value)]))
    return value


def test_the_sdk_sends_the_spans_that_it_keeps_in_memory() -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    [kept] = MemorySource(recorder.exporter).read().traces
    sent = decode_protobuf_traces(encode_spans(recorder.spans).SerializeToString())
    assert sorted(sent.spans, key=span_id) == sorted(kept.spans, key=span_id)  # the SDK sends scope by scope


def test_json_and_protobuf_give_the_same_spans() -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    reading = MemorySource(recorder.exporter).read()
    protobuf = decode_protobuf_traces(encode_spans(recorder.spans).SerializeToString())
    written = decode_json(encode_traces_json(reading))
    assert sorted(written.spans, key=span_id) == sorted(protobuf.spans, key=span_id)


def test_log_records_of_the_sdk_arrive_as_they_are_in_memory() -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span("a"):
        recorder.logger.emit(
            SdkLogRecord(
                body={"text": ["a", 1]},
                severity_number=SeverityNumber.WARN,
                event_name="cache.hit",
                attributes={"k": 1},
                timestamp=5,
            )
        )
    recorder.logger.emit(SdkLogRecord(body="outside of any trace", timestamp=6))
    reading = MemorySource(recorder.exporter, logs=recorder.log_exporter).read()
    sent = decode_protobuf_logs(encode_logs(recorder.log_exporter.get_finished_logs()).SerializeToString())
    assert sent.logs == [log for trace in (*reading.traces, *reading.spanless) for log in trace.logs]
    assert (sent.logs[-1].trace_id, sent.logs[-1].body) == ("", "outside of any trace")
    assert (sent.logs[0].severity, sent.logs[0].event_name, sent.logs[0].body) == (
        "WARN",
        "cache.hit",
        {"text": ["a", 1]},
    )


def test_a_bare_span_has_the_defaults_of_otlp() -> None:
    [span] = decode_protobuf_traces(request(Span())).spans
    assert (span.kind, span.status, span.parent_remote, span.trace_id) == ("unspecified", "unset", None, "")


def test_malformed_ids_and_enums_of_a_later_version_pass() -> None:
    sent = Span(trace_id=b"\xab", span_id=b"\x01" * 9, kind=99, status=Status(code=9))  # type: ignore[arg-type]
    [span] = decode_protobuf_traces(request(sent)).spans
    assert (span.trace_id, span.span_id, span.kind, span.status) == ("ab", "01" * 9, "unspecified", "unset")


def test_empty_and_nested_values_are_read() -> None:
    pairs = [KeyValue(key="empty", value=AnyValue()), KeyValue(key="none"), KeyValue(key="deep", value=nested(2))]
    [span] = decode_protobuf_traces(request(Span(attributes=pairs))).spans
    assert span.attributes == {"empty": None, "none": None, "deep": [{"k": 1}]}


@pytest.mark.parametrize("data", [b"garbage", b"\x0a\xff\xff", b"{}", request(Span(name="cut short"))[:-3]])
def test_bytes_that_are_no_message_are_one_error_line(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"^t\.pb: not an OTLP protobuf message .* of \d+ bytes"):
        decode_protobuf_traces(data, name="t.pb")


def test_text_that_is_not_utf8_is_refused() -> None:
    data = request(Span(name="name")).replace(b"name", b"na\xffe")
    with pytest.raises(SourceError, match="not an OTLP protobuf message"):
        decode_protobuf_traces(data)


def test_values_nest_as_deep_as_the_runtime_accepts() -> None:
    [span] = decode_protobuf_traces(request(Span(attributes=[KeyValue(key="k", value=nested(30))]))).spans
    assert span.attributes["k"]
    deeper = b"\x10\x01"  # AnyValue.bool_value
    for _ in range(60):
        deeper = field(0x2A, field(0x0A, deeper))  # AnyValue.array_value, ArrayValue.values
    for tag in (0x2A, 0x12, 0x12, 0x0A):  # LogRecord.body, log_records, scope_logs, resource_logs
        deeper = field(tag, deeper)
    with pytest.raises(SourceError, match="nested too deep"):
        decode_protobuf_logs(deeper)


def field(tag: int, data: bytes) -> bytes:
    return bytes([tag, len(data) & 0x7F | 0x80, len(data) >> 7]) + data
