"""An HTTP client for sources: GET only, one total deadline, limited responses, no redirects.

No error message contains credentials. Proxies of the environment are not used. It is built on h11 and blocking sockets,
because no client of the standard library has one deadline for a whole exchange: a server that sends a byte a second
would block it forever, and a name with several deaf addresses would take as many deadlines.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import h11

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.privacy import mask
from spanpact.sources.http_connection import connect
from spanpact.sources.http_headers import checked_headers, redacted, secrets_of
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """The limits of one question to a server: `seconds` from the first look-up of its name to the last byte of the
    answer, whatever the number of its addresses and of requests; `body` of one response, in bytes.
    """

    seconds: float = 10.0
    body: int = 64 << 20


DEFAULT_LIMITS = HttpLimits()


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response: its status, its headers by lower-case name, and its body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_json(self) -> bool:
        """Return whether the body looks like JSON. Content types are unreliable; an HTML page starts with a tag."""
        return self.body.lstrip()[:1] in (b"{", b"[")


class ResponseTooLarge(SourceError):
    """A response that is larger than `HttpLimits.body`; asking for less may help."""


class HttpClient:
    """Sends GET requests below one base URL, each on its own connection.

    `name` is the server's name in messages: `Jaeger`. `headers` are sent with every request and never shown.
    Raise UsageError for a URL that is not http or https, or that contains credentials.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        tls: TlsOptions = NO_TLS_OPTIONS,
        limits: HttpLimits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = parse_url(url)
        self._host, self._port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
        self._path = parts.path.rstrip("/")
        self._tls = tls.context() if parts.scheme == "https" else None
        self._limits = limits
        self._clock = clock
        shown = f"[{self._host}]" if ":" in self._host else self._host
        authority = shown if self._port == _PORTS[parts.scheme] else f"{shown}:{self._port}"
        self.url = f"{parts.scheme}://{authority}{self._path}"
        self._server = f"{name} at {self.url}"
        self._headers = [
            ("host", authority), ("accept", "application/json"), ("accept-encoding", "identity"),
            ("connection", "close"), ("user-agent", "spanpact"), *checked_headers(headers or {}),
        ]  # fmt: skip
        self._secrets = secrets_of(headers or {})

    def deadline(self, seconds: float | None = None) -> float:
        """Return when a question asked now must be answered, on this client's clock, for `get`."""
        return self._clock() + (self._limits.seconds if seconds is None else seconds)

    def redacted(self, text: str) -> str:
        """Return the text without the values of this client's headers: a server may repeat them."""
        return redacted(text, self._secrets)

    def get(self, path: str, query: Sequence[tuple[str, str]] = (), *, deadline: float | None = None) -> HttpResponse:
        """Send one GET and return the response, whatever its status.

        `deadline` is that of a question that takes several requests. Raise SourceUnavailable where there is no response
        within it, ResponseTooLarge, and SourceError where the response is a redirect or not HTTP.
        """
        target = f"{self._path}{quote(path)}{'?' if query else ''}{urlencode(query, quote_via=quote)}"
        try:
            response = self._exchange(target, self.deadline() if deadline is None else deadline)
        except _Truncated:
            raise self._unavailable("closed the connection before the end of its response") from None
        except (h11.ProtocolError, UnicodeError) as error:
            raise SourceError(mask(self.redacted(f"{self._server}: does not speak HTTP: {error}"))) from None
        except TimeoutError:
            raise self._unavailable(f"no response within {self._limits.seconds:g} s") from None
        except ssl.SSLError as error:
            raise self._tls_error(error) from None
        except OSError as error:
            raise self._unavailable(self.redacted(f"cannot be reached: {error.strerror or error}")) from None
        if 300 <= response.status < 400 and response.status != 304:
            raise self._redirect_error(response)
        return response

    def _unavailable(self, reason: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self._server}: {reason}", hint="check that it runs, and that this is its address")

    def _tls_error(self, error: ssl.SSLError) -> SourceError:
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = "give the authority that signed it with --ca-file"
            return SourceError(f"{self._server}: its certificate is not trusted: {error.verify_message}", hint=hint)
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return SourceError(
            f"{self._server}: no secure connection: {reason}", hint="check that it serves https at this port"
        )

    def _redirect_error(self, response: HttpResponse) -> SourceError:
        try:
            target = urlsplit(response.headers.get("location", ""))
            where = f"{target.scheme}://{target.hostname}" if target.hostname else "elsewhere"
        except ValueError:
            where = "elsewhere"
        hint = "redirects are not followed: give the final address"
        message = self.redacted(f"{self._server}: responded {response.status}, a redirect to {where}")
        return SourceError(message, hint=hint)

    def _exchange(self, target: str, deadline: float) -> HttpResponse:
        with self._connect(deadline) as connection:
            http = h11.Connection(h11.CLIENT)
            request = h11.Request(method="GET", target=target, headers=self._headers)
            connection.settimeout(self._remaining(deadline))
            connection.sendall((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
            return self._receive(http, connection, deadline)

    def _connect(self, deadline: float) -> socket.socket:
        """Open a connection, with TLS for https. Python's time-out covers the whole TLS handshake."""
        connection = connect(self._host, self._port, lambda: self._remaining(deadline))
        try:
            connection.settimeout(self._remaining(deadline))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return connection
            connection.settimeout(self._remaining(deadline))
            return self._tls.wrap_socket(connection, server_hostname=self._host)
        except BaseException:
            connection.close()
            raise

    def _remaining(self, deadline: float) -> float:
        """Return the seconds until the deadline. Raise TimeoutError when it has passed."""
        seconds = deadline - self._clock()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def _receive(self, http: h11.Connection, connection: socket.socket, deadline: float) -> HttpResponse:
        status, body, ended = 0, bytearray(), False
        headers: dict[str, str] = {}
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError as error:
                raise _Truncated if ended else error from None
            if isinstance(event, h11.EndOfMessage):
                return HttpResponse(status, headers, bytes(body))
            if event is h11.NEED_DATA:
                connection.settimeout(self._remaining(deadline))
                data = connection.recv(_CHUNK)
                ended = not data
                http.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._limits.body:
                    what = f"a response of more than {self._limits.body:,} bytes"
                    raise ResponseTooLarge(f"{self._server}: {what}", hint="ask for fewer traces")

    def __repr__(self) -> str:
        return f"<HttpClient {self.url}>"


class _Truncated(Exception):
    """The server closed the connection before the end of its response."""


def parse_url(text: str) -> SplitResult:
    """Split an http or https URL with a host. The query and the fragment are not checked.

    Raise UsageError for anything else, without repeating a part that may be a secret.
    """
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - read for its ValueError
    except ValueError:  # its text may repeat a part of a password
        raise UsageError("not an address: malformed host or port", hint=_ACCEPTED) from None
    if parts.scheme not in _PORTS:
        raise UsageError(f"not an address: the scheme is {parts.scheme or 'missing'!r}", hint=_ACCEPTED)
    if "@" in parts.netloc:
        raise UsageError("credentials do not belong in a URL", hint="give them as headers, in the environment")
    if not parts.hostname or not all("!" <= c <= "~" for c in text):
        raise UsageError("not an address: it has no host, or is not ASCII without spaces", hint=_ACCEPTED)
    return parts


_ACCEPTED = "accepted: http://HOST:PORT or https://HOST:PORT"
