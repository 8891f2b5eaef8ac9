"""An HTTP client for sources: GET only, one total deadline, limited responses, no redirects.

No error message contains credentials. Proxies of the environment are not used. It is built on h11 and blocking sockets,
because no client of the standard library has one deadline for a whole exchange: a server that sends a byte a second
would block it forever.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

import h11

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """The limits of one exchange: `seconds` from connecting to the last byte, `body` in bytes."""

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
            ("connection", "close"), ("user-agent", "spanpact"), *_checked(headers or {}),
        ]  # fmt: skip

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> HttpResponse:
        """Send one GET and return the response, whatever its status.

        Raise SourceUnavailable where there is no response within the deadline, SourceError where it is a redirect, too
        large or not HTTP.
        """
        target = f"{self._path}{quote(path)}{'?' if query else ''}{urlencode(query, quote_via=quote)}"
        deadline = self._clock() + self._limits.seconds
        try:
            response = self._exchange(target, deadline)
        except _Truncated:
            raise self._unavailable("closed the connection before the end of its response") from None
        except (h11.ProtocolError, UnicodeError) as error:
            raise SourceError(f"{self._server}: does not speak HTTP: {error}") from None
        except TimeoutError:
            raise self._unavailable(f"no response within {self._limits.seconds:g} s") from None
        except ssl.SSLError as error:
            raise self._tls_error(error) from None
        except OSError as error:
            raise self._unavailable(f"cannot be reached: {error.strerror or error}") from None
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
        return SourceError(f"{self._server}: responded {response.status}, a redirect to {where}", hint=hint)

    def _exchange(self, target: str, deadline: float) -> HttpResponse:
        with self._connect(deadline) as connection:
            http = h11.Connection(h11.CLIENT)
            request = h11.Request(method="GET", target=target, headers=self._headers)
            connection.settimeout(self._remaining(deadline))
            connection.sendall((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
            return self._receive(http, connection, deadline)

    def _connect(self, deadline: float) -> socket.socket:
        """Open a connection, with TLS for https. Python's time-out covers the whole TLS handshake."""
        connection = socket.create_connection((self._host, self._port), timeout=self._remaining(deadline))
        try:
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
                    raise SourceError(f"{self._server}: {what}", hint="ask for fewer traces")

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


def parse_headers(text: str, *, variable: str) -> dict[str, str]:
    """Parse headers in the form of `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,name=value`, percent-encoded.

    Raise UsageError, which names the variable and never the value.
    """
    headers = {}
    for number, pair in enumerate((part for part in text.split(",") if part.strip()), 1):
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()).lower(), unquote(value.strip())
        if not equals or not _is_header(name, value):
            raise UsageError(f"{variable}: header {number} is malformed", hint="accepted: name=value,name=value")
        headers[name] = value
    return headers


_RESERVED = frozenset(["host", "connection", "content-length", "transfer-encoding", "accept-encoding"])


def _checked(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if not _is_header(name.lower(), value):  # the name too may be a secret in the wrong place
            raise UsageError("a header is malformed", hint="accepted: a name and one line of ASCII")
        yield name, value


def _is_header(name: str, value: str) -> bool:
    """Return whether the name is a token that this client does not set itself, and the value is one line.

    Source: RFC 9110, sections 5.5 and 5.6.2.
    """
    token = bool(name) and all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name)
    return token and name not in _RESERVED and value.isascii() and value.isprintable() and value == value.strip()
