"""Recognise OTLP protobuf by its first bytes, and say which signal a message holds.

The requests of all signals have the same outer structure: groups by resource, in them groups by scope, in them records.
So the field numbers of the first record tell the signal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, Optional, TypeAlias

from spanpact.otlp.batch import Signal


class LogsMessage(NamedTuple):
    """The bytes of a LogsData message, where other bytes are a TracesData message."""

    data: bytes


_VARINT, _I64, _LEN, _I32 = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10
_TRACE_ID: Final = 16
_Message: TypeAlias = Mapping[tuple[int, int], Optional["_Message"]]
"""The fields of a message, by number and wire type, with the messages that they hold (None: anything else)."""

_KEY_VALUE: Final[_Message] = {(1, _LEN): None, (2, _LEN): None}
_RESOURCE: Final[_Message] = {(1, _LEN): _KEY_VALUE, (2, _VARINT): None, (3, _LEN): None}
_SCOPES: Final[_Message] = {(1, _LEN): None, (2, _LEN): None, (3, _LEN): None}
_GROUP: Final[_Message] = {(1, _LEN): _RESOURCE, (2, _LEN): _SCOPES, (3, _LEN): None, (1000, _LEN): _SCOPES}
_REQUEST: Final[_Message] = {(1, _LEN): _GROUP}
_METRIC_DATA: Final = frozenset([(7, _LEN), (10, _LEN)])  # sum and exponential histogram
_METRIC_DATA_OR_SPAN: Final = frozenset([(9, _LEN), (11, _LEN)])  # histogram, summary; attributes, events


class _Field(NamedTuple):
    """A field: its number and wire type, and where its content begins and ends."""

    kind: tuple[int, int]
    begin: int
    end: int


def begins_like_otlp(data: bytes) -> bool:
    """Return whether the bytes, which may be cut anywhere, begin like a request of OTLP: fields within their bounds."""
    return len(data) > 0 and _begins_like(data, 0, None, _REQUEST)


def _begins_like(data: bytes, begin: int, end: int | None, message: _Message) -> bool:
    """Return whether the first field of a message is one of its kind. `end` is None where it is not known."""
    tag, after_tag = _varint(data, begin, len(data))
    if after_tag < 0:
        return _is_cut(data, begin)
    kind = (tag >> 3, tag & 7)
    if kind not in message:
        return False
    length, content = _varint(data, after_tag, len(data)) if kind[1] == _LEN else (0, after_tag)
    if content < 0:
        return _is_cut(data, after_tag)
    if end is not None and content + length > end:
        return False
    inner = message[kind]
    return inner is None or length == 0 or _begins_like(data, content, content + length, inner)


def _is_cut(data: bytes, begin: int) -> bool:
    """Return whether the bytes end within a varint."""
    return len(data) - begin < _LONGEST_VARINT and all(byte & 0x80 for byte in data[begin:])


def signal_of(message: bytes) -> Signal:
    """Return which signal a request holds, from its first record; `traces` for one without records."""
    for group in _fields(message, 0, len(message)):
        for scope in _fields(message, group.begin, group.end):
            if scope.kind in ((2, _LEN), (1000, _LEN)):
                for record in _fields(message, scope.begin, scope.end):
                    if record.kind == (2, _LEN):
                        return _signal_of_record(message, record)
    return "traces"


def _signal_of_record(message: bytes, record: _Field) -> Signal:
    found = {field.kind: message[field.begin : field.end] for field in _fields(message, record.begin, record.end)}
    if (7, _I64) in found or (8, _I64) in found:
        return "traces"
    if (1, _I64) in found or (11, _I64) in found:
        return "logs"
    nested = {kind for kind, content in found.items() if kind[1] == _LEN and content.startswith(b"\x0a")}
    has_trace_id = len(found.get((1, _LEN), b"")) == _TRACE_ID
    if found.keys() & _METRIC_DATA or (5, _LEN) in nested or (not has_trace_id and nested & _METRIC_DATA_OR_SPAN):
        return "metrics"
    return "traces"


def _fields(data: bytes, begin: int, end: int | None) -> Iterator[_Field]:
    """Yield the fields of a message up to the first that is cut or malformed. The content of the last may be cut."""
    stop = len(data) if end is None else min(end, len(data))
    while begin < stop:
        tag, begin = _varint(data, begin, stop)
        kind = (tag >> 3, tag & 7)
        if kind[1] == _LEN:
            length, begin = _varint(data, begin, stop)
        elif kind[1] == _VARINT:
            after = _varint(data, begin, stop)[1]
            length = after - begin
        else:
            length = {_I64: 8, _I32: 4}.get(kind[1], -1)
        if begin < 0 or length < 0 or kind[0] == 0:
            return
        yield _Field(kind, begin, begin + length)
        begin += length


def _varint(data: bytes, begin: int, stop: int) -> tuple[int, int]:
    """Return a varint and where it ends; -1 for the end of one that is cut or too long."""
    number = 0
    if begin < 0:
        return 0, -1
    for i in range(_LONGEST_VARINT):
        if begin + i >= stop:
            return 0, -1
        number |= (data[begin + i] & 0x7F) << 7 * i
        if data[begin + i] < 0x80:
            return number, begin + i + 1
    return 0, -1
