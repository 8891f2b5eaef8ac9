"""Count the messages of a body without decoding it: 20 MiB of empty spans would decode into gigabytes."""

from __future__ import annotations

from functools import cache
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_BYTES_EACH = 2  # the smallest message: a tag and a length, or a pair of braces
_VARINT, _I64, _LEN, _I32 = 0, 1, 2, 5


def json_holds_more_than(limit: int, data: bytes) -> bool:
    """Return whether an OTLP JSON text holds more than `limit` objects (braces within strings count too)."""
    return len(data) > limit * _BYTES_EACH and data.count(b"{") > limit


def traces_hold_more_than(limit: int, data: bytes) -> bool:
    """Return whether the bytes of an ExportTraceServiceRequest hold more than `limit` messages."""
    return _more_than(limit, data, ExportTraceServiceRequest.DESCRIPTOR)


def logs_hold_more_than(limit: int, data: bytes) -> bool:
    """Return whether the bytes of an ExportLogsServiceRequest hold more than `limit` messages."""
    return _more_than(limit, data, ExportLogsServiceRequest.DESCRIPTOR)


def _more_than(limit: int, data: bytes, root: Any) -> bool:
    """Skip bodies too small to hold `limit` messages; leave malformed ones to the parser, which explains them."""
    if len(data) <= limit * _BYTES_EACH:
        return False
    try:
        return _walk(limit, data, root)
    except IndexError:  # truncated
        return False


def _walk(limit: int, data: bytes, root: Any) -> bool:
    position, count = 0, 0
    open_messages = [(len(data), root)]
    while open_messages:
        end, kind = open_messages[-1]
        if position >= end:
            open_messages.pop()
            continue
        tag, position = _varint(data, position)
        if tag & 7 != _LEN:
            position = _after_scalar(data, position, tag & 7)
            continue
        length, position = _varint(data, position)
        inner = _messages_of(kind).get(tag >> 3)
        if inner is None:
            position += length
            continue
        count += 1
        if count > limit:
            return True
        open_messages.append((position + length, inner))
    return False


def _after_scalar(data: bytes, position: int, wire_type: int) -> int:
    if wire_type == _VARINT:
        return _varint(data, position)[1]
    if wire_type in (_I64, _I32):
        return position + (8 if wire_type == _I64 else 4)
    raise IndexError  # a group, or nonsense: the parser explains it


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while (byte := data[position]) > 0x7F:
        number |= (byte & 0x7F) << shift
        shift += 7
        position += 1
        if shift > 63:
            raise IndexError
    return number | byte << shift, position + 1


@cache
def _messages_of(kind: Any) -> dict[int, Any]:
    return {field.number: field.message_type for field in kind.fields if field.message_type is not None}
