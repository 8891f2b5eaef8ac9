"""The body of an OTLP request: inflate it, and check that all of it can be decoded.

A body that is not OTLP, is damaged or is too large is refused with status 400 or 413.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from spanpact.errors import SourceError
from spanpact.otlp import (
    Origin,
    Signal,
    decode_protobuf_logs,
    json_holds_more_than,
    logs_hold_more_than,
    traces_hold_more_than,
)
from spanpact.otlp.json.checks import check_json
from spanpact.otlp.message_checks import MessageContent, check_protobuf_traces
from spanpact.sources.receiver.request_head import Compression
from spanpact.sources.receiver.responses import Encoding, Refusal

BODY: Final = "request body"
_WINDOW_BITS: Final[Mapping[Compression | None, int]] = {"gzip": 31, "deflate": 15}
SMALL: Final = 256 << 10
"""Bytes after inflating that are checked in at most 2 ms."""
_KEYS_CHECKED_AT_MOST: Final = 1 << 20  # bytes; the search for duplicate keys may be slow and delay all other senders


class BodyLimits(Protocol):
    """The limits of one body: its bytes after inflating, and its messages (spans, attributes, values).

    `buffered` are the bytes of all bodies that wait at one time.
    """

    @property
    def inflated(self) -> int: ...

    @property
    def buffered(self) -> int: ...

    @property
    def messages(self) -> int: ...


@dataclass(frozen=True, slots=True)
class CheckedBody:
    """A body of spans or log records that can be decoded, inflated."""

    signal: Signal
    encoding: Encoding
    data: bytes
    content: MessageContent


def check_body(signal: Signal, encoding: Encoding, data: bytes, limits: BodyLimits) -> CheckedBody:
    """Check an inflated body of spans or log records. Raise Refusal for one that is not OTLP or holds too much."""
    if _holds_more_than(limits.messages, signal, encoding, data):
        raise Refusal(413, f"the body holds more than {limits.messages:,} messages")
    try:
        return CheckedBody(signal, encoding, data, _content(signal, encoding, data))
    except SourceError as error:
        raise Refusal(400, str(error)) from None


class Inflation:
    """A body that is inflated to at most `limit` bytes, and no further. A small one is known at once.

    deflate is the zlib format (RFC 9110, 8.4.1.2).
    """

    def __init__(self, body: bytes, compression: Compression | None, limit: int) -> None:
        self._body, self._compression, self._limit = body, compression, limit
        bits = _WINDOW_BITS.get(compression)
        self._inflater = None if bits is None else zlib.decompressobj(bits)
        self._begun = b""

    def small(self) -> bytes | None:
        """Return the body if it has at most SMALL bytes, else None. Raise Refusal for a wrong body."""
        if self._inflater is None:
            return self._body if len(self._body) <= SMALL else None
        self._begun = self._inflated(self._body, SMALL + 1)
        return None if len(self._begun) > SMALL else self._checked(self._begun)

    def whole(self) -> bytes:
        """Return the body, after `small` has returned None. Raise Refusal for a wrong body."""
        if self._inflater is None:
            return self._body
        rest = self._inflated(self._inflater.unconsumed_tail, max(1, self._limit + 1 - len(self._begun)))
        return self._checked(self._begun + rest)

    def _inflated(self, data: bytes, most: int) -> bytes:
        assert self._inflater is not None
        try:
            return self._inflater.decompress(data, most)
        except zlib.error as error:
            raise Refusal(400, f"the {self._compression} body is damaged: {error}") from None

    def _checked(self, data: bytes) -> bytes:
        assert self._inflater is not None
        if len(data) > self._limit:
            raise Refusal(413, f"the body inflates to more than {self._limit:,} bytes")
        if not self._inflater.eof:
            raise Refusal(400, f"the {self._compression} body is cut short")
        if self._inflater.unused_data:
            raise Refusal(400, f"bytes follow the {self._compression} body")
        return data


def _holds_more_than(limit: int, signal: Signal, encoding: Encoding, data: bytes) -> bool:
    if encoding == "json":
        return json_holds_more_than(limit, data)
    return traces_hold_more_than(limit, data) if signal == "traces" else logs_hold_more_than(limit, data)


def _content(signal: Signal, encoding: Encoding, data: bytes) -> MessageContent:
    """Return what a body holds of its signal. Raise SourceError for one that is not OTLP."""
    if encoding == "json":
        check_keys = len(data) <= _KEYS_CHECKED_AT_MOST
        held = check_json(data, origin=Origin(BODY), duplicate_keys=check_keys)
        return replace(held, logs=0) if signal == "traces" else replace(held, spans=0)
    if signal == "traces":
        return check_protobuf_traces(data, name=BODY)
    return MessageContent.of(decode_protobuf_logs(data, name=BODY))
