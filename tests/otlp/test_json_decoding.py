"""OTLP JSON: everything that a span can carry is read, however its sender writes it; what is wrong is one line."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.errors import SourceError
from spanpact.otlp import Origin, decode_json, encode_traces_json
from spanpact.otlp.json.errors import find_duplicate_key
from spanpact.sources import TraceAssembler
from spanpact.trace.model import Reading, SourceInfo, Span, Trace, Value
from tests.properties import examples
from tests.sources import readings

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def request(*spans: dict[str, Any], **group: Any) -> bytes:
    described = [{"traceId": TRACE, "spanId": SPAN, "name": "a", **span} for span in spans]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": described}], **group}]}).encode()


def only(data: bytes) -> Span:
    [span] = decode_json(data).spans
    return span


def value_of(any_value: Any) -> Value:
    return only(request({"attributes": [{"key": "k", "value": any_value}]})).attributes["k"]


@given(readings.readings)
@settings(max_examples=examples(30))
def test_encoding_and_decoding_gives_the_same_traces(reading: Reading) -> None:
    batch = decode_json(encode_traces_json(reading))
    assembler = TraceAssembler()
    assembler.add(batch.spans, batch.logs)
    assert assembler.traces(complete=True) == reading.traces


def test_a_bare_span_has_the_defaults_of_otlp() -> None:
    span = only(b'{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}')
    assert span == Span("", "", "", kind="unspecified")


def test_null_counts_as_a_missing_field() -> None:
    bare = {"traceId": None, "spanId": None, "name": None, "attributes": None, "status": None, "events": None}
    assert only(request(bare)) == Span("", "", "", kind="unspecified")
    assert decode_json(b'{"resourceSpans":null}').spans == []


@pytest.mark.parametrize("time", [1700000000000000001, "1700000000000000001"])
def test_times_are_text_or_number(time: object) -> None:
    assert only(request({"startTimeUnixNano": time})).start_ns == 1700000000000000001


@pytest.mark.parametrize(
    ("sent", "kind"),
    [(2, "server"), ("SPAN_KIND_CLIENT", "client"), (0, "unspecified"), (99, "unspecified"), (-1, "unspecified")],
)
def test_kinds_are_numbers_or_names(sent: object, kind: str) -> None:
    assert only(request({"kind": sent})).kind == kind


@pytest.mark.parametrize(("sent", "status"), [(2, "error"), ("STATUS_CODE_OK", "ok"), (7, "unset"), (None, "unset")])
def test_status_codes_are_numbers_or_names(sent: object, status: str) -> None:
    span = only(request({"status": {"code": sent, "message": "m"}}))
    assert (span.status, span.status_message) == (status, "m")


@pytest.mark.parametrize(("flags", "remote"), [(0, None), (1, None), (0x200, None), (0x100, False), ("768", True)])
def test_the_flags_say_whether_the_parent_is_remote(flags: object, remote: bool | None) -> None:
    assert only(request({"flags": flags})).parent_remote is remote


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (TRACE.upper(), TRACE),
        ("0" * 32, "0" * 32),
        ("AB", "ab"),
        ("", ""),
        ("CvdlGRbNQ92ESOshHIAxnA==", "0af7651916cd43dd8448eb211c80319c"),
        ("-_dlGRbNQ90=", "fbf7651916cd43dd"),
        ("+/dlGRbNQ90=", "fbf7651916cd43dd"),
        *((each, each) for each in ("AAAZ", "kRf5VQij", "zzzzzzzzzzzzzzzz", "CvdlGRbNQ92ESOshHIAxnA", "AAAAA=A=AAZ=")),
    ],
)
def test_ids_are_hexadecimal_in_lower_case_and_malformed_ones_are_kept_as_sent(sent: str, kept: str) -> None:
    assert only(request({"traceId": sent})).trace_id == kept


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({"stringValue": ""}, ""),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"intValue": 5}, 5),
        ({"boolValue": False}, False),
        ({"doubleValue": 5}, 5.0),
        ({"doubleValue": "0.5"}, 0.5),
        ({"doubleValue": "-Infinity"}, -math.inf),
        ({"bytesValue": "+/8="}, b"\xfb\xff"),
        ({"bytesValue": "-_8"}, b"\xfb\xff"),
        ({"arrayValue": {}}, []),
        ({"arrayValue": {"values": [{"intValue": 1}, {}]}}, [1, None]),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": True}}]}}, {"a": True}),
        ({"kvlistValue": {"values": None}}, {}),
        ({}, None),
        (None, None),
        ({"valueOfALaterVersion": 1}, None),
    ],
)
def test_every_kind_of_value_is_read(sent: object, value: Value) -> None:
    read = value_of(sent)
    assert read == value
    assert type(read) is type(value)


def test_not_a_number_is_read_and_written_as_text() -> None:
    assert math.isnan(value_of({"doubleValue": "NaN"}))  # type: ignore[arg-type]
    span = Span(TRACE, SPAN, "a", attributes={"nan": math.nan, "up": math.inf, "down": -math.inf})
    written = encode_traces_json(Reading(SourceInfo("x"), [Trace(TRACE, [span])]))
    [up, down] = [only(written).attributes[key] for key in ("up", "down")]
    assert (up, down) == (math.inf, -math.inf)
    assert b'"doubleValue":"NaN"' in written


def test_lone_surrogates_are_written_as_a_question_mark() -> None:
    written = encode_traces_json(Reading(SourceInfo("x"), [Trace(TRACE, [Span(TRACE, SPAN, "a\ud800é")])]))
    assert only(written).name == "a?é"


def test_unknown_fields_are_ignored() -> None:
    span = only(request({"ofALaterVersion": {"a": [1]}}, somethingElse=[1]))
    assert span.name == "a"


def test_equal_resources_and_scopes_are_one_object() -> None:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "api"}}]}
    scopes = [{"scope": {"name": "s", "version": "1"}, "spans": [{"name": "a"}]}] * 2
    group = {"resource": resource, "scopeSpans": scopes, "schemaUrl": "u"}
    spans = decode_json(json.dumps({"resourceSpans": [group, group]}).encode()).spans
    assert len(spans) == 4
    assert len({id(span.resource) for span in spans}) == len({id(span.scope) for span in spans}) == 1
    assert spans[0].resource.schema_url == "u"


def test_values_that_only_compare_equal_do_not_make_resources_equal() -> None:
    groups = [
        {"resource": {"attributes": [{"key": "n", "value": value}]}, "scopeSpans": [{"spans": [{"name": "a"}]}]}
        for value in ({"intValue": 1}, {"doubleValue": 1}, {"boolValue": True})
    ]
    spans = decode_json(json.dumps({"resourceSpans": groups}).encode()).spans
    assert [type(span.resource.attributes["n"]) for span in spans] == [int, float, bool]


def test_many_different_resources_do_not_fill_the_memory() -> None:
    groups = [{"schemaUrl": str(number), "scopeSpans": [{"spans": [{}]}]} for number in range(2500)]
    spans = decode_json(json.dumps({"resourceSpans": groups}).encode()).spans
    assert [span.resource.schema_url for span in spans] == [str(number) for number in range(2500)]


def log_request(**log: Any) -> bytes:
    record = {"traceId": TRACE, "body": {"stringValue": "hello"}, **log}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


@pytest.mark.parametrize(
    ("sent", "severity"),
    [
        ({"severityText": "warning", "severityNumber": 13}, "warning"),
        ({"severityNumber": 9}, "INFO"),
        ({"severityNumber": "SEVERITY_NUMBER_ERROR2"}, "ERROR2"),
        ({"severityNumber": 99}, ""),
        ({}, ""),
    ],
)
def test_the_severity_of_a_log_record_is_its_text_or_its_number(sent: dict[str, Any], severity: str) -> None:
    [log] = decode_json(log_request(**sent)).logs
    assert log.severity == severity


def test_a_log_record_without_its_own_time_has_the_time_at_which_it_was_observed() -> None:
    [log] = decode_json(log_request(observedTimeUnixNano="7", eventName="cache.hit", spanId=SPAN.upper())).logs
    assert (log.time_ns, log.event_name, log.span_id, log.body) == (7, "cache.hit", SPAN, "hello")


@pytest.mark.parametrize("ids", [("", ""), ("0" * 32, "0" * 16)])
def test_log_records_without_a_trace_have_no_ids(ids: tuple[str, str]) -> None:
    batch = decode_json(log_request(traceId=ids[0], spanId=ids[1]))
    assert [(log.trace_id, log.span_id, log.body) for log in batch.logs] == [("", "", "hello")]
    assert batch.signals == {"logs"}


# Python 3.14 has no limit of its own for C code: only this many fill any usual stack.
DEEP = b'{"later":' + b"[" * 4_000_000


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a": NaN}', "byte 6 (line 1): not OTLP JSON: JSON is malformed: invalid character"),
        (b'{\n"a": 1,\n}', "byte 10 (line 3)"),
        (b'{"resourceSpans":[', "byte 18 (line 1): not OTLP JSON: the text ends too early"),
        (b'{"resourceSpans":[]} {}', "trailing characters"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"resourceSpans":{}}', "Expected `array | null`, got `object` - at `$.resourceSpans`"),
        (b'{"resourceSpans":[{"schemaUrl":"\xff"}]}', "byte 32 (line 1): not OTLP JSON: the text is not UTF-8"),
        (b'{"unknown":"\xff"}', "byte 12 (line 1): not OTLP JSON: the text is not UTF-8"),
        (DEEP, "byte 108 (line 1): not OTLP JSON: the text nests too deep"),
        (b'{"a":1,\n"b":[{"c":1,"\\u0063":2}]}', "byte 20 (line 2): not OTLP JSON: the key 'c' occurs twice"),
        (request({"startTimeUnixNano": "ada@post.example"}), "expected an integer, found '‹email›'"),
        (request({"startTimeUnixNano": "x" * 30 + " ada.lovelace@post.example"}), "found '" + "x" * 30 + " ‹email›'"),
        (b'{"ada@post.example":1,"ada@post.example":2}', "the key '‹email›' occurs twice"),
        (request({"kind": "redis://app:hunter2@cache"}), "unknown enum name '‹url_credentials›cache'"),
        (request({"startTimeUnixNano": "soon"}), "expected an integer, found 'soon'"),
        (request({"startTimeUnixNano": 1.5}), "Expected `int | str | null`, got `float`"),
        (request({"kind": "SRVER"}), "unknown enum name 'SRVER'; accepted: SPAN_KIND_UNSPECIFIED"),
        (request({"status": {"code": "FAILED"}}), "unknown enum name 'FAILED'; accepted: STATUS_CODE_UNSET"),
        (request({"attributes": [{"key": "k", "value": {"doubleValue": "much"}}]}), "'much', not a number"),
        (request({"attributes": [{"key": "k", "value": {"bytesValue": "%"}}]}), "not base64"),
        (b'{"a":' + b"9" * 5000 + b"}", "not OTLP JSON"),
    ],
)
def test_a_text_that_is_not_otlp_json_is_one_error_line_with_its_position(data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode_json(data, origin=Origin("traces.json"))
    assert says in str(caught.value)
    assert str(caught.value).startswith("traces.json: ")
    assert "\n" not in str(caught.value)


def test_values_that_nest_too_deep_are_refused_with_the_position() -> None:
    value: dict[str, Any] = {"intValue": 1}
    for _ in range(32):
        value = {"arrayValue": {"values": [value]}}
    assert value_of(value) is not None
    with pytest.raises(SourceError, match=r"byte \d+ \(line 1\): not OTLP JSON: the text nests too deep"):
        value_of({"arrayValue": {"values": [value]}})


def test_positions_are_counted_from_the_start_of_the_file() -> None:
    with pytest.raises(SourceError, match=r"f\.jsonl: byte 1006 \(line 12\)"):
        decode_json(b'{"a": NaN}', origin=Origin("f.jsonl", 1000, 12))


def test_the_search_for_duplicate_keys_limits_the_depth() -> None:
    fault = find_duplicate_key(b"[" * 100_000 + b"]" * 100_000)
    assert fault is not None
    assert (fault.what, fault.offset) == ("the text nests too deep", 100)


def test_the_position_is_left_out_where_it_is_too_far_away() -> None:
    far = b" " * (2 << 20) + DEEP
    with pytest.raises(SourceError, match=r"^OTLP JSON: line 1: not OTLP JSON: the text nests too deep$"):
        decode_json(far)


def test_bytes_are_written_as_standard_base64() -> None:
    span = Span(TRACE, SPAN, "a", attributes={"raw": b"\xfb\xff"})
    written = encode_traces_json(Reading(SourceInfo("x"), [Trace(TRACE, [span])]))
    assert base64.b64encode(b"\xfb\xff") in written


TEXTS = st.sampled_from(['"x"', '"\\""', '"\\\\"', '"\\\\\\""', '"a\\":\\"b"', '""', "null", '"\\u0022:\\u0022"'])


@given(st.lists(st.tuples(st.sampled_from(["name", "traceState", "traceId", "spanId"]), TEXTS), max_size=6))
def test_a_key_that_occurs_twice_is_found_whatever_the_texts_hold(fields: list[tuple[str, str]]) -> None:
    """Quick and thorough search agree: quotes and backslashes in texts are what could deceive the quick one."""
    inner = ",".join(f'"{name}": {text}' for name, text in fields)
    data = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{inner}}}]}}]}}]}}'.encode()
    twice = find_duplicate_key(data) is not None
    assert twice == (len({name for name, _ in fields}) < len(fields))
    if twice:
        with pytest.raises(SourceError, match="occurs twice"):
            decode_json(data)
    else:
        assert decode_json(data) == decode_json(data, duplicate_keys=False)
