"""A file with log records is verified without holding its traces, with the same report."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from benchmarks.verification.made_traces import requests
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.reporting import render_json
from spanpact.sources import OtlpReceiver, encode_traces_json
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace
from tests.properties import examples
from tests.sources.every_source import as_protobuf
from tests.verification.shapes.test_log_record_shapes import CONTRACT, PLANS, odd_records, record, with_log_records
from tests.verification.test_receiving import assert_same as assert_same_received
from tests.verification.test_receiving import keep
from tests.verification.test_streaming import assert_same, outcome, streamed, text_of, whole, zip_all

TWO = load_text("""
spanpact: 1
contract: two
version: 1.0.0
span: '*'
where: {kind: server}
events: {line: {event: handled, via: log, severity: {one_of: [info]}, attributes: {id: {same_as: top.correlation.id}}}}
every: {private: {span: '*', forbid: [email]}}
""")
OF_SPANS = load_text("{spanpact: 1, contract: of-spans, version: 1.0.0, span: 'session.*'}")


def line(trace_id: str, span_id: str, *, event: str = "handled", **fields: Any) -> LogRecord:
    given: dict[str, Any] = {"severity_number": 9, "trace_flags": 1, "time_ns": 1} | fields
    return LogRecord(trace_id, span_id, event, **given)


def logged(request: Reading) -> Reading:
    """Return the log records of a request: one line for each server span."""
    lines = [
        line(
            span.trace_id, span.span_id, resource=span.resource,
            body=f"{span.name} in {number} ms", attributes={"id": span.attributes["correlation.id"], "n": number},
        )
        for number, span in enumerate(span for trace in request.traces for span in trace.spans)
        if span.kind == "server"
    ]  # fmt: skip
    return of_records(lines)


def of_records(records: Sequence[LogRecord]) -> Reading:
    return Reading(SourceInfo("logs"), (), spanless=[Trace(each.trace_id, (), [each]) for each in records])


def written(file: Path, several: Sequence[Reading]) -> Path:
    """Write spans and log records as JSON lines, or as protobuf messages behind their lengths."""
    documents = [encode_traces_json(reading) for reading in several]
    if file.suffix == ".pb":
        messages = [message for document in documents for message in as_protobuf(document) or () if message]
        file.write_bytes(b"".join(len(message).to_bytes(4, "big") + message for message in messages))
    else:
        file.write_bytes(b"\n".join(documents))
    return file


FILES = ["lines.jsonl", "messages.pb"]


@pytest.mark.parametrize("name", FILES)
def test_traces_with_log_records_are_not_held(tmp_path: Path, name: str) -> None:
    several = [each for request in requests(1000) for each in (request, logged(request))]
    report = assert_same(written(tmp_path / name, several), [CompiledContract.of(TWO)])
    assert report.reading is not None
    assert (report.verdict, report.reading.traces) == ("kept", [])
    assert report.unmentioned is not None
    assert report.unmentioned.logs.of > 100


@pytest.mark.parametrize("name", FILES)
def test_log_records_before_and_long_after_their_spans(tmp_path: Path, name: str) -> None:
    several = list(requests(600))
    for ordered in ([*map(logged, several), *several], [*several, *map(logged, several)]):
        assert assert_same(written(tmp_path / name, ordered), [CompiledContract.of(TWO)]).verdict == "kept"


@pytest.mark.parametrize("name", FILES)
def test_log_records_of_no_span(tmp_path: Path, name: str) -> None:
    """Those of traces without spans, and those of no trace; some of them with what is forbidden."""
    several: list[Reading] = []
    for number, request in enumerate(requests(600)):
        trace_id = request.traces[0].trace_id
        elsewhere = f"{number // 3 + 1:032x}"
        bodies = ["", "ready", "x@example.com" if number % 7 == 3 else "y"]
        several += [
            of_records([line(elsewhere, f"{7:016x}", event="", body=f"{number}"), line(elsewhere, "")]),
            request,
            logged(request),
            of_records([line("", "", event="", body=body) for body in bodies]),
            of_records([line(trace_id, "", body="of no span"), line(trace_id, f"{9:016x}", trace_flags=2)]),
            of_records([line(elsewhere, "", event="", body="y@example.com")] if number % 5 == 4 else []),
        ]
    report = assert_same(written(tmp_path / name, several), [CompiledContract.of(TWO), CompiledContract.of(OF_SPANS)])
    assert report.verdict == "broken"
    assert report.logs_without_span.count == report.logs_without_span.scanned > 60


def test_a_file_of_log_records_only(tmp_path: Path) -> None:
    several = [of_records([line("", "", body="a@example.com"), line(f"{1:032x}", "")]), of_records([line("", "")])]
    for name in FILES:
        assert assert_same(written(tmp_path / name, several), [CompiledContract.of(TWO)]).verdict == "broken"


def test_a_protobuf_file_of_log_records_only(tmp_path: Path) -> None:
    """One message, which the collector's consumers also write one after another."""
    messages = [as_protobuf(encode_traces_json(logged(request))) for request in requests(600)]
    file = tmp_path / "logs.pb"
    file.write_bytes(b"".join(message[1] for message in messages if message))
    assert_same(file, [CompiledContract.of(TWO)])


@pytest.mark.parametrize("place", [3, -1])
def test_log_records_behind_the_spans_of_one_request(tmp_path: Path, place: int) -> None:
    """They are found wherever they are, and the file is streamed."""
    several = list(requests(1000))
    documents = [json.loads(encode_traces_json(request)) for request in several]
    documents[place]["resourceLogs"] = json.loads(encode_traces_json(logged(several[place])))["resourceLogs"]
    file = tmp_path / "lines.jsonl"
    file.write_bytes(text_of(documents, separators=(",", ":")))
    report = assert_same(file, [CompiledContract.of(TWO)])
    assert report.unmentioned is not None
    assert report.unmentioned.logs.of > 0


LATE = {
    "a field": (b'{"resourceLogs":[]}', True),
    "a field without a value": (b'{"resourceLogs":null}', True),
    "a field under an escaped name": (rb'{"resourceLog\u0073":[]}', True),
    "a field under an old name": (b'{"resource_logs":[]}', True),
    "a value": (b'{"resourceSpans":[{"resource":{"attributes":[{"key":"\\"resourceLogs\\""}]}}]}', False),
}


@pytest.mark.parametrize(("last", "logs"), LATE.values(), ids=LATE)
def test_whether_there_are_log_records_is_known_before_the_first_trace(
    tmp_path: Path, last: bytes, *, logs: bool
) -> None:
    """The last line shows it."""
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"\n".join([*map(encode_traces_json, requests(600)), last]))
    wanted = whole(file, [TWO])
    reasons = {each.reason for result in wanted.results for each in result.not_checked}
    assert ("capability" not in reasons) == logs
    there = streamed(file, [TWO])
    assert (there is None) == (b"\\u" in last)
    assert there is None or render_json(there) == render_json(wanted)


def split(reading: Reading) -> Sequence[Reading]:
    """Return requests of one span or log record each, those of several traces by turns."""
    parts = [
        [
            *(Reading(SourceInfo("one"), [Trace(span.trace_id, [span])]) for span in trace.spans[:1]),
            *(of_records([each]) for each in trace.logs),
            *(Reading(SourceInfo("one"), [Trace(span.trace_id, [span])]) for span in trace.spans[1:]),
        ]
        for trace in reading.traces
    ]
    return [each for several in zip_all(parts) for each in several]


every_kind = settings(
    max_examples=examples(100),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)


@given(with_log_records(), st.lists(odd_records, max_size=3))
@every_kind
def test_traces_of_every_kind(
    tmp_path: Path, situation: tuple[Sequence[CompiledContract | ContractPlan], Reading], nowhere: Sequence[LogRecord]
) -> None:
    contracts, reading = situation
    others = [msgspec.structs.replace(each, trace_id=f"{n % 2:032x}") for n, each in enumerate(nowhere)]
    several = [*(of_records([each]) for each in others), *split(reading), *(of_records([each]) for each in nowhere)]
    for name in FILES:
        file = written(tmp_path / name, several)
        if file.read_bytes():
            there, wanted = streamed(file, contracts), whole(file, contracts)
            assert there is None or render_json(there) == render_json(wanted)


@given(with_log_records())
@every_kind
def test_a_receiver_gets_traces_of_every_kind(
    situation: tuple[Sequence[CompiledContract | ContractPlan], Reading],
) -> None:
    contracts = [each if isinstance(each, CompiledContract) else CompiledContract.of(each) for each in situation[0]]
    receiver = OtlpReceiver()
    for number, request in enumerate(split(situation[1])):
        document = encode_traces_json(request)
        signal, messages = ("logs" if request.spanless else "traces"), as_protobuf(document) if number % 2 else None
        if messages:
            keep(receiver, "protobuf", messages[signal == "logs"], signal=signal)  # type: ignore[arg-type]
        else:
            keep(receiver, "json", document, signal=signal)  # type: ignore[arg-type]
    assert_same_received(receiver, contracts)
    arrivals = [body.arrived for _, body in receiver.sessions.default.bodies.iterate()]
    for since in {-math.inf, *arrivals[-2:]}:
        assert_same_received(receiver, contracts, since)


@pytest.mark.parametrize("signal", ["traces", "logs"])
@pytest.mark.parametrize("name", ["resourceLogs", "resourceLog\\u0073", "resource_logs"])
def test_what_is_not_of_the_signal_of_a_body_does_not_count(signal: Any, name: str) -> None:
    request = next(iter(requests(8)))
    span = request.traces[0].spans[0]
    records = encode_traces_json(of_records([line(span.trace_id, span.span_id)])).removeprefix(b'{"resourceSpans":[],')
    both = encode_traces_json(request).removesuffix(b"}") + b"," + records
    receiver = OtlpReceiver()
    keep(receiver, "json", both.replace(b"resourceLogs", name.encode()), signal=signal)
    assert_same_received(receiver, [CompiledContract.of(TWO)])


def lines() -> list[dict[str, Any]]:
    several = [each for request in requests(600) for each in (request, logged(request))]
    return [json.loads(encode_traces_json(each)) for each in several]


def records_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in document.get("resourceLogs", ()):
        for scope in resource["scopeLogs"]:
            yield from scope["logRecords"]


def deep(levels: int) -> Any:
    return {"arrayValue": {"values": [deep(levels - 1)]}} if levels else {"intValue": "1"}


ODD: dict[str, dict[str, Any]] = {
    "capital ids": {"spanId": "ABCDEF0123456789"},
    "ids of zeros": {"traceId": "0" * 32, "spanId": "0" * 16},
    "empty ids": {"traceId": "", "spanId": ""},
    "no ids": {"traceId": None, "spanId": None},
    "ids in base64": {"traceId": "AAAAAAAAAAAAAAAAAAAAAQ==", "spanId": "AAAAAAAAAAE="},
    "a body that is empty": {"body": {}},
    "no body": {"body": None},
    "a body that nests": {"body": {"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "a@b.de"}}]}}},
    "a body with a key twice": {"body": {"kvlistValue": {"values": [{"key": "a", "value": {"intValue": 1}}] * 2}}},
    "a body that is a number": {"body": {"doubleValue": "NaN"}},
    "a body that is long": {"body": {"stringValue": "word " * 100 + "a@example.com"}},
    "an attribute twice": {"attributes": [{"key": "id", "value": {"intValue": 1}}] * 2},
    "no attributes": {"attributes": None},
    "an attribute that nests": {"attributes": [{"key": "id", "value": {"arrayValue": {"values": []}}}]},
    "a severity by name": {"severityNumber": "SEVERITY_NUMBER_WARN", "severityText": None},
    "a severity as a text": {"severityNumber": None, "severityText": "Information"},
    "a severity that is none": {"severityNumber": "LOUD"},
    "lost data": {"droppedAttributesCount": 1},
    "flags as a text": {"flags": "1"},
    "flags with an exponent": {"flags": "1e0"},
    "flags that are none": {"flags": "x"},
    "a time with an exponent": {"timeUnixNano": "1e18"},
    "a time that is none": {"timeUnixNano": "soon"},
    "no time": {"timeUnixNano": None, "observedTimeUnixNano": "later"},
    "a body that is none": {"body": {"intValue": "one"}},
    "a body too deep": {"body": deep(40)},
    "an attribute that is none": {"attributes": [5]},
    "a field that is unknown": {"colour": "red"},
    "an exception": {
        "eventName": None,
        "attributes": [{"key": "exception.type", "value": {"stringValue": "E"}}],
    },
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_however_a_record_is_written(tmp_path: Path, change: dict[str, Any], separators: tuple[str, str]) -> None:
    documents = lines()
    for document in documents[4:]:
        for number, each in enumerate(records_of(document)):
            each |= change if number % 2 else {}
    file = tmp_path / "lines.jsonl"
    file.write_bytes(text_of(documents, separators=separators))
    contracts = [CompiledContract.of(each) for each in (TWO, CONTRACT)]
    assert outcome(lambda: streamed(file, contracts) or whole(file, contracts)) == outcome(
        lambda: whole(file, contracts)
    )


def _two_bodies(message: bytes) -> bytes:
    """Return a message with an empty second body in each record: the first one stays."""
    return _changed(message, lambda record: record + b"\x2a\x00")


def _deep_body(message: bytes) -> bytes:
    value = b"\x18\x01"
    for _ in range(60):
        array = b"\x0a" + _varint(len(value)) + value
        value = b"\x2a" + _varint(len(array)) + array
    return _changed(message, lambda record: record + b"\x2a" + _varint(len(value)) + value)


def _no_text(message: bytes) -> bytes:
    return message.replace(b"POST", b"P\xffST")


def _unknown(message: bytes) -> bytes:
    return message + b"\xc2\x3e\x00"


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + _varint(number >> 7)


def _changed(message: bytes, change: Callable[[bytes], bytes]) -> bytes:
    request = ExportLogsServiceRequest.FromString(message)
    out = b""
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            records = [change(each.SerializeToString()) for each in scope.log_records]
            part = b"".join(b"\x12" + _varint(len(each)) + each for each in records)
            inner = b"\x12" + _varint(len(part)) + part
            out += b"\x0a" + _varint(len(inner)) + inner
    return out


@pytest.mark.parametrize("change", [_two_bodies, _deep_body, _no_text, _unknown])
def test_however_a_message_is_encoded(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    messages = []
    for request in requests(600):
        spans, logs = as_protobuf(encode_traces_json(request)), as_protobuf(encode_traces_json(logged(request)))
        assert spans
        assert logs
        messages += [spans[0], change(logs[1])]
    file = tmp_path / "messages.pb"
    file.write_bytes(b"".join(len(message).to_bytes(4, "big") + message for message in messages))
    assert outcome(lambda: streamed(file, [TWO]) or whole(file, [TWO])) == outcome(lambda: whole(file, [TWO]))


def test_a_link_into_a_trace_that_has_only_log_records_leads_nowhere_known(tmp_path: Path) -> None:
    linked = json.loads(encode_traces_json(next(iter(requests(8)))))
    span = linked["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["links"] = [{"traceId": f"{5:032x}", "spanId": f"{5:016x}"}]
    file = tmp_path / "lines.jsonl"
    alone = json.loads(encode_traces_json(of_records([line(f"{5:032x}", "")])))
    file.write_bytes(text_of([linked, alone]))
    assert_same(file, PLANS)


def test_records_of_a_span_that_comes_in_the_next_file_part(tmp_path: Path) -> None:
    trace_id = f"{3:032x}"
    spans = [Span(trace_id, f"{1:016x}", "top", start_ns=1, end_ns=9, attributes={"s": "a"})]
    request = Reading(SourceInfo("one"), [Trace(trace_id, spans)])
    lines_of = of_records([msgspec.structs.replace(record(), trace_id=trace_id)])
    for name in FILES:
        report = assert_same(written(tmp_path / name, [lines_of, request, lines_of]), [CONTRACT])
        assert report.verdict == "kept"
