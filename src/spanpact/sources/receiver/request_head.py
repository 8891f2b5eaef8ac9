"""The first line and headers of an OTLP/HTTP request. A wrong one is refused before the body is read.

Source: the OTLP specification, "OTLP/HTTP Request".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from spanpact.otlp import Signal
from spanpact.sources.receiver.responses import CONTENT_TYPES, Encoding, Refusal, body_too_large

PATHS: Final[Mapping[str, Signal]] = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}
_ENCODINGS: Final[Mapping[str, Encoding]] = {content_type: encoding for encoding, content_type in CONTENT_TYPES.items()}
Compression: TypeAlias = Literal["gzip", "deflate", "identity"]
_COMPRESSIONS: Final[Mapping[str, Compression]] = {
    "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "identity": "identity", "": "identity",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The method, path and headers of a request; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def encoding(self) -> Encoding | None:
        """Return the body's encoding; None for a content type that OTLP does not define."""
        return _ENCODINGS.get(self.headers.get("content-type", "").split(";")[0].strip().lower())

    @property
    def compression(self) -> Compression | None:
        """Return how the body is compressed; None for a content encoding that is not accepted."""
        return _COMPRESSIONS.get(self.headers.get("content-encoding", "").strip().lower())

    def check(self, *, max_body: int) -> Signal:
        """Return the signal of the request. Raise Refusal for a head that is not one of an OTLP request.

        `max_body` is the largest body in bytes, as sent.
        """
        signal = PATHS.get(self.path.partition("?")[0])
        if signal is None:
            raise Refusal(404, f"nothing is at this path; accepted: {', '.join(PATHS)}")
        if self.method != "POST":
            raise Refusal(405, f"{self.method} is not accepted here; accepted: POST", ("allow", "POST"))
        if self.encoding is None:
            raise Refusal(415, f"unknown content type; accepted: {', '.join(_ENCODINGS)}")
        if self.compression is None:
            raise Refusal(415, f"unknown content encoding; accepted: {', '.join(filter(None, _COMPRESSIONS))}")
        self._check_length(max_body)
        return signal

    def _check_length(self, max_body: int) -> None:
        length = self.headers.get("content-length")
        if length is None and "transfer-encoding" not in self.headers:
            raise Refusal(411, "the request needs a content length or a chunked body")
        if length is not None and int(length) > max_body:  # h11 has checked that these are digits
            raise body_too_large(max_body)
