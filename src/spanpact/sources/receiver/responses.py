"""The responses of the OTLP/HTTP receiver: success, partial success, and refusal, in the sender's encoding.

Source: the OTLP specification, "OTLP/HTTP Response": status codes, partial success, and a `google.rpc.Status` as the
body of every refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

import msgspec
from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from spanpact.otlp import Signal, encode_varint

Encoding: TypeAlias = Literal["json", "protobuf"]
Cause: TypeAlias = Literal[
    "token", "path", "content type", "stopped", "room", "collector", "purpose", "mistake", "other"
]
"""Why a request was refused, for the counts of a report; `other` is for those that are malformed, too large or slow."""

CONTENT_TYPES: Final[Mapping[Encoding, str]] = {"json": "application/json", "protobuf": "application/x-protobuf"}

# The code of google.rpc.Status for each HTTP status (google/rpc/code.proto); all others are INVALID_ARGUMENT.
_RPC_CODES: Final = {
    401: 16, 403: 7, 404: 5, 405: 12, 408: 4, 410: 9, 413: 8, 429: 8, 431: 8, 500: 13,
    501: 12, 502: 14, 503: 14, 504: 4,
}  # fmt: skip
_PHRASES: Final[Mapping[int, str]] = {each.value: each.phrase for each in HTTPStatus}
_INVALID_ARGUMENT: Final = 3
FULL: Final = "the receiver is full; these were dropped"


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. `close` closes the connection after it, because the request's body was not read."""

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False


class Refusal(Exception):
    """A request that is refused: the HTTP status, the reason in one sentence, and further response headers."""

    def __init__(self, status: int, reason: str, *headers: tuple[str, str], cause: Cause = "other") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers
        self.cause: Cause = cause


def mistake(error: Exception) -> Refusal:
    """Return the refusal of a request at which spanpact itself failed. The sender gets no text of the error."""
    return Refusal(500, f"a mistake in spanpact ({type(error).__name__}): please report it", cause="mistake")


def body_too_large(limit: int) -> Refusal:
    """Return the refusal of a body of more than `limit` bytes."""
    return Refusal(413, f"the body is larger than {limit:,} bytes")


def encode_head(response: Response, *, last: bool) -> bytes:
    """Return the status line and the headers of a response; `last` says that the connection is closed after it."""
    lines = [
        f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, 'Refused')}",
        f"content-type: {response.content_type}",
        f"content-length: {len(response.body)}",
        *(f"{name}: {value}" for name, value in response.headers),
    ]
    if last:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def success_response(encoding: Encoding | None, signal: Signal, rejected: int, why: str = FULL) -> Response:
    """Return the response to an accepted request, of which `rejected` spans or log records are not kept."""
    if encoding == "json":
        return Response(200, _encode_success_json(signal, rejected, why), CONTENT_TYPES["json"])
    return Response(200, _encode_success_protobuf(signal, rejected, why), CONTENT_TYPES["protobuf"])


def _encode_success_json(signal: Signal, number: int, why: str) -> bytes:
    if not number:
        return b"{}"
    rejected = "rejectedSpans" if signal == "traces" else "rejectedLogRecords"
    return msgspec.json.encode({"partialSuccess": {rejected: str(number), "errorMessage": why}})


def _encode_success_protobuf(signal: Signal, number: int, why: str) -> bytes:
    """Return the protobuf body of a success: empty, or a partial success with the number that was dropped."""
    if not number:
        return b""
    if signal == "traces":
        spans = ExportTracePartialSuccess(rejected_spans=number, error_message=why)
        return bytes(ExportTraceServiceResponse(partial_success=spans).SerializeToString())
    logs = ExportLogsPartialSuccess(rejected_log_records=number, error_message=why)
    return bytes(ExportLogsServiceResponse(partial_success=logs).SerializeToString())


def rejected_number(encoding: Encoding, body: bytes) -> int:
    """Return how many spans or log records the body of a success says were rejected; 0 for a body that is no response.

    The messages for traces and logs have the same fields.
    """
    try:
        if encoding == "protobuf":
            return int(ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans)
        partial = msgspec.json.decode(body or b"{}")["partialSuccess"]
        return int(partial.get("rejectedSpans") or partial.get("rejectedLogRecords") or 0)
    except (DecodeError, msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError):
        return 0


def refusal_response(refusal: Refusal, encoding: Encoding | None, *, close: bool) -> Response:
    """Return the response to a refused request: a `google.rpc.Status` in the sender's encoding, JSON if unknown."""
    code = _RPC_CODES.get(refusal.status, _INVALID_ARGUMENT)
    if encoding == "protobuf":
        body = _encode_status_protobuf(code, refusal.reason)
    else:
        body = msgspec.json.encode({"code": code, "message": refusal.reason})
    return Response(refusal.status, body, CONTENT_TYPES[encoding or "json"], refusal.headers, close)


def _encode_status_protobuf(code: int, message: str) -> bytes:
    """Encode a `google.rpc.Status` by hand, as its generated class is in a package that nothing else here needs."""
    text = message.encode("utf-8", "replace")
    return b"\x08" + encode_varint(code) + b"\x12" + encode_varint(len(text)) + text
