"""Fields that OTLP does not know: those of old versions are read, and what others hold is counted and named."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from spanpact.contract.loader import load_text
from spanpact.otlp import Batch, decode_json, decode_protobuf_logs, decode_protobuf_traces, encode_varint
from spanpact.reporting import parse_json, render_json, render_text
from spanpact.sources import OtlpFileSource, OtlpReceiver
from spanpact.sources.files import FileLimits
from spanpact.trace.model import Reading
from spanpact.verification.options import VerificationOptions
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify

TRACE = "d4f5407f5019681dfa56a6073e20e1f4"
CONTRACT = load_text("spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: work\n")


def span(number: int, name: str = "work", **fields: Any) -> dict[str, Any]:
    times = {"startTimeUnixNano": "5", "endTimeUnixNano": "9"}
    return {"traceId": TRACE, "spanId": f"{number:016x}", "name": name, **times, **fields}


def request(*groups: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"resourceSpans": list(groups), **fields}


def group(*spans: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"scopeSpans": [{"spans": list(spans)}], **fields}


def decoded(document: dict[str, Any]) -> Batch:
    return decode_json(json.dumps(document).encode())


def unread(batch: Batch | Reading) -> list[tuple[str, str, int]]:
    return [(each.field, each.holds, each.count) for each in batch.unread]


def names(batch: Batch) -> list[str]:
    return [each.name for each in batch.spans]


@pytest.mark.parametrize("old", ["instrumentationLibrarySpans", "instrumentation_library_spans"])
@pytest.mark.parametrize("scope", ["instrumentationLibrary", "scope"])
def test_spans_under_the_old_name_are_read(old: str, scope: str) -> None:
    batch = decoded(request({old: [{scope: {"name": "lib", "version": "1"}, "spans": [span(1), span(2)]}]}))
    assert names(batch) == ["work", "work"]
    assert batch.spans[0].scope.name == "lib"
    assert unread(batch) == []


def test_spans_under_both_names_are_read() -> None:
    both = {**group(span(1, "new")), "instrumentationLibrarySpans": [{"spans": [span(2, "old")]}]}
    assert names(decoded(request(both))) == ["new", "old"]


@pytest.mark.parametrize("inner", ["logs", "logRecords", "log_records"])
def test_log_records_under_old_names_are_read(inner: str) -> None:
    log = {"traceId": TRACE, "timeUnixNano": "5", "name": "loaded", "body": {"stringValue": "x"}}
    batch = decoded({"resourceLogs": [{"instrumentationLibraryLogs": [{inner: [log]}]}]})
    assert [(each.event_name, each.body) for each in batch.logs] == [("loaded", "x")]
    assert unread(batch) == []


def test_names_in_snake_case_are_read() -> None:
    one = {
        "trace_id": TRACE, "span_id": "1" * 16, "parent_span_id": "2" * 16, "name": "work", "start_time_unix_nano": 5,
        "end_time_unix_nano": 9, "attributes": [{"key": "k", "value": {"string_value": "v"}}],
    }  # fmt: skip
    [read] = decoded({"resource_spans": [{"scope_spans": [{"spans": [one]}]}]}).spans
    assert (read.trace_id, read.parent_id, read.end_ns, read.attributes) == (TRACE, "2" * 16, 9, {"k": "v"})


@pytest.mark.parametrize(
    ("fields", "kind", "status"),
    [
        ({"kind": "SERVER", "status": {"code": "ERROR"}}, "server", "error"),
        ({"kind": "Client", "status": {"code": "Ok"}}, "client", "ok"),
        ({"kind": "3", "status": {"code": "2"}}, "client", "error"),
        ({"status": {"deprecatedCode": 2}}, "unspecified", "error"),
        ({"status": {"deprecatedCode": "DEPRECATED_STATUS_CODE_ABORTED", "message": "m"}}, "unspecified", "error"),
        ({"status": {"deprecatedCode": 0}}, "unspecified", "unset"),
        ({"status": {"deprecatedCode": 2, "code": 1}}, "unspecified", "ok"),
    ],
)
def test_old_spellings_of_kinds_and_status_codes_are_read(fields: dict[str, Any], kind: str, status: str) -> None:
    [read] = decoded(request(group(span(1, **fields)))).spans
    assert (read.kind, read.status) == (kind, status)


LOG = {"timeUnixNano": "5", "body": {"stringValue": "x"}}
EVENT = {"timeUnixNano": "5", "name": "e"}
PAIR = {"key": "k", "value": {"stringValue": "v"}}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (request(group(span(1)), {"vendorSpans": [{"spans": [span(2), span(3)]}]}), [("vendorSpans", "spans", 2)]),
        (request({"vendorSpans": [{"spans": [span(2)]}]}, {"vendorSpans": [span(3)]}), [("vendorSpans", "spans", 2)]),
        (request(group(span(1)), batches=[group(span(2))]), [("batches", "spans", 1)]),
        (request(group(span(1, children=[span(2), span(3)]))), [("children", "spans", 2)]),
        (request(group(span(1, tags=[PAIR, PAIR]))), [("tags", "attributes", 2)]),
        (request(group(span(1, vendorAttributes={"a": 1, "b": 2}))), [("vendorAttributes", "attributes", 2)]),
        (request(group(span(1, annotations=[EVENT]))), [("annotations", "events", 1)]),
        (request(group(span(1, logs=[LOG]))), [("logs", "log records", 1)]),
        (request(group(span(1)), otherSpans=[{"id": 1}, {"id": 2}]), [("otherSpans", "spans", 2)]),
        (
            request(group(span(1, a=[PAIR]), b=[span(2, attributes=[PAIR])])),
            [("a", "attributes", 1), ("b", "spans", 1)],
        ),
        ({"resourceLogs": [{"scopeLogs": [{"records": [LOG, LOG]}]}]}, [("records", "log records", 2)]),
        ({"resourceSpans": [{"resource": {"labels": [PAIR]}}]}, [("labels", "attributes", 1)]),
    ],
)
def test_what_unknown_fields_hold_is_counted(document: dict[str, Any], found: list[tuple[str, str, int]]) -> None:
    assert unread(decoded(document)) == found


@pytest.mark.parametrize(
    "document",
    [
        request(group(span(1, later=5, more="x", empty=[], nothing=None, spanish=True))),
        request(group(span(1)), version="1.9", resourceProfiles=[{"attributes": [PAIR]}]),
        request({"resource": {"entityRefs": [{"type": "host", "idKeys": ["host.id"]}]}, **group(span(1))}),
        request(group(span(1)), resourceMetrics=[{"attributes": [PAIR]}]),
    ],
)
def test_unknown_fields_that_hold_nothing_are_not_named(document: dict[str, Any]) -> None:
    batch = decoded(document)
    assert names(batch) == ["work"]
    assert unread(batch) == []


def test_the_number_of_names_is_bounded() -> None:
    many: dict[str, Any] = {f"x{i}": [PAIR] for i in range(500)}
    found = unread(decoded(request(group({**span(1), **many}))))
    assert len(found) == 101
    assert sum(count for *_, count in found) == 500


def with_field(message: Any, number: int, payload: bytes) -> bytes:
    """Return the bytes of a message with one more field."""
    data: bytes = message.SerializeToString() + encode_varint(number << 3 | 2) + encode_varint(len(payload)) + payload
    return data


def protobuf_span(number: int, name: str = "work") -> Span:
    return Span(
        trace_id=bytes.fromhex(TRACE), span_id=number.to_bytes(8, "big"), name=name, start_time_unix_nano=5,
        end_time_unix_nano=9,
    )  # fmt: skip


def test_protobuf_spans_of_old_versions_are_read() -> None:
    old = ResourceSpans()
    old.ParseFromString(with_field(ResourceSpans(), 1000, ScopeSpans(spans=[protobuf_span(1)]).SerializeToString()))
    batch = decode_protobuf_traces(TracesData(resource_spans=[old]).SerializeToString())
    assert names(batch) == ["work"]
    assert unread(batch) == []


def test_protobuf_log_records_of_old_versions_are_read() -> None:
    log = LogRecord(trace_id=bytes.fromhex(TRACE), time_unix_nano=5, body=AnyValue(string_value="x"))
    inner = with_field(ResourceLogs(), 1000, ScopeLogs(log_records=[log]).SerializeToString())
    batch = decode_protobuf_logs(b"\x0a" + encode_varint(len(inner)) + inner)
    assert [each.body for each in batch.logs] == ["x"]


@pytest.mark.parametrize("number", [7, 1001])
def test_protobuf_spans_in_unknown_fields_are_counted(number: int) -> None:
    scope = ScopeSpans(spans=[protobuf_span(1), protobuf_span(2)])
    inner = with_field(ResourceSpans(), number, scope.SerializeToString())
    data = b"\x0a" + encode_varint(len(inner)) + inner
    assert unread(decode_protobuf_traces(data)) == [(f"field {number} of ResourceSpans", "spans", 2)]
    top = with_field(TracesData(), number, ResourceSpans(scope_spans=[scope]).SerializeToString())
    assert unread(decode_protobuf_traces(top)) == [(f"field {number} of ExportTraceServiceRequest", "spans", 2)]


def test_protobuf_fields_that_hold_no_spans_are_not_named() -> None:
    data = with_field(TracesData(resource_spans=[ResourceSpans(schema_url="x")]), 9, b"some text")
    assert unread(decode_protobuf_traces(data)) == []


UNKNOWN = request(group(span(1)), {"vendorSpans": [{"spans": [span(2), span(3)]}]})


def test_the_report_names_them_and_strict_does_not_keep(tmp_path: Path) -> None:
    file = tmp_path / "traces.json"
    file.write_text(json.dumps(UNKNOWN))
    reading = OtlpFileSource(file).read()
    report = verify([CONTRACT], reading)
    assert report.verdict == "kept"
    assert "not read  vendorSpans: 2 spans\n" in render_text(report)
    strict = verify([CONTRACT], reading, VerificationOptions(strict=True))
    assert strict.verdict == "not checked"
    assert parse_json(render_json(strict)).verdict == "not checked"
    assert "--strict" in render_text(strict)


@pytest.mark.parametrize("name", ["traces.jsonl", "traces.pb"])
def test_a_streamed_file_gives_the_same_report(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name.endswith("jsonl"):
        lines = [request(group(span(9, traceId=f"{i:032x}"))) for i in range(1, 5)]
        old = request({"instrumentationLibrarySpans": [{"spans": [span(5, traceId=f"{6:032x}")]}]})
        file.write_text("\n".join(map(json.dumps, [*lines, UNKNOWN, old, *lines[:1]])))
    else:
        inner = with_field(ResourceSpans(), 1000, ScopeSpans(spans=[protobuf_span(1)]).SerializeToString())
        file.write_bytes(b"\x0a" + encode_varint(len(inner)) + inner)
    source = OtlpFileSource(file, limits=FileLimits(checked_keys=0))
    wanted = verify([CONTRACT], source.read())
    there = verify_file(source, [CONTRACT])
    assert there is None or render_json(there) == render_json(wanted)
    assert wanted.reading is not None
    assert wanted.reading.span_count in (1, 7)


def test_the_receiver_counts_them() -> None:
    with OtlpReceiver() as receiver:
        sent = urllib.request.Request(
            f"{receiver.url}/v1/traces", json.dumps(UNKNOWN).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(sent):
            pass
        assert receiver.counts.unread == 2
        assert unread(receiver.read()) == [("vendorSpans", "spans", 2)]
