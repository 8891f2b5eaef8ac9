"""The body of an OTLP/HTTP request: inflate it, decode it, and store its spans and log records.

A body that is not OTLP, is damaged or is too large is refused with status 400 or 413, and nothing of it is stored.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from spanpact.errors import SourceError
from spanpact.otlp import (
    Batch,
    Origin,
    SharedValues,
    Signal,
    decode_json,
    decode_protobuf_logs,
    decode_protobuf_traces,
    json_holds_more_than,
    logs_hold_more_than,
    traces_hold_more_than,
)
from spanpact.sources.receiver.request_head import Compression, RequestHead
from spanpact.sources.receiver.responses import Refusal, Response, success_response

Store: TypeAlias = Callable[[Batch], int]
"""Stores a batch and returns how many of its spans and log records were dropped for lack of room."""

_WINDOW_BITS: Final[Mapping[Compression | None, int]] = {"gzip": 31, "deflate": 15}
_KEYS_CHECKED_AT_MOST: Final = 1 << 20  # bytes; the search for duplicate keys is slow and delays all other senders


class BodyLimits(Protocol):
    """The limits of one body: its bytes after inflating, and its messages (spans, attributes, values)."""

    @property
    def inflated(self) -> int: ...

    @property
    def messages(self) -> int: ...


def store_body(
    head: RequestHead, signal: Signal, body: bytes, *, store: Store, shared: SharedValues, limits: BodyLimits
) -> Response:
    """Store the spans or log records in the body of a request whose head was checked, and return the response.

    Metrics are accepted and ignored. Raise Refusal for a body that is not OTLP, is damaged or is too large.
    """
    if signal == "metrics":
        return success_response(head.encoding, signal, 0)
    data = inflate(body, head.compression, limits.inflated)
    if _holds_more_than(limits.messages, head, signal, data):
        raise Refusal(413, f"the body holds more than {limits.messages:,} messages")
    dropped = store(_decode_or_refuse(head, signal, data, shared))
    return success_response(head.encoding, signal, dropped)


def inflate(body: bytes, compression: Compression | None, limit: int) -> bytes:
    """Inflate a body to at most `limit` bytes; inflating stops there. Raise Refusal for a wrong body.

    deflate is the zlib format (RFC 9110, 8.4.1.2).
    """
    if compression not in _WINDOW_BITS:
        return body
    inflater = zlib.decompressobj(_WINDOW_BITS[compression])
    try:
        data = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refusal(400, f"the {compression} body is damaged: {error}") from None
    if len(data) > limit:
        raise Refusal(413, f"the body inflates to more than {limit:,} bytes")
    if not inflater.eof:
        raise Refusal(400, f"the {compression} body is cut short")
    if inflater.unused_data:
        raise Refusal(400, f"bytes follow the {compression} body")
    return data


def _holds_more_than(limit: int, head: RequestHead, signal: Signal, data: bytes) -> bool:
    if head.encoding == "json":
        return json_holds_more_than(limit, data)
    return traces_hold_more_than(limit, data) if signal == "traces" else logs_hold_more_than(limit, data)


def _decode_or_refuse(head: RequestHead, signal: Signal, data: bytes, shared: SharedValues) -> Batch:
    try:
        return _decode(head, signal, data, shared)
    except SourceError as error:
        raise Refusal(400, str(error)) from None


def _decode(head: RequestHead, signal: Signal, data: bytes, shared: SharedValues) -> Batch:
    if head.encoding == "json":
        check = len(data) <= _KEYS_CHECKED_AT_MOST
        batch = decode_json(data, origin=Origin("request body"), shared=shared, duplicate_keys=check)
        spans, logs = (batch.spans, []) if signal == "traces" else ([], batch.logs)
        return Batch(spans, logs, batch.signals, batch.unread)
    if signal == "traces":
        return decode_protobuf_traces(data, name="request body", shared=shared)
    return decode_protobuf_logs(data, name="request body", shared=shared)
