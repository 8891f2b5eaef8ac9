"""Connections whose timeout is for the whole reply of a request (S1.1).

A timeout of `requests` is for each read: an endpoint that sends a byte now and then holds an export for as long as it
likes, and with it the only thread that sends spans.
"""

from __future__ import annotations

import io
import socket
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """An adapter of `requests` whose read timeout, in seconds, is that of the whole reply, counted from the request."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """See HTTPAdapter."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """See HTTPAdapter."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):  # which has connections of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _HttpConnection(HTTPConnection):
    def request(self, *args: Any, **options: Any) -> None:
        _limit_reply(self)
        super().request(*args, **options)


class _HttpsConnection(HTTPSConnection):
    def request(self, *args: Any, **options: Any) -> None:
        _limit_reply(self)
        super().request(*args, **options)


def _limit_reply(connection: HTTPConnection) -> None:
    timeout = connection.timeout  # of connecting, which `requests` is given once for both
    if timeout is not None:
        connection.response_class = partial(_Reply, time.monotonic() + timeout)  # type: ignore[assignment]


class _Reply(HTTPResponse):
    def __init__(self, until: float, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Reading(self.fp.detach(), sock, until))


class _Reading(io.RawIOBase):
    """Reads from a socket until a time (`time.monotonic()`)."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the reply took too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


_POOLS: Final = {"http": _HttpPool, "https": _HttpsPool}
