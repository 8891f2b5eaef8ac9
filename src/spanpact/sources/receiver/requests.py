"""One OTLP/HTTP request: what is refused by its head, what its body holds, and the answer in the sender's encoding.

Source: the OTLP specification, "OTLP/HTTP": statuses, partial success, and a `google.rpc.Status` as the body of
every refusal. Nothing here knows of sockets.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from spanpact.errors import SourceError
from spanpact.otlp import (
    Batch,
    Origin,
    SharedValues,
    Signal,
    decode_json,
    decode_protobuf_logs,
    decode_protobuf_traces,
    encode_varint,
    json_holds_more_than,
    logs_hold_more_than,
    traces_hold_more_than,
)

Encoding: TypeAlias = Literal["json", "protobuf"]
Store: TypeAlias = Callable[[Batch], int]
"""Takes a batch in and says how many of its spans and log records it had to drop."""

PATHS: Mapping[str, Signal] = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}
CONTENT_TYPES: Mapping[Encoding, str] = {"json": "application/json", "protobuf": "application/x-protobuf"}
_ENCODINGS: Mapping[str, Encoding] = {content_type: encoding for encoding, content_type in CONTENT_TYPES.items()}
# The code of google.rpc.Status for each HTTP status (google/rpc/code.proto); 3 is INVALID_ARGUMENT.
_RPC_CODES = {404: 5, 405: 12, 408: 4, 413: 8, 431: 8, 501: 12, 503: 14}
_KEYS_CHECKED_AT_MOST = 1 << 20  # looking for duplicate keys is slow, and holds up all other senders


class BodyLimits(Protocol):
    """How many bytes a body may have after inflating, and how many messages (spans, attributes, values) in it."""

    @property
    def inflated(self) -> int: ...

    @property
    def messages(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response. After `close` the connection is of no more use: the request's body was not read."""

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False


class Refusal(Exception):
    """A request that is not taken: HTTP status, one sentence of why, further headers."""

    def __init__(self, status: int, reason: str, *headers: tuple[str, str]) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What the first line and the headers of a request say; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def encoding(self) -> Encoding | None:
        """The body's encoding; None for a content type that OTLP does not have."""
        return _ENCODINGS.get(self.headers.get("content-type", "").split(";")[0].strip().lower())

    @property
    def gzipped(self) -> bool:
        """Whether the body is compressed."""
        return self.headers.get("content-encoding", "identity").strip().lower() == "gzip"

    def check(self, *, max_body: int) -> Signal:
        """The signal that the request carries. Raises Refusal for what is wrong before the body is read."""
        signal = PATHS.get(self.path.partition("?")[0])
        if signal is None:
            raise Refusal(404, f"nothing is at this path; accepted: {', '.join(PATHS)}")
        if self.method != "POST":
            raise Refusal(405, f"{self.method} is not accepted here; accepted: POST", ("allow", "POST"))
        if self.encoding is None:
            raise Refusal(415, f"unknown content type; accepted: {', '.join(_ENCODINGS)}")
        if self.headers.get("content-encoding", "identity").strip().lower() not in ("gzip", "identity", ""):
            raise Refusal(415, "unknown content encoding; accepted: gzip, identity")
        self._check_length(max_body)
        return signal

    def _check_length(self, max_body: int) -> None:
        length = self.headers.get("content-length")
        if length is None and "transfer-encoding" not in self.headers:
            raise Refusal(411, "neither a content length nor a chunked body")
        if length is not None and int(length) > max_body:  # h11 has checked that these are digits
            raise too_large(max_body)


def too_large(limit: int) -> Refusal:
    """The refusal of a body of more than `limit` bytes."""
    return Refusal(413, f"the body is larger than {limit:,} bytes")


def answer_request(
    head: RequestHead, signal: Signal, body: bytes, *, store: Store, shared: SharedValues, limits: BodyLimits
) -> Answer:
    """Take in the body of a request whose head was checked. Raises Refusal for a body that is not OTLP."""
    if signal == "metrics":
        return _success(head, signal, 0)
    data = inflate(body, limits.inflated) if head.gzipped else body
    if _holds_more_than(limits.messages, head, signal, data):
        raise Refusal(413, f"the body holds more than {limits.messages:,} messages")
    try:
        dropped = store(_decode(head, signal, data, shared))
    except SourceError as error:
        raise Refusal(400, str(error)) from None
    return _success(head, signal, dropped)


def inflate(body: bytes, limit: int) -> bytes:
    """The bytes of a gzip body, at most `limit` of them: the cap holds while inflating, not after it."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        data = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refusal(400, f"the gzip body is damaged: {error}") from None
    if len(data) > limit:
        raise Refusal(413, f"the body inflates to more than {limit:,} bytes")
    if not inflater.eof:
        raise Refusal(400, "the gzip body is cut short")
    if inflater.unused_data:
        raise Refusal(400, "bytes follow the gzip body")
    return data


def _holds_more_than(limit: int, head: RequestHead, signal: Signal, data: bytes) -> bool:
    if head.encoding == "json":
        return json_holds_more_than(limit, data)
    return traces_hold_more_than(limit, data) if signal == "traces" else logs_hold_more_than(limit, data)


def _decode(head: RequestHead, signal: Signal, data: bytes, shared: SharedValues) -> Batch:
    if head.encoding == "json":
        check = len(data) <= _KEYS_CHECKED_AT_MOST
        batch = decode_json(data, origin=Origin("request body"), shared=shared, duplicate_keys=check)
        return Batch(batch.spans, []) if signal == "traces" else Batch([], batch.logs)
    if signal == "traces":
        return decode_protobuf_traces(data, name="request body", shared=shared)
    return decode_protobuf_logs(data, name="request body", shared=shared)


def _success(head: RequestHead, signal: Signal, dropped: int) -> Answer:
    if head.encoding == "json":
        return Answer(200, _partial_json(signal, dropped), CONTENT_TYPES["json"])
    return Answer(200, partial_protobuf(signal, dropped), CONTENT_TYPES["protobuf"])


_FULL = "the receiver is full; these were dropped"


def _partial_json(signal: Signal, dropped: int) -> bytes:
    if not dropped:
        return b"{}"
    rejected = "rejectedSpans" if signal == "traces" else "rejectedLogRecords"
    return msgspec.json.encode({"partialSuccess": {rejected: str(dropped), "errorMessage": _FULL}})


def partial_protobuf(signal: Signal, dropped: int) -> bytes:
    """The body of a success in protobuf: empty, or how many spans (log records) were dropped."""
    if not dropped:
        return b""
    if signal == "traces":
        partial = ExportTracePartialSuccess(rejected_spans=dropped, error_message=_FULL)
        return bytes(ExportTraceServiceResponse(partial_success=partial).SerializeToString())
    lost = ExportLogsPartialSuccess(rejected_log_records=dropped, error_message=_FULL)
    return bytes(ExportLogsServiceResponse(partial_success=lost).SerializeToString())


def refuse(refusal: Refusal, encoding: Encoding | None, *, close: bool) -> Answer:
    """The answer to a refused request: a google.rpc.Status in the sender's encoding, JSON where that is unknown."""
    code = _RPC_CODES.get(refusal.status, 3)
    if encoding == "protobuf":
        body = _status_protobuf(code, refusal.reason)
    else:
        body = msgspec.json.encode({"code": code, "message": refusal.reason})
    return Answer(refusal.status, body, CONTENT_TYPES[encoding or "json"], refusal.headers, close)


def _status_protobuf(code: int, message: str) -> bytes:
    """google.rpc.Status by hand, as its generated class is in a package that nothing else here needs."""
    text = message.encode("utf-8", "replace")
    return b"\x08" + encode_varint(code) + b"\x12" + encode_varint(len(text)) + text
