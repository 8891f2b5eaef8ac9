"""A protobuf message cut at its top level: put together again, the parts are the message."""

from __future__ import annotations

import io

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.verification.encoded_requests import in_protobuf
from benchmarks.verification.made_traces import requests
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.otlp.protobuf.wire import encode_varint, iter_resource_spans

MESSAGE = b"".join(map(in_protobuf, requests(1000)))


def parts(data: bytes, largest: int = 1 << 20) -> list[bytes]:
    return list(iter_resource_spans(io.BufferedReader(io.BytesIO(data)), largest))  # type: ignore[arg-type]


def test_the_parts_joined_are_the_message() -> None:
    found = parts(MESSAGE)
    assert b"".join(found) == MESSAGE
    assert len(found) > 3
    assert parts(b"") == []


@pytest.mark.parametrize(
    "data",
    [MESSAGE[:-1], MESSAGE + b"\x12\x00", MESSAGE + b"\x0a", b"\x0a" + b"\xff" * 11, b"\x0a\x80", b"{}"],
    ids=["cut short", "another field", "no length", "an endless length", "half a length", "JSON"],
)
def test_other_bytes_need_full_decoding(data: bytes) -> None:
    with pytest.raises(NeedsFullDecoding):
        parts(data)


def test_a_part_that_is_too_large_needs_full_decoding() -> None:
    with pytest.raises(NeedsFullDecoding):
        parts(MESSAGE, largest=10)


@pytest.mark.parametrize("number", [1, 127, 128, 300, 16383, 16384, 2**32 - 1])
def test_a_varint_equals_what_the_protobuf_runtime_writes(number: int) -> None:
    assert b"\x50" + encode_varint(number) == Span(dropped_attributes_count=number).SerializeToString()


def test_the_varint_of_zero_is_one_byte() -> None:
    assert encode_varint(0) == b"\0"
