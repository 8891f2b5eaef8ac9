"""A deadline for everything that one thread does on its sockets until then, however many reads it takes.

A socket's own timeout starts anew with each byte that drips in, and with each step of a handshake: it bounds one
system call. Here each call gets what is left of the thread's deadline. Source: docs/specification.md S3.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Deadline(threading.local):
    until: float | None = None


_deadline = _Deadline()


@contextmanager
def bound_by(until: float) -> Iterator[None]:
    """Bind this thread's sockets to a deadline (`time.monotonic()`), or to the one that it has if that is earlier."""
    before = _deadline.until
    _deadline.until = until if before is None else min(until, before)
    try:
        yield
    finally:
        _deadline.until = before


def time_left(timeout: float | None) -> float | None:
    """How long the next system call may take: `timeout`, cut to what is left of the deadline (seconds).

    None is for ever. Raises TimeoutError when nothing is left.
    """
    if _deadline.until is None:
        return timeout
    left = _deadline.until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left if timeout is None else min(left, timeout)


class DeadlineSocket:
    """A connected socket whose reads and writes end at the deadline of the thread that makes them."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._timeout = sock.gettimeout()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, timeout: float | None) -> None:
        """Set the timeout of a single call, as of any socket."""
        self._timeout = timeout
        self._sock.settimeout(timeout)

    def recv(self, *args: Any) -> bytes:
        """Read what is there, or wait for it."""
        self._sock.settimeout(time_left(self._timeout))
        return self._sock.recv(*args)

    def recv_into(self, *args: Any) -> int:
        """The same, into a buffer."""
        self._sock.settimeout(time_left(self._timeout))
        return self._sock.recv_into(*args)

    def sendall(self, *args: Any) -> None:
        """Write everything."""
        self._sock.settimeout(time_left(self._timeout))
        self._sock.sendall(*args)


def with_deadline(connection_class: type) -> type:
    """A subclass of a class of redis-py's connections (TCP, TLS, Unix socket) whose sockets know the deadline."""

    class Bound(connection_class):  # type: ignore[misc]
        socket_connect_timeout: float | None

        def _connect(self) -> DeadlineSocket:
            allowed = self.socket_connect_timeout
            self.socket_connect_timeout = time_left(allowed)
            try:
                return DeadlineSocket(super()._connect())
            finally:
                self.socket_connect_timeout = allowed

    Bound.__name__ = Bound.__qualname__ = connection_class.__name__
    return Bound
