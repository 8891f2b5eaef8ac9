"""The file source: every form of an OTLP file, and one clear line for what is none."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtobufSpan

from spanpact.errors import SourceError, SourceUnfinished
from spanpact.otlp import encode_traces_json
from spanpact.sources import FileLimits, MemorySource, OtlpFileSource, iter_batches
from spanpact.trace.model import Reading
from tests.sources.readings import Recorder, a_session_trace


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    recorded = Recorder()
    a_session_trace(recorded)
    recorded.tracer().start_span("alone").end()
    return recorded


@pytest.fixture(scope="module")
def as_json(recorder: Recorder) -> bytes:
    return encode_traces_json(MemorySource(recorder.exporter).read())


@pytest.fixture(scope="module")
def as_protobuf(recorder: Recorder) -> bytes:
    return bytes(encode_spans(recorder.spans).SerializeToString())


@pytest.fixture
def expected(recorder: Recorder) -> set[tuple[str, str]]:
    return spans_of(MemorySource(recorder.exporter).read())


def spans_of(reading: Reading) -> set[tuple[str, str]]:
    return {(trace.trace_id, span.name) for trace in reading.traces for span in trace.spans}


Forms = dict[str, Callable[[bytes, bytes], bytes]]
FORMS: Forms = {
    "t.json": lambda as_json, _: as_json,
    "pretty.json": lambda as_json, _: json.dumps(json.loads(as_json), indent=2).encode(),
    "spaced.json": lambda as_json, _: b"\n \n" + as_json + b"\n\n",
    "mark.json": lambda as_json, _: b"\xef\xbb\xbf" + as_json,
    "t.json.gz": lambda as_json, _: gzip.compress(as_json),
    "named-otherwise.json": lambda as_json, _: gzip.compress(as_json),
    "t.pb": lambda _, as_protobuf: as_protobuf,
    "T.PB.gz": lambda _, as_protobuf: gzip.compress(as_protobuf),
    "unnamed": lambda as_json, _: as_json,
    "unnamed-mark": lambda as_json, _: b"\xef\xbb\xbf" + as_json,
    "unnamed-spaced.txt": lambda as_json, _: b"\n" + as_json,
    "unnamed-pb": lambda _, as_protobuf: as_protobuf,
    "unnamed.gz": lambda _, as_protobuf: gzip.compress(as_protobuf),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_format_gives_the_same_spans(
    tmp_path: Path, name: str, as_json: bytes, as_protobuf: bytes, expected: set[tuple[str, str]]
) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name](as_json, as_protobuf))
    with OtlpFileSource(path) as source:
        reading = source.read()
    assert spans_of(reading) == expected
    assert all(trace.complete for trace in reading.traces)
    assert source.read() == reading


def test_json_lines_are_assembled_into_traces(tmp_path: Path, as_json: bytes) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(as_json + b"\n\n" + as_json + b"\r\n" + b'{"resourceMetrics":[]}\n' + as_json)
    reading = OtlpFileSource(path).read()
    assert sorted(len(trace.spans) for trace in reading.traces) == [3, 9]  # duplicates are for a check to judge
    assert len(list(iter_batches(path))) == 4


def test_two_gzip_members_in_one_file_are_one_text(tmp_path: Path, as_json: bytes) -> None:
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress(as_json + b"\n") + gzip.compress(as_json))
    assert len(list(iter_batches(path))) == 2


def test_a_protobuf_message_may_look_like_json_at_its_start(tmp_path: Path) -> None:
    group = ResourceSpans(scope_spans=[ScopeSpans(spans=[ProtobufSpan(trace_id=b"1" * 16, name="x" * 99)])])
    data = ExportTraceServiceRequest(resource_spans=[group]).SerializeToString()
    assert data.startswith(b"\n{")
    path = tmp_path / "unnamed"
    path.write_bytes(data)
    [trace] = OtlpFileSource(path).read().traces
    assert trace.spans[0].name == "x" * 99


def test_labels_and_declared_requests_are_passed_on(tmp_path: Path, as_json: bytes) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(as_json)
    labels = {f"{0xABC:032x}": "hit"}
    reading = OtlpFileSource(path, scenarios=labels, offered=7).read()
    assert ([trace.scenario for trace in reading.traces], reading.offered) == (["hit", ""], 7)
    assert "offered" in reading.source.capabilities


def test_logs_are_a_capability_if_the_file_has_some(tmp_path: Path, as_json: bytes) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(as_json)
    assert "logs" not in OtlpFileSource(path).read().source.capabilities
    record = {"traceId": f"{0xABC:032X}", "eventName": "cache.hit"}
    logs = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    path.write_bytes(logs + b"\n" + as_json)
    reading = OtlpFileSource(path).read()
    assert "logs" in reading.source.capabilities
    assert [[log.event_name for log in trace.logs] for trace in reading.traces] == [["cache.hit"], []]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.json", b"", r"t\.json: is empty \(did the exporter flush"),
        ("t.json", b" \n ", r"t\.json: holds no OTLP data"),
        ("t.json", b'{"data": []}', "holds no OTLP data: neither resourceSpans nor resourceLogs"),
        (
            "t.json",
            b"hello",
            r"t\.json: line 1 begins with 'hello', as no known format .* \(accepted: OTLP",
        ),
        ("t.json", b'\n\n{"resourceSpans": [\nNaN]}', r"t\.json: byte 22 \(line 4\)"),
        ("t.json", b'\xef\xbb\xbf{"a": NaN}', r"t\.json: byte 9 \(line 1\)"),
        ("t.jsonl", b'{"resourceSpans": []}\n{"resourceSpans": NaN}\n', r"t\.jsonl: byte 40 \(line 2\)"),
        ("t.pb", b"\x0a\x06\x0a\x02\x0a\x00\xff\xff", r"t\.pb: not an OTLP protobuf message"),
        (
            "unnamed",
            b"\x00\x01\x02\x03\x04\x05",
            "unnamed: byte 0: begins with the bytes 00 01 02 03 04 05",
        ),
        ("unnamed", b"\n[1]", r"unnamed: line 2 begins with '\[1\]', as no known format"),
        ("t.json.gz", gzip.compress(b'{"resourceSpans": []}', mtime=0)[:-9], "the gzip data is damaged or cut short"),
        ("t.json.gz", b"\x1f\x8bgarbage and more", "the gzip data is damaged or cut short"),
        ("t.json.gz", gzip.compress(b"{}" * 9, mtime=0)[:-8] + b"\0" * 8, "the gzip data is damaged or cut short"),
        (
            "t.pb.gz",
            gzip.compress(b"garbage" * 99, mtime=0)[:20] + b"\xff" * 50,
            "the gzip data is damaged or cut short",
        ),
    ],
)
def test_a_file_that_is_not_otlp_is_one_error_line(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=says) as caught:
        OtlpFileSource(path).read()
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.json: cannot be read: No such file or directory \(give the path"):
        OtlpFileSource(tmp_path / "none.json").read()
    with pytest.raises(SourceError, match=r"Is a directory \(give one file, not a folder\)"):
        OtlpFileSource(tmp_path).read()


def test_any_other_system_error_is_named() -> None:
    with pytest.raises(SourceError, match=r"cannot be read: File name too long$"):
        OtlpFileSource("x" * 300).read()


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (FileLimits(document=100), "a document of more than 100 bytes"),
        (FileLimits(total=2500), "more than 2,500 bytes"),
        (FileLimits(spans=7), "more than 7 spans"),
    ],
)
def test_a_file_that_is_too_large_is_refused_by_name(
    tmp_path: Path, as_json: bytes, limits: FileLimits, says: str
) -> None:
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress((as_json + b"\n") * 3))
    with pytest.raises(SourceError, match=rf"holds {says}, which is too large \(split it"):
        OtlpFileSource(path, limits=limits).read()


@pytest.mark.parametrize("name", ["bomb.pb.gz", "bomb.json.gz", "bomb.gz"])
def test_a_gzip_bomb_is_stopped_while_it_inflates(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b" " * (64 << 20)))
    with pytest.raises(SourceError, match="too large"):
        OtlpFileSource(path, limits=FileLimits(document=1 << 20)).read()


def test_duplicate_keys_are_searched_for_at_the_start_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    twice = b'{"resourceSpans":[],"resourceSpans":[]}\n'
    path.write_bytes(twice)
    with pytest.raises(SourceError, match=r"byte 20 \(line 1\): .* the key 'resourceSpans' occurs twice"):
        OtlpFileSource(path).read()
    path.write_bytes(b'{"resourceSpans":[]}\n' + twice)
    assert OtlpFileSource(path, limits=FileLimits(checked_keys=40)).read().traces == ()


def test_standard_input_is_read_once_and_kept(
    monkeypatch: pytest.MonkeyPatch, as_json: bytes, expected: set[tuple[str, str]]
) -> None:
    stdin = io.BytesIO(as_json)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stdin))
    source = OtlpFileSource("-")
    assert repr(source) == "<OtlpFileSource standard input>"
    assert source.read() is source.read()
    assert len([span for trace in source.read().traces for span in trace.spans]) == len(expected)
    assert not stdin.closed


def test_standard_input_of_a_real_process_is_read(as_protobuf: bytes) -> None:
    program = "from spanpact.sources import open_source; print(len(open_source('-').read().traces))"
    done = subprocess.run([sys.executable, "-c", program], input=as_protobuf, capture_output=True, check=True)
    assert done.stdout.strip() == b"2"


def test_an_empty_standard_input_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    with pytest.raises(SourceError, match="standard input: is empty"):
        OtlpFileSource("-").read()


class TestUnfinished:
    """A file that ends in the middle of what is written to it may be read again by a caller that waits."""

    @pytest.mark.parametrize(
        ("name", "says"),
        [("t.json", "line 1"), ("t.jsonl", "line 2"), ("t.pb", "last field is half there|holds no"), ("t", "line 1")],
    )
    def test_wherever_it_is_cut(self, tmp_path: Path, as_json: bytes, as_protobuf: bytes, name: str, says: str) -> None:
        path = tmp_path / name
        before = as_json + b"\n" if name == "t.jsonl" else b""
        whole = as_protobuf if name == "t.pb" else as_json
        for end in range(1, len(whole), 7):
            path.write_bytes(before + whole[:end])
            with pytest.raises(SourceUnfinished, match=says):
                OtlpFileSource(path).read()

    @pytest.mark.parametrize("content", [b"", b"\n \n", b'{"data": []}\n'])
    def test_nothing_is_there_yet(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "t.jsonl"
        with pytest.raises(SourceUnfinished, match=r"No such file .* verify --wait SECONDS"):
            OtlpFileSource(path).read()
        path.write_bytes(content)
        with pytest.raises(SourceUnfinished, match=r"is empty|holds no OTLP data"):
            OtlpFileSource(path).read()

    def test_gzip_is_cut(self, tmp_path: Path, as_json: bytes) -> None:
        path = tmp_path / "t.json.gz"
        path.write_bytes(gzip.compress(as_json)[:-9])
        with pytest.raises(SourceUnfinished, match="cut short"):
            OtlpFileSource(path).read()

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("t.jsonl", b'{"resourceSpans": []}\n{"resourceSpans": [\n{"resourceSpans": []}\n'),
            ("t.jsonl", b'{"resourceSpans": []}\n{"resourceSpans": [\n'),
            ("t.jsonl", b'{"resourceSpans": []}\n{"resourceSpans": NaN'),
            ("t.pb", b"garbage"),
        ],
    )
    def test_what_waiting_cannot_repair_is_an_error(self, tmp_path: Path, name: str, content: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(SourceError) as caught:
            OtlpFileSource(path).read()
        assert not isinstance(caught.value, SourceUnfinished)

    def test_traces_of_a_growing_file_are_not_complete(self, tmp_path: Path, as_json: bytes) -> None:
        path = tmp_path / "t.json"
        path.write_bytes(as_json)
        assert all(trace.complete for trace in OtlpFileSource(path).read().traces)
        assert not any(trace.complete for trace in OtlpFileSource(path, growing=True).read().traces)

    def test_standard_input_has_ended(self, monkeypatch: pytest.MonkeyPatch, as_json: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(as_json[:-9])))
        with pytest.raises(SourceError) as caught:
            OtlpFileSource("-", growing=True).read()
        assert not isinstance(caught.value, SourceUnfinished)
