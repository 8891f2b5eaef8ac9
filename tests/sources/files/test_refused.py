"""Files that are not read: each is named, with the way to convert it. No format takes them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.errors import SourceError, SourceUnfinished
from spanpact.sources import OtlpFileSource
from spanpact.sources.files.formats import Start, all_formats
from spanpact.sources.files.formats.refused import refusal
from spanpact.sources.files.formats.refused.known_bytes import KNOWN_BYTES, KNOWN_TEXT
from spanpact.sources.files.formats.refused.known_json import KNOWN_JSON

JAEGER_EMPTY = '{"data":[],"total":0,"limit":0,"offset":0,"errors":null}'
HAR = '{"log": {"version": "1.2", "creator": {"name": "Firefox"}, "entries": [{"request": {}}]}}'
SKYWALKING = '{"data":{"trace":{"spans":[{"traceId":"1","segmentId":"2","spanId":0,"parentSpanId":-1}]}}}'
XRAY = '{"Traces":[{"Id":"1-5f","Duration":0.1,"Segments":[{"Id":"7","Document":"{}"}]}]}'
SEGMENT = '{"trace_id":"1-5f84","id":"7041","start_time":1.4,"end_time":1.5,"name":"shop"}'
DATADOG = '[[{"trace_id":1,"span_id":2,"parent_id":0,"name":"web.request","resource":"GET /","service":"shop"}]]'
ELASTIC = '{"metadata":{"service":{"name":"shop","agent":{"name":"python"}}}}\n{"transaction":{"trace_id":"0a"}}'
V1 = '[{"traceId":"1","id":"2","name":"x","annotations":[],"binaryAnnotations":[{"key":"a","value":"b"}]}]'
V1_ANNOTATED = '{"traceId":"1","id":"2","name":"x","annotations":[{"timestamp":1,"value":"sr","endpoint":{}}]}'
GOOGLE = '{"projectId":"shop","traceId":"0a","spans":[{"spanId":"1","name":"x"}]}'
JS_CONSOLE = "{\n  resource: {\n    attributes: {\n      'service.name': 'shop'\n    }\n  },\n  traceId: '0a',\n"
JAVA_LOG = (
    "Jan 01, 2026 1:00:00 AM io.opentelemetry.exporter.logging.LoggingSpanExporter export\n"
    f"INFO: 'GET /cart' : {'a' * 32} {'b' * 16} SERVER [tracer: shop:] {{}}\n"
)

NAMED: dict[str, list[str | bytes]] = {
    "HAR": [HAR],
    "Chrome trace": ['{"traceEvents":[{"ph":"X"}]}', '[{"name":"x","ph":"B","ts":1}]', '[\n{"ph": "M", "name": "p"}'],
    "Datadog": [DATADOG, '{"traces":[[{"trace_id":1}]]}', '{"trace":{"root_id":"1","spans":{}}}'],
    "X-Ray": [XRAY, SEGMENT, '{"TraceSummaries":[]}'],
    "SkyWalking": [SKYWALKING, '{"traceId":"1","traceSegmentId":"2","service":"shop"}'],
    "search result of Tempo": ['{"traces":[{"traceID":"1","rootServiceName":"shop"}]}'],
    "Zipkin's JSON of version 1": [V1, V1_ANNOTATED, f"[{V1_ANNOTATED}]", V1[1:-1]],
    "Elasticsearch stores": ['{"traceID":"1","spanID":"2","operationName":"x"}', '{"hits":{"hits":[{"_source":{}}]}}'],
    "Elastic APM": [ELASTIC],
    "Sentry": ['{"event_id":"9e","sent_at":"2026-01-01T00:00:00Z"}\n{"type":"transaction"}'],
    "Google Cloud Trace": [GOOGLE],
    "Application Insights": ['{"name":"AppRequests","data":{"baseType":"RequestData"}}'],
    "New Relic": ['[{"common":{},"spans":[{"trace.id":"1"}]}]'],
    "report of spanpact": ['{"spanpact_report": 1, "spanpact": "0.1.0", "verdict": "kept"}'],
    "without their resource": ['{"traceId":"1","spanId":"2","name":"x"}', '{"spans":[{"traceId":"1","spanId":"2"}]}'],
    "xz": [b"\xfd7zXZ\x00\x00"],
    "bzip2": [b"BZh91AY&SY"],
    "lz4": [b"\x04\x22\x4d\x18d@"],
    "snappy": [b"\xff\x06\x00\x00sNaPpY"],
    "ZIP": [b"PK\x03\x04\x14\x00", b"PK\x05\x06" + b"\0" * 18],
    "7z": [b"7z\xbc\xaf\x27\x1c\x00"],
    "tar archive": [b"traces.json".ljust(257, b"\0") + b"ustar\0"],
    "UTF-16": ['{"resourceSpans": []}'.encode(each) for each in ("utf-16", "utf-16-le", "utf-16-be")],
    "error that Jaeger": ['{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"not found"}]}'],
    "Jaeger without spans": [JAEGER_EMPTY, JAEGER_EMPTY.replace("[]", '["shop"]')],
    "comments": ["// of 2026\n{}", "/* of 2026 */ {}", '{\n  // the spans\n  "resourceSpans": []}', "[ /* none */ ]"],
    "several containers": ['web_1  | {\nweb_1  |   "name": "x",\n', "shop-web-1 | INFO\nshop-web-1 | {}\n"],
    "(pcap)": [b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00"],
    "(pcapng)": [b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a"],
    "Zipkin as protobuf": [b"\x0a\x26\x0a\x10" + b"\x91" * 16 + b"\x1a\x08" + b"\x07" * 8 + b"\x20\x01"],
    "Perfetto": [b"\x0a\x0e\x40\x80\x80\x80\x80\x01\x50\x01\x5a\x04", b"\x0a\x20\x32\x1e\x0a\x08\x08\x06"],
    "SQLite": [b"SQLite format 3\x00\x10\x00"],
    "DuckDB": [b"\x01" * 8 + b"DUCK\x40\x00"],
    "Parquet": [b"PAR1\x15\x04"],
    "Arrow": [b"ARROW1\x00\x00"],
    "Avro": [b"Obj\x01\x04"],
    "Java Flight Recorder": [b"FLR\x00\x00\x02"],
    "execution trace of Go": [b"go 1.26 trace\x00\x00\x00"],
    "recording of perf": [b"PERFILE2\x68\x00"],
    "nettrace": [b"Nettrace\x14\x00"],
    "PDF": [b"%PDF-1.7\n"],
    "picture": [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"],
    "program": [b"\x7fELF\x02\x01\x01"],
    "HTML": ["<!DOCTYPE html>\n<html><title>Sign in</title>", "\n<html lang=en>"],
    "XML": ['<?xml version="1.0"?><testsuites/>', "<svg/>"],
    "contract, not": ["spanpact: 1\ncontract: shop\n", "# our contract\n\ncontract: shop\nspanpact: 1\n"],
    "debug exporter": ["2026-01-01T00:00:00Z\tinfo\tResourceSpans #0\nResource S", "Trace\nResourceSpans #0\n"],
    "OpenTelemetry JS": [JS_CONSOLE],
    ".NET": ["Activity.TraceId:            0af7\nActivity.SpanId: b7\n"],
    "Rust": ["Spans\nResource\n\t ->  service.name=String(Static(\"shop\"))\n"],
    "Java's logging exporter": [JAVA_LOG],
    "Prometheus": ["# HELP up Whether it is up.\n# TYPE up gauge\nup 1\n"],
    "ftrace": ["# tracer: function\n#\n"],
    "CSV": ["Trace ID,Span ID,Duration\n1,2,3\n", '"a";"b"\n"1";"2"\n', "id\tname\n1\tx\n"],
}  # fmt: skip
SAMPLES = [(name, each) for name, samples in NAMED.items() for each in samples]


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@pytest.mark.parametrize(("name", "content"), SAMPLES)
def test_it_is_named_with_the_way_to_convert_it(tmp_path: Path, name: str, content: str | bytes) -> None:
    path = tmp_path / "traces.json"
    path.write_bytes(as_bytes(content))
    with pytest.raises(SourceError) as caught:
        OtlpFileSource(path).read()
    assert name in caught.value.message
    assert caught.value.message.startswith(str(path))
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, SourceUnfinished)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(("name", "content"), SAMPLES)
def test_no_format_takes_it(name: str, content: str | bytes) -> None:
    start = Start(as_bytes(content))
    assert [each.name for each in all_formats() if each.recognizes(start)] == [], name


def test_every_name_has_a_sample() -> None:
    known = [each.name for each in (*KNOWN_JSON, *KNOWN_BYTES, *KNOWN_TEXT)]
    found = [error.message for _, sample in SAMPLES if (error := refusal(Start(as_bytes(sample)), "x"))]
    assert [name for name in known if not any(name in message for message in found)] == []


JSON_KEYS = st.sampled_from(
    ["resourceSpans", "scopeSpans", "resource", "batches", "trace", "result", "data", "spans", "processes", "traceID",
     "spanID", "traceId", "id", "spanId", "context", "trace_id", "start_time", "SpanContext", "TraceID", "name"]
)  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_KEYS, inner, max_size=4),
    max_leaves=12,
)


def error_of(path: Path) -> str:
    try:
        OtlpFileSource(path).read()
    except SourceError as error:
        return str(error)
    return ""


@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([b"\x0a", b"\x12", b"\x1a", b"\x00", b"{", b'"a":', b"["])).map(b"".join)
)
def test_any_bytes_are_one_format_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    assert sum(each.recognizes(Start(content)) for each in all_formats()) <= 1
    assert "\n" not in error_of(path)


@given(st.lists(JSON, max_size=3))
def test_any_json_is_one_format_or_an_error(tmp_path_factory: pytest.TempPathFactory, texts: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text("\n".join(map(json.dumps, texts)))
    assert "\n" not in error_of(path)


@pytest.mark.parametrize(
    "content",
    [b"a," * 32_000, b"a" * 65_000, b"\n" * 2000 + b"a " * 30_000, b"{" * 60_000, b'{"a":' * 12_000, b'"' * 65_000],
)
def test_a_hostile_beginning_costs_little(content: bytes) -> None:
    began = time.process_time()
    start = Start(content)
    for each in all_formats():
        each.recognizes(start)
    refusal(start, "x")
    assert time.process_time() - began < 1.0
