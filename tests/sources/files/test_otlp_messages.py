"""OTLP messages behind their lengths, with and without zstd, and files compressed as a whole."""

from __future__ import annotations

import gzip
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from benchmarks.verification.made_traces import requests
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError, SourceUnfinished
from spanpact.reporting import render_json
from spanpact.sources import FileLimits, OtlpFileSource, encode_traces_json
from spanpact.sources.files import compression
from spanpact.trace.model import Reading
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify
from tests.sources.every_source import as_protobuf
from tests.sources.files.compressing import zstd


@pytest.fixture(scope="module")
def contracts() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.fixture(scope="module")
def several() -> list[Reading]:
    return list(requests(5))


def framed(message: bytes) -> bytes:
    return struct.pack(">I", len(message)) + message


def protobuf(reading: Reading) -> bytes:
    written = as_protobuf(encode_traces_json(reading))
    assert written is not None
    return written[0]


FORMS: dict[str, Callable[[list[Reading]], bytes]] = {
    "protobuf": lambda several: b"".join(framed(protobuf(each)) for each in several),
    "protobuf, each with zstd": lambda several: b"".join(framed(zstd.compress(protobuf(each))) for each in several),
    "JSON": lambda several: b"".join(framed(encode_traces_json(each)) for each in several),
    "JSON, each with zstd": lambda several: b"".join(
        framed(zstd.compress(encode_traces_json(each) + b"\n")) for each in several
    ),
    "JSON lines, zstd": lambda several: zstd.compress(b"\n".join(map(encode_traces_json, several))),
    "JSON lines, several frames of zstd": lambda several: b"".join(
        zstd.compress(encode_traces_json(each) + b"\n") for each in several
    ),
    "protobuf, zstd": lambda several: zstd.compress(b"".join(map(protobuf, several))),
    "protobuf messages, zstd": lambda several: zstd.compress(b"".join(framed(protobuf(each)) for each in several)),
    "protobuf messages, gzip": lambda several: gzip.compress(b"".join(framed(protobuf(each)) for each in several)),
    "each with zstd, gzip": lambda several: gzip.compress(
        b"".join(framed(zstd.compress(protobuf(each))) for each in several)
    ),
    "gzip, zstd": lambda several: zstd.compress(gzip.compress(b"\n".join(map(encode_traces_json, several)))),
}
IN_PARTS = [form for form in FORMS if "messages" in form or "each" in form or form in ("protobuf", "JSON")]


def spans(reading: Reading) -> int:
    return sum(len(trace.spans) for trace in reading.traces)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_whole_and_as_a_stream(
    tmp_path: Path, several: list[Reading], contracts: list[CompiledContract], form: str
) -> None:
    path = tmp_path / "traces"
    path.write_bytes(FORMS[form](several))
    for limits in (FileLimits(), FileLimits(checked_keys=0)):
        source = OtlpFileSource(path, limits=limits)
        reading = source.read()
        assert spans(reading) == sum(map(spans, several))
        streamed = verify_file(source, contracts)
        assert streamed is not None
        assert render_json(streamed) == render_json(verify(contracts, reading))


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_ends_early_may_still_be_written(tmp_path: Path, several: list[Reading], form: str) -> None:
    path = tmp_path / "traces"
    whole = FORMS[form](several)
    for end in (5, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:end])
        with pytest.raises(SourceUnfinished, match=str(path)):
            OtlpFileSource(path).read()


def test_the_message_that_is_cut_short_is_named(tmp_path: Path, several: list[Reading]) -> None:
    path = tmp_path / "traces.pb"
    first, second = (framed(protobuf(each)) for each in several[:2])
    path.write_bytes(first + second[:-7])
    says = (
        rf"message at byte {len(first)}: is cut short: {len(second) - 7} bytes of {len(second)} \(the message is half"
    )
    with pytest.raises(SourceUnfinished, match=says):
        OtlpFileSource(path).read()


def test_a_message_that_is_malformed_is_named(tmp_path: Path, several: list[Reading]) -> None:
    path = tmp_path / "traces.pb"
    first = framed(protobuf(several[0]))
    path.write_bytes(first + framed(b"garbage"))
    with pytest.raises(SourceError, match=rf"message at byte {len(first)}: not an OTLP protobuf message"):
        OtlpFileSource(path).read()
    path.write_bytes(first + framed(zstd.compress(b"x" * 99)[:-5]))
    with pytest.raises(SourceError, match=rf"message at byte {len(first)}: the zstd data is damaged") as caught:
        OtlpFileSource(path).read()
    assert not isinstance(caught.value, SourceUnfinished)
    path.write_bytes(first + framed(b'{"resourceSpans": NaN}'))
    with pytest.raises(SourceError, match=rf"message at byte {len(first)}: byte 18 \(line 1\): not OTLP JSON"):
        OtlpFileSource(path).read()


def test_messages_of_other_signals_may_be_among_them(tmp_path: Path, several: list[Reading]) -> None:
    trace = several[0].traces[0]
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.trace_id, record.time_unix_nano, record.event_name = bytes.fromhex(trace.trace_id), 5, "cache.hit"
    metrics = ExportMetricsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="requests", unit="1")
    metric.sum.data_points.add(as_int=1)
    path = tmp_path / "traces"
    messages = [metrics.SerializeToString(), protobuf(several[0]), logs.SerializeToString()]
    path.write_bytes(b"".join(map(framed, messages)))
    reading = OtlpFileSource(path).read()
    assert spans(reading) == spans(several[0])
    assert [log.event_name for each in reading.traces for log in each.logs] == ["cache.hit"]
    assert "logs" in reading.source.capabilities
    path.write_bytes(messages[2])
    assert OtlpFileSource(path).read().traces == ()


@pytest.mark.parametrize("form", ["JSON lines, zstd", "protobuf, each with zstd"])
def test_a_zstd_bomb_is_stopped_while_it_is_decompressed(tmp_path: Path, several: list[Reading], form: str) -> None:
    path = tmp_path / "bomb"
    bomb = zstd.compress(b'{"resourceSpans":[' + b" " * (64 << 20))
    path.write_bytes(bomb if form == "JSON lines, zstd" else framed(bomb))
    with pytest.raises(SourceError, match="too large"):
        OtlpFileSource(path, limits=FileLimits(document=1 << 20)).read()


@pytest.mark.parametrize("form", ["JSON lines, zstd", "JSON, each with zstd"])
def test_without_the_package_the_error_says_what_to_install(
    tmp_path: Path, several: list[Reading], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "traces"
    path.write_bytes(FORMS[form](several))
    monkeypatch.setitem(sys.modules, zstd.__name__, None)
    monkeypatch.delattr(zstd.__name__, raising=False)
    says = r"compressed with zstd, .* \(pip install backports\.zstd \(the extra zstd\), or decompress"
    with pytest.raises(SourceError, match=says):
        OtlpFileSource(path).read()


def test_damaged_zstd_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "traces.zst"
    path.write_bytes(compression.ZSTD_MAGIC + b"garbage and more")
    with pytest.raises(SourceError, match="the zstd data is damaged or cut short"):
        OtlpFileSource(path).read()
