"""What a check accepts is decoded without an error, and what decoding refuses is refused in the same words."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.errors import SourceError
from spanpact.otlp import Origin, decode_json, decode_protobuf_traces, encode_traces_json
from spanpact.otlp.json.checks import check_json
from spanpact.otlp.message_checks import MessageContent, check_protobuf_traces
from spanpact.trace.model import Reading
from tests.properties import examples
from tests.sources import readings
from tests.sources.every_source import as_protobuf

VALUES = st.sampled_from(
    [
        None, "", "x", 0, 1, -1, 7, "7", "-7", "0x7", "1e3", 1.5, "NaN", "nan", True, [], {}, "9" * 5000, 2**70,
        "\ud800",
        "SPAN_KIND_CLIENT", "client", "NONE", "STATUS_CODE_ERROR", "AAAA", "A", "!", [1], {"key": "a"}, "a" * 32, 1e30,
        {"stringValue": "a"}, {"intValue": "x"}, {"doubleValue": "x"}, {"bytesValue": "!"}, {"intValue": "12"},
        {"arrayValue": {"values": [{"intValue": "y"}]}}, {"kvlistValue": {"values": [{"key": "k", "value": {}}]}},
        {"stringValue": "a", "intValue": "x"}, {"boolValue": True, "bytesValue": "!"},
    ]
)  # fmt: skip
FIELDS = [
    "traceId", "spanId", "parentSpanId", "traceState", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "flags",
    "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount", "vendor", "start_time_unix_nano",
]  # fmt: skip
SPANS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(FIELDS, VALUES),
        "status": st.fixed_dictionaries({}, optional={"code": VALUES, "message": VALUES}),
        "attributes": st.lists(st.fixed_dictionaries({}, optional={"key": VALUES, "value": VALUES}), max_size=3),
        "events": st.lists(st.fixed_dictionaries({}, optional={"name": VALUES, "timeUnixNano": VALUES}), max_size=2),
        "links": st.lists(st.fixed_dictionaries({}, optional={"traceId": VALUES, "flags": VALUES}), max_size=2),
    },
)
LOGS = st.fixed_dictionaries(
    {}, optional={"body": VALUES, "severityNumber": VALUES, "timeUnixNano": VALUES, "traceId": VALUES}
)


def outcome(function: Any, data: bytes) -> MessageContent | str:
    """Return what a document holds by this function, or its refusal."""
    try:
        held = function(data, origin=Origin("body"))
    except SourceError as error:
        return str(error)
    return held if isinstance(held, MessageContent) else MessageContent.of(held)


@given(
    st.lists(SPANS, max_size=2), st.lists(LOGS, max_size=1), st.fixed_dictionaries({}, optional={"schemaUrl": VALUES})
)
@settings(max_examples=examples(1000))
def test_json_is_checked_as_it_is_decoded(spans: list[Any], logs: list[Any], group: dict[str, Any]) -> None:
    document = {"resourceSpans": [{"scopeSpans": [{"spans": spans}], **group}]}
    if logs:
        document["resourceLogs"] = [{"scopeLogs": [{"logRecords": logs}]}]
    data = json.dumps(document).encode()
    assert outcome(check_json, data) == outcome(decode_json, data)


@pytest.mark.parametrize("group", ["resource", "scope"])
@given(
    emitter=st.fixed_dictionaries({}, optional={"droppedAttributesCount": VALUES, "name": VALUES, "attributes": VALUES})
)
@settings(max_examples=examples(60))
def test_resources_and_scopes(group: str, emitter: Any) -> None:
    scoped = {"scope": emitter} if group == "scope" else {}
    whole = {"resource": emitter} if group == "resource" else {}
    for signal, inner in (("Spans", "spans"), ("Logs", "logRecords")):
        data = json.dumps({f"resource{signal}": [{f"scope{signal}": [{inner: [{}], **scoped}], **whole}]}).encode()
        assert outcome(check_json, data) == outcome(decode_json, data)


@pytest.mark.parametrize("field", FIELDS)
@given(value=VALUES)
@settings(max_examples=examples(60))
def test_each_field_by_itself(field: str, value: Any) -> None:
    data = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{field: value}]}]}]}).encode()
    assert outcome(check_json, data) == outcome(decode_json, data)


@given(readings.readings, st.integers(0, 2**32))
@settings(max_examples=examples(60))
def test_damaged_json_is_refused_as_decoding_refuses_it(reading: Reading, seed: int) -> None:
    data, choose = bytearray(encode_traces_json(reading)), random.Random(seed)
    for _ in range(choose.randint(0, 3)):
        place = choose.randrange(len(data))
        data[place : place + choose.randint(0, 2)] = choose.randbytes(choose.randint(0, 2))
    assert outcome(check_json, bytes(data)) == outcome(decode_json, bytes(data))


@given(readings.readings, st.integers(0, 2**32))
@settings(max_examples=examples(60))
def test_protobuf_is_checked_as_it_is_decoded(reading: Reading, seed: int) -> None:
    written = as_protobuf(encode_traces_json(reading))
    if not written:
        return
    data, choose = bytearray(written[0]), random.Random(seed)
    for _ in range(choose.randint(0, 3) if data else 0):
        place = choose.randrange(len(data))
        data[place : place + choose.randint(0, 2)] = choose.randbytes(choose.randint(0, 2))

    def decode(data: bytes, origin: Origin) -> MessageContent:
        return MessageContent.of(decode_protobuf_traces(data, name=origin.name))

    def check(data: bytes, origin: Origin) -> MessageContent:
        return check_protobuf_traces(data, name=origin.name)

    assert outcome(check, bytes(data)) == outcome(decode, bytes(data))
