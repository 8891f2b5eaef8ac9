"""The receiver's HTTP server: connections with deadlines and limits, on asyncio and h11.

A connection is in one of these phases: `head` (it waits for its first request), `idle` (between two requests), `body`
(an export is being read and answered), `control` (another request is being answered), `closing`. When there are too
many connections, one is evicted: the oldest that never sent a request, else the oldest idle one. Therefore a thousand
slow sockets cannot keep other senders out.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal, TypeAlias

import h11

from spanpact.otlp import Signal
from spanpact.sources.receiver.access import ONLY_LOOPBACK, Access
from spanpact.sources.receiver.limits import ReceiverLimits
from spanpact.sources.receiver.request_head import RequestHead
from spanpact.sources.receiver.responses import (
    Cause,
    Encoding,
    Refusal,
    Response,
    body_too_large,
    encode_head,
    mistake,
    refusal_response,
)

Phase: TypeAlias = Literal["head", "idle", "body", "closing", "control"]

_EVICTION_ORDER: dict[Phase, int] = {"head": 0, "idle": 1, "closing": 2, "body": 3, "control": 4}
_CHUNK = 1 << 16
_HTTP_2 = b"PRI * HTTP/2.0\r\n"  # how every client of HTTP/2 begins (RFC 9113, 3.4), and so every gRPC client
_TLS_HANDSHAKE = b"\x16\x03"  # how every client of TLS begins (RFC 8446, 5.1)


Handler: TypeAlias = Callable[[RequestHead, Signal, bytes], Awaitable[Response]]
"""Returns the response to a request whose head was checked and whose body was read, or raises Refusal."""
Control: TypeAlias = Callable[[RequestHead], Callable[[], Awaitable[Response]] | None]
"""Returns what answers a request that is not OTLP's, after its body was read; None where nothing is at its path."""


def no_control(head: RequestHead) -> None:
    """Return None: nothing is at any path but those of OTLP."""


class HttpServer:
    """Serves connections until it is drained. All methods run in the event loop's thread."""

    def __init__(
        self,
        handler: Handler,
        on_refusal: Callable[[Cause], None],
        limits: ReceiverLimits,
        access: Access = ONLY_LOOPBACK,
        control: Control = no_control,
    ) -> None:
        self.handler = handler
        self.control = control
        self.on_refusal = on_refusal
        self.limits = limits
        self.access = access
        self.tls_context = access.tls_context()
        self.draining = False
        self.buffered = 0
        self.evicted = 0
        self.http_2 = self.tls = self.failed_handshakes = 0
        """Connections that began with HTTP/2, as gRPC does, or with TLS, and those whose TLS handshake failed."""
        self.connections: set[Connection] = set()

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection in a task of its own: the callback of `asyncio.start_server`."""
        if len(self.connections) >= self.limits.connections:
            self._evict()
        connection = Connection(self, reader, writer)
        self.connections.add(connection)

    def _evict(self) -> None:
        victim = min(self.connections, key=lambda connection: (_EVICTION_ORDER[connection.phase], connection.since))
        self.connections.discard(victim)
        self.evicted += 1
        victim.abort()

    async def quiesce(self, seconds: float) -> None:
        """Refuse new exports, and let those in progress finish for at most `seconds`. Control requests go on."""
        self.draining = True
        for connection in list(self.connections):
            if not connection.begun:
                connection.abort()
        exporting = [connection for connection in self.connections if connection.phase != "control"]
        await _wait_for(exporting, seconds)
        for connection in exporting:
            connection.abort()
        await _wait_for(exporting, None)

    async def drain(self, seconds: float) -> None:
        """Refuse new requests, let those in progress finish, and after `seconds` close all connections."""
        await self.quiesce(seconds)
        await _wait_for(list(self.connections), seconds)
        for connection in list(self.connections):
            connection.abort()
        await _wait_for(list(self.connections), None)


async def _wait_for(connections: Sequence[Connection], seconds: float | None) -> None:
    if tasks := [connection.task for connection in connections if not connection.task.done()]:
        await asyncio.wait(tasks, timeout=seconds)


class Connection:
    """One connection, which serves requests one after another."""

    def __init__(self, server: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.since = asyncio.get_running_loop().time()
        self.phase: Phase = "head"
        self.begun = False
        self._server = server
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._method = ""
        self._first = b""
        # asyncio sets this only for sockets that were created with an explicit protocol number
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.task = asyncio.create_task(self._serve())
        self.task.add_done_callback(lambda _: self._ended())

    def abort(self) -> None:
        """Close the connection at once, without finishing a request."""
        self._writer.transport.abort()
        self.task.cancel()  # it may wait for something else than the sender

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.since = asyncio.get_running_loop().time()

    def _ended(self) -> None:
        self._server.connections.discard(self)
        self._writer.close()

    async def _serve(self) -> None:
        """Serve requests until one side closes the connection or a deadline passes."""
        with suppress(OSError, h11.LocalProtocolError):  # a deadline's TimeoutError is an OSError too
            if self._server.tls_context is not None and not await self._secure(self._server.tls_context):
                return
            while (response := await self._exchange()) is not None:
                last = response.close or self._server.draining or self._http.their_state is not h11.DONE
                await self._write(encode_head(response, last=last) + (b"" if self._method == "HEAD" else response.body))
                if response.close:
                    await self._linger()
                if last:
                    return
                self._next_request()
                self.begun = False
                self._enter("idle")

    def _next_request(self) -> None:
        """Prepare for the next request, of which a part may be here. h11 has not seen the response, to save time."""
        rest, ended = self._http.trailing_data
        self._http = h11.Connection(h11.SERVER)
        if rest:
            self._http.receive_data(rest)
        if ended:
            self._http.receive_data(b"")

    async def _secure(self, context: ssl.SSLContext) -> bool:
        """Do the TLS handshake, and return whether it succeeded."""
        plain = self._writer.transport
        try:
            await self._writer.start_tls(context, ssl_handshake_timeout=self._server.limits.head_seconds)
        except OSError as error:  # ssl.SSLError and TimeoutError are some
            self._server.failed_handshakes += isinstance(error, ssl.SSLError)
            plain.abort()
            return False
        if plain.is_closing():  # the sender has left: asyncio leaves None as the transport, over which `close` fails
            vars(self._writer)["_transport"] = plain
            return False
        return True

    async def _exchange(self) -> Response | None:
        """Read the next request and return its response; None where the connection ends before a request."""
        encoding = None
        try:
            request = await self._head()
            if request is None:
                return None
            encoding = request.encoding
            if answer := self._server.control(request):
                self._enter("control")
                await self._body()
                return await answer()
            if self._server.draining:
                raise Refusal(503, "the receiver is closing", ("retry-after", "1"), cause="stopped")
            if not self._server.access.admits(request.headers):
                raise Refusal(401, "the token is missing or wrong", ("www-authenticate", "Bearer"), cause="token")
            signal = request.check(max_body=self._server.limits.body)
            body = await self._body()
        except Refusal as refusal:
            return self._refused(self._other_protocol() or refusal, encoding, close=True)
        except h11.RemoteProtocolError as error:
            why = self._other_protocol() or Refusal(error.error_status_hint, str(error))
            return self._refused(why, encoding, close=True)
        try:
            return await self._server.handler(request, signal, body)
        except Refusal as refusal:
            return self._refused(refusal, encoding, close=False)
        except Exception as error:  # the last resort: the sender gets a response, the report a number
            return self._refused(mistake(error), encoding, close=False)

    def _other_protocol(self) -> Refusal | None:
        """Return the refusal of a connection that did not begin with HTTP/1.1, and count it."""
        if self._first.startswith(_HTTP_2):
            self._server.http_2 += 1
            return Refusal(400, "this port accepts OTLP/HTTP, and this is HTTP/2, which OTLP/gRPC uses")
        if self._first.startswith(_TLS_HANDSHAKE):
            self._server.tls += 1
            return Refusal(400, "this port accepts plain HTTP, and this is TLS: the URL begins with http://")
        return None

    def _refused(self, refusal: Refusal, encoding: Encoding | None, *, close: bool) -> Response | None:
        if self._writer.is_closing():
            return None
        self._server.on_refusal(refusal.cause)
        return refusal_response(refusal, encoding, close=close)

    async def _head(self) -> RequestHead | None:
        limits = self._server.limits
        seconds = limits.idle_seconds if self.phase == "idle" else limits.head_seconds
        async with asyncio.timeout(seconds) as deadline:
            event = await self._event(deadline)
        if not isinstance(event, h11.Request):
            return None
        self.begun = True
        self._enter("body")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event.headers}
        self._method = event.method.decode("latin-1")
        return RequestHead(self._method, event.target.decode("latin-1"), headers)

    async def _event(self, deadline: asyncio.Timeout | None = None) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(_CHUNK)
            if len(self._first) < len(_HTTP_2):
                self._first += data[: len(_HTTP_2)]
            self._http.receive_data(data)
            if data and not self.begun:
                self.begun = True
                if deadline is not None and self.phase == "idle":  # from here on the deadline of the head applies
                    deadline.reschedule(asyncio.get_running_loop().time() + self._server.limits.head_seconds)
        return event

    async def _body(self) -> bytes:
        """Read the body as sent. Raise Refusal if it is too large or too slow, or if too many are being read."""
        if self._http.they_are_waiting_for_100_continue:
            informational = h11.InformationalResponse(status_code=100, headers=[], reason="Continue")
            await self._write(self._http.send(informational) or b"")
        body = bytearray()
        try:
            async with asyncio.timeout(self._server.limits.body_seconds):
                while isinstance(event := await self._event(), h11.Data):
                    self._grow(body, event.data)
        except TimeoutError:
            raise Refusal(408, f"the body took longer than {self._server.limits.body_seconds:g} s") from None
        finally:
            self._server.buffered -= len(body)
        return bytes(body)

    def _grow(self, body: bytearray, data: bytes) -> None:
        limits = self._server.limits
        if len(body) + len(data) > limits.body:
            raise body_too_large(limits.body)
        if self._server.buffered + len(data) > limits.buffered:
            raise Refusal(503, "too many requests at the same time", ("retry-after", "1"), cause="room")
        body += data
        self._server.buffered += len(data)

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size():
            async with asyncio.timeout(self._server.limits.body_seconds):
                await self._writer.drain()

    async def _linger(self) -> None:
        """Read and discard what is still being sent: closing now would reset the connection and lose the response."""
        self._enter("closing")
        if self._writer.can_write_eof():  # TLS cannot
            self._writer.write_eof()
        async with asyncio.timeout(self._server.limits.linger_seconds):
            while await self._reader.read(_CHUNK):
                pass
