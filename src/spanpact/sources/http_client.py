"""GET over HTTP for sources: one total deadline, bounded answers, no redirects, no credentials in any message.

On h11 and blocking sockets, as no client of the standard library keeps one deadline over all of an exchange: a server
that drips a byte a second would hold it for ever. Proxies of the environment are not used.
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

_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one exchange may take: `seconds` from connecting to the last byte, `body` in bytes."""

    seconds: float = 10.0
    body: int = 64 << 20


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Files in PEM: `ca` instead of the machine's own authorities, `certificate` and `key` to identify the client."""

    ca: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """The context of a client that checks certificate and host name; UsageError for files that will not do."""
        if self.key and not self.certificate:
            raise UsageError("a client's key needs its certificate", hint="both as PEM files")
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key or None, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(file for file in (self.ca, self.certificate, self.key) if file)
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"cannot use {files}: {why}", hint="PEM files without a passphrase") from None
        return context


def _no_password() -> str:
    raise ValueError("the key has a passphrase")


DEFAULT_LIMITS = HttpLimits()
NO_TLS_OPTIONS = TlsOptions()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: its status, its headers by lower-case name, its body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_json(self) -> bool:
        """Whether the body can be JSON: servers label it as they like, and a page starts with a tag."""
        return self.body.lstrip()[:1] in (b"{", b"[")


class HttpClient:
    """GETs below one base URL, each on a connection of its own.

    `name` is who is asked, for messages: `Jaeger`. `headers` go with every request and are never shown.
    Raises UsageError for a URL that is not http or https, or that holds credentials.
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
        self._who = f"{name} at {self.url}"
        self._headers = [
            ("host", authority), ("accept", "application/json"), ("accept-encoding", "identity"),
            ("connection", "close"), ("user-agent", "spanpact"), *_checked(headers or {}),
        ]  # fmt: skip

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> HttpAnswer:
        """The answer to one GET, whatever its status but a redirect.

        Raises SourceUnavailable where there is none within the deadline, SourceError where it is a redirect, too
        large or not HTTP.
        """
        target = f"{self._path}{quote(path)}{'?' if query else ''}{urlencode(query, quote_via=quote)}"
        deadline = self._clock() + self._limits.seconds
        try:
            answer = self._exchange(target, deadline)
        except _CutShort:
            raise self._unavailable("closed the connection before its answer was whole") from None
        except (h11.ProtocolError, UnicodeError) as error:
            raise SourceError(f"{self._who}: does not speak HTTP: {error}") from None
        except TimeoutError:
            raise self._unavailable(f"no answer within {self._limits.seconds:g} s") from None
        except ssl.SSLError as error:
            raise self._refused_tls(error) from None
        except OSError as error:
            raise self._unavailable(f"cannot be reached: {error.strerror or error}") from None
        if 300 <= answer.status < 400 and answer.status != 304:
            raise self._redirected(answer)
        return answer

    def _unavailable(self, why: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self._who}: {why}", hint="does it run, and is this its address?")

    def _refused_tls(self, error: ssl.SSLError) -> SourceError:
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = "name the authority that signed it with --ca-file"
            return SourceError(f"{self._who}: its certificate is not trusted: {error.verify_message}", hint=hint)
        why = (error.reason or str(error)).replace("_", " ").lower()
        return SourceError(f"{self._who}: no secure connection: {why}", hint="does it speak https at this port?")

    def _redirected(self, answer: HttpAnswer) -> SourceError:
        try:
            target = urlsplit(answer.headers.get("location", ""))
            where = f"{target.scheme}://{target.hostname}" if target.hostname else "elsewhere"
        except ValueError:
            where = "elsewhere"
        hint = "redirects are not followed: give the final address"
        return SourceError(f"{self._who}: answers {answer.status}, a redirect to {where}", hint=hint)

    def _exchange(self, target: str, deadline: float) -> HttpAnswer:
        with self._connected(deadline) as connection:
            http = h11.Connection(h11.CLIENT)
            request = h11.Request(method="GET", target=target, headers=self._headers)
            connection.settimeout(self._left(deadline))
            connection.sendall((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
            return self._answer(http, connection, deadline)

    def _connected(self, deadline: float) -> socket.socket:
        """A connection; over TLS where the URL says so. Python counts the time-out over the whole handshake."""
        connection = socket.create_connection((self._host, self._port), timeout=self._left(deadline))
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return connection
            connection.settimeout(self._left(deadline))
            return self._tls.wrap_socket(connection, server_hostname=self._host)
        except BaseException:
            connection.close()
            raise

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _answer(self, http: h11.Connection, connection: socket.socket, deadline: float) -> HttpAnswer:
        status, body, ended = 0, bytearray(), False
        headers: dict[str, str] = {}
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError as error:
                raise _CutShort if ended else error from None
            if isinstance(event, h11.EndOfMessage):
                return HttpAnswer(status, headers, bytes(body))
            if event is h11.NEED_DATA:
                connection.settimeout(self._left(deadline))
                data = connection.recv(_CHUNK)
                ended = not data
                http.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._limits.body:
                    what = f"an answer of more than {self._limits.body:,} bytes"
                    raise SourceError(f"{self._who}: {what}", hint="ask for fewer traces")

    def __repr__(self) -> str:
        return f"<HttpClient {self.url}>"


class _CutShort(Exception):
    """The other side closed the connection too early."""


def parse_url(text: str) -> SplitResult:
    """The parts of an http or https URL with a host; query and fragment are the caller's matter.

    Raises UsageError for anything else, without repeating what may be a secret.
    """
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - read for its ValueError
    except ValueError:  # its text may repeat a part of a password
        raise UsageError("not an address: malformed host or port", hint=_ACCEPTED) from None
    if parts.scheme not in _PORTS:
        raise UsageError(f"not an address: the scheme is {parts.scheme or 'missing'!r}", hint=_ACCEPTED)
    if "@" in parts.netloc:
        raise UsageError("credentials do not belong into a URL", hint="give them as headers, by the environment")
    if not parts.hostname or not all("!" <= c <= "~" for c in text):
        raise UsageError("not an address: it names no host, or is not ASCII without blanks", hint=_ACCEPTED)
    return parts


_ACCEPTED = "accepted: http://HOST:PORT or https://HOST:PORT"


def parse_headers(text: str, *, variable: str) -> dict[str, str]:
    """Headers as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`, percent-encoded.

    Raises UsageError, which names the variable and never the value.
    """
    headers = {}
    for number, pair in enumerate((part for part in text.split(",") if part.strip()), 1):
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()).lower(), unquote(value.strip())
        if not equals or not _is_header(name, value):
            raise UsageError(f"{variable}: header {number} is malformed", hint="name=value,name=value")
        headers[name] = value
    return headers


_RESERVED = frozenset(["host", "connection", "content-length", "transfer-encoding", "accept-encoding"])


def _checked(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if not _is_header(name.lower(), value):  # the name too may be a secret in the wrong place
            raise UsageError("a header is malformed", hint="a name and one line of ASCII")
        yield name, value


def _is_header(name: str, value: str) -> bool:
    """A token that is not ours to set, and a value of one line (RFC 9110, 5.5 and 5.6.2)."""
    token = bool(name) and all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name)
    return token and name not in _RESERVED and value.isascii() and value.isprintable() and value == value.strip()
