"""Counting the messages of a body agrees with what the parser makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from spanpact.otlp import json_holds_more_than, logs_hold_more_than, traces_hold_more_than
from tests.sources.readings import Recorder, a_session_trace


def messages_in(message: Any) -> int:
    count = 0
    for field, value in message.ListFields():
        if field.message_type is not None:
            inner = [value] if isinstance(value, Message) else list(value)
            count += len(inner) + sum(messages_in(member) for member in inner)
    return count


def test_the_count_equals_that_of_the_parser() -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    request = encode_spans(recorder.spans)
    count, data = messages_in(request), request.SerializeToString()
    assert count > 30
    assert traces_hold_more_than(count - 1, data)
    assert not traces_hold_more_than(count, data)


def test_values_within_log_records_are_counted() -> None:
    body = AnyValue(array_value=ArrayValue(values=[AnyValue()] * 100))
    logs = ResourceLogs(scope_logs=[ScopeLogs(log_records=[LogRecord(body=body, severity_number=9, flags=1)])])  # type: ignore[arg-type]
    data = ExportLogsServiceRequest(resource_logs=[logs]).SerializeToString()
    assert logs_hold_more_than(104, data)
    assert not logs_hold_more_than(105, data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x05\x12\xff",  # cut short within a length
        b"\x0a\x02\x13\x00",  # a group
        b"\xff" * 20,  # a number without an end
        b"\x0a\xff\xff\xff\xff\x0f",  # a message longer than the body
    ],
)
def test_malformed_bodies_are_left_to_the_parser(data: bytes) -> None:
    assert not traces_hold_more_than(1, data)


def test_json_objects_are_counted_by_their_braces() -> None:
    assert json_holds_more_than(2, b'{"resourceSpans":[{},{}]}')
    assert not json_holds_more_than(3, b'{"resourceSpans":[{},{}]}')
