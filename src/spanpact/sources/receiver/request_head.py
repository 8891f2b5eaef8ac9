"""The first line and headers of a request to the receiver. A wrong one is refused before the body is read.

Source: the OTLP specification, "OTLP/HTTP Request". The paths of OTLP may follow `/s/NAME`, where NAME is a session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl

from spanpact.otlp import Signal
from spanpact.sources.receiver.responses import CONTENT_TYPES, Encoding, Refusal, body_too_large

PATHS: Final[Mapping[str, Signal]] = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}
_ENCODINGS: Final[Mapping[str, Encoding]] = {content_type: encoding for encoding, content_type in CONTENT_TYPES.items()}
SESSION_HEADER: Final = "spanpact-session"
_SESSION_PATH: Final = re.compile(r"/s/([^/]*)(/.*)")
_SESSION_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
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

    @property
    def route(self) -> str:
        """Return the path without session and query."""
        path = self.path.partition("?")[0]
        match = _SESSION_PATH.fullmatch(path)
        return match[2] if match else path

    @property
    def session(self) -> str:
        """Return the session that the path, else the header, names; "" for none. Raise Refusal for a malformed name."""
        match = _SESSION_PATH.fullmatch(self.path.partition("?")[0])
        return checked_session(match[1]) if match else session_of(self.headers)

    @property
    def query(self) -> Mapping[str, str]:
        """Return the parameters of the query; of one that is repeated the last."""
        return dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))

    def check(self, *, max_body: int) -> Signal:
        """Return the signal of the request. Raise Refusal for a head that is not one of an OTLP request.

        `max_body` is the largest body in bytes, as sent.
        """
        signal = PATHS.get(self.route)
        if signal is None:
            raise Refusal(404, f"nothing is at this path; accepted: {', '.join(PATHS)}", cause="path")
        if self.method != "POST":
            raise Refusal(405, f"{self.method} is not accepted here; accepted: POST", ("allow", "POST"), cause="path")
        if self.encoding is None:
            raise Refusal(415, f"unknown content type; accepted: {', '.join(_ENCODINGS)}", cause="content type")
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


def session_of(headers: Mapping[str, str]) -> str:
    """Return the session that headers (names in lower case) name; "" for none. Raise Refusal for a malformed name."""
    name = headers.get(SESSION_HEADER)
    return "" if name is None else checked_session(name.strip())


def checked_session(name: str) -> str:
    """Return the name of a session. Raise Refusal for a malformed one."""
    if not _SESSION_NAME.fullmatch(name):
        raise Refusal(400, "wrong name of a session; accepted: up to 100 letters, digits, '.', '_' and '-'")
    return name
