"""A deadline for all socket calls of one thread together, however many there are.

A socket's own timeout applies to one system call: it starts again with each byte that arrives, and with each step of a
handshake. Here each call gets the time that is left until the thread's deadline. Source: docs/specification.md S3.
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
def thread_deadline(until: float) -> Iterator[None]:
    """Set this thread's deadline (`time.monotonic()`); an earlier one that it has already stays."""
    before = _deadline.until
    _deadline.until = until if before is None else min(until, before)
    try:
        yield
    finally:
        _deadline.until = before


def time_left(timeout: float | None) -> float | None:
    """Return the timeout of the next system call: `timeout`, but at most the time left (seconds). None is no limit.

    Raise TimeoutError if no time is left.
    """
    if _deadline.until is None:
        return timeout
    left = _deadline.until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left if timeout is None else min(left, timeout)


class DeadlineSocket:
    """A connected socket whose reads and writes end at the deadline of the calling thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._timeout = sock.gettimeout()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, timeout: float | None) -> None:
        """Set the timeout of a single call, as on any socket."""
        self._timeout = timeout
        self._sock.settimeout(timeout)

    def recv(self, *args: Any) -> bytes:
        """See socket.recv."""
        self._sock.settimeout(time_left(self._timeout))
        return self._sock.recv(*args)

    def recv_into(self, *args: Any) -> int:
        """See socket.recv_into."""
        self._sock.settimeout(time_left(self._timeout))
        return self._sock.recv_into(*args)

    def sendall(self, *args: Any) -> None:
        """See socket.sendall."""
        self._sock.settimeout(time_left(self._timeout))
        self._sock.sendall(*args)


def with_deadline(connection_class: type) -> type:
    """Return a subclass of one of redis-py's connections (TCP, TLS, Unix) whose sockets keep the thread's deadline."""

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
