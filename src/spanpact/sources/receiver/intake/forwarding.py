"""Pass requests on to a collector over OTLP/HTTP, and return its answers.

The connections stay open between requests. A request is written at once, so that the collector works while this process
checks the body.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import h11

from spanpact.errors import UsageError
from spanpact.otlp import Signal
from spanpact.sources.receiver.responses import Refusal

_CHUNK: Final = 1 << 16
_LARGEST_ANSWER: Final = 1 << 20
_IDLE_AT_MOST: Final = 32
_LIKE_IT: Final = h11.Request(method="POST", target="/", headers=[("host", "collector"), ("content-length", "0")])
_OF_ONE_HOP: Final = frozenset(
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The collector to forward to: its base URL, and headers that each request gets. They may be secret.

    `seconds` is the time for the whole exchange. `tls` is for https (default: the authorities of this machine).
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 10.0
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            hint = "accepted: the base URL of OTLP/HTTP, such as http://localhost:4318"
            raise UsageError("the URL to forward to is not one of OTLP/HTTP", hint=hint)
        if parts.username or parts.password:
            raise UsageError("credentials do not belong in the URL to forward to", hint="give them as headers")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the collector; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection:
    """One connection to the collector."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(h11.CLIENT)
        self.answered = False

    def write(self, request: bytes) -> None:
        """Write a whole request. h11 is told of one like it, so that it reads the answer."""
        self.http.send(_LIKE_IT)
        self.http.send(h11.EndOfMessage())
        self.writer.write(request)

    async def answer(self) -> Answer:
        """Read the answer to the request that was written."""
        head, body = None, bytearray()
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _LARGEST_ANSWER:
                    raise h11.RemoteProtocolError("the answer is too large")
            elif isinstance(event, h11.ConnectionClosed):
                break
        if head is None:
            raise h11.RemoteProtocolError("it closed the connection without an answer")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        return Answer(head.status_code, headers, bytes(body))

    async def _event(self) -> object:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            data = await self.reader.read(_CHUNK)
            self.answered = self.answered or bool(data)
            self.http.receive_data(data)
        return event

    @property
    def reusable(self) -> bool:
        return self.http.our_state is h11.DONE and self.http.their_state is h11.DONE and not self.reader.at_eof()

    def close(self) -> None:
        self.writer.close()


class Forwarder:
    """Forwards requests to one collector. All methods run in the event loop's thread."""

    def __init__(self, upstream: Upstream) -> None:
        parts = urlsplit(upstream.url)
        self._upstream = upstream
        self._host, self._path = parts.hostname or "", parts.path.rstrip("/")
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._authority = parts.netloc
        self._headers = {name.lower(): value for name, value in upstream.headers.items()}
        self._tls = (upstream.tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._idle: list[_Connection] = []

    async def begin(self, signal: Signal, headers: Mapping[str, str], body: bytes) -> Exchange:
        """Write a request, as it was sent here, to the collector. Raise Refusal where it cannot be reached."""
        exchange = Exchange(self, signal, headers, body)
        await exchange.write()
        return exchange

    async def connect(self) -> _Connection:
        """Return a new connection to the collector. Raise OSError where it cannot be reached."""
        return _Connection(*await asyncio.open_connection(self._host, self._port, ssl=self._tls))

    def release(self, connection: _Connection) -> None:
        """Keep a connection for the next request, if it can be used again."""
        if connection.reusable and len(self._idle) < _IDLE_AT_MOST:
            connection.http.start_next_cycle()
            connection.answered = False
            self._idle.append(connection)
        else:
            connection.close()

    def request(self, signal: Signal, headers: Mapping[str, str], body: bytes) -> bytes:
        """Return the request for the collector: the headers of the sender, but those that concern one connection.

        They are valid: h11 has checked those of the sender, and the caller the others.
        """
        passed = {name: value for name, value in headers.items() if name not in _OF_ONE_HOP} | self._headers
        lines = [f"POST {self._path}/v1/{signal} HTTP/1.1", f"host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in passed.items()]
        lines += [f"content-length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + body

    def idle(self) -> _Connection | None:
        """Return a connection that was used before and is open; None if there is none."""
        while self._idle:
            kept = self._idle.pop()
            if not kept.reader.at_eof():
                return kept
            kept.close()
        return None

    @property
    def seconds(self) -> float:
        """Return the time for one exchange."""
        return self._upstream.seconds

    def close(self) -> None:
        """Close the connections that no request uses."""
        for each in self._idle:
            each.close()
        self._idle.clear()


class Exchange:
    """One request and its answer."""

    def __init__(self, forwarder: Forwarder, signal: Signal, headers: Mapping[str, str], body: bytes) -> None:
        self._forwarder = forwarder
        self._request = forwarder.request(signal, headers, body)
        self._deadline = asyncio.get_running_loop().time() + forwarder.seconds
        self._connection: _Connection | None = None
        self._retried = False

    async def write(self) -> None:
        """Write the request. Raise Refusal where the collector cannot be reached."""
        self._connection = None if self._retried else self._forwarder.idle()
        if self._connection is None:
            self._connection = await self._connect()
        self._connection.write(self._request)

    async def _connect(self) -> _Connection:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._forwarder.connect()
        except TimeoutError:
            raise self._late() from None
        except OSError as error:
            why = f"the collector cannot be reached: {error.strerror or type(error).__name__}"
            raise Refusal(502, why, cause="collector") from None

    async def answer(self) -> Answer:
        """Return the collector's answer. Raise Refusal where none comes."""
        assert self._connection is not None
        try:
            async with asyncio.timeout_at(self._deadline):
                await self._connection.writer.drain()
                answer = await self._connection.answer()
        except TimeoutError:
            self.abandon()
            raise self._late() from None
        except (OSError, h11.RemoteProtocolError) as error:
            stale = not self._connection.answered and not self._retried
            self.abandon()
            if not stale:
                raise Refusal(502, f"the collector's answer cannot be read: {error}", cause="collector") from None
        else:
            self._forwarder.release(self._connection)
            return answer
        self._retried = True  # the collector has closed a connection that was idle
        await self.write()
        return await self.answer()

    def abandon(self) -> None:
        """Close the connection, whose answer nobody reads."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()

    def _late(self) -> Refusal:
        return Refusal(504, f"the collector did not answer within {self._forwarder.seconds:g} s", cause="collector")
