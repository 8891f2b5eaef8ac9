"""A TCP proxy on loopback that delays, changes, cuts or resets what passes through it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

Pass: TypeAlias = Callable[[socket.socket, bytes], None]
"""Send bytes on, to a socket, in whatever way; `Cut` and `Reset` end the connection."""


class Cut(Exception):
    """The connection ends in order."""


class Reset(Exception):
    """The connection ends by a reset (RST)."""


class TcpProxy:
    """Forwards connections to `target`; `to_server` and `to_client` pass on what was read, and may be replaced.

    `accepted` counts connections. `stopped` is set at the end: what waits should wait for it.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.to_server: Pass = socket.socket.sendall
        self.to_client: Pass = socket.socket.sendall
        self.accepted = 0
        self.stopped = threading.Event()
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Return the port on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """End all connections and threads."""
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for each in self._open:
            each.close()

    def _start(self, call: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=call, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while not self.stopped.is_set():
                client, _ = self._listener.accept()
                self.accepted += 1
                self._open.append(client)
                server = socket.create_connection(self._target)
                self._open.append(server)
                ended = threading.Event()
                self._start(self._pump, client, server, ended, lambda *given: self.to_server(*given))
                self._start(self._pump, server, client, ended, lambda *given: self.to_client(*given))

    def _pump(self, source: socket.socket, sink: socket.socket, ended: threading.Event, forward: Pass) -> None:
        try:
            while data := source.recv(65536):
                forward(sink, data)
        except Reset:
            ended.set()
            for each in (source, sink):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RD)  # the other thread leaves its recv, else the socket stays open
                each.close()
        except (Cut, OSError):
            pass
        if not ended.is_set():
            for each in (source, sink):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@contextmanager
def tcp_proxy(port: int) -> Iterator[TcpProxy]:
    """Run a proxy to a port on 127.0.0.1."""
    proxy = TcpProxy(("127.0.0.1", port))
    try:
        yield proxy
    finally:
        proxy.close()
