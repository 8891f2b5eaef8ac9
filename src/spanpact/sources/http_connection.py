"""Connect to a host within one deadline, whatever the number of its addresses.

`socket.create_connection` gives each address the whole time-out, and asking for the addresses has none. Here the next
address is tried when the one before has not answered for a moment, as in RFC 8305, and the first to answer is used.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import queue
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

NEXT_ADDRESS_SECONDS: Final = 0.25
"""How long an address is tried alone, before the next one is tried too."""

Address: TypeAlias = tuple[int, int, int, Any]
"""Family, type and protocol of a socket, and where it connects to."""

_UNDER_WAY: Final = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0))


def connect(host: str, port: int, remaining: Callable[[], float]) -> socket.socket:
    """Return a connected, blocking socket. Raise TimeoutError at the deadline, OSError where no address accepts.

    `remaining` returns the seconds until the deadline, and raises TimeoutError when it has passed.
    """
    addresses = _addresses_of(host, port) if _is_address(host) else _looked_up(host, port, remaining())
    if len(addresses) == 1:
        return _connected(addresses[0], remaining())
    return _first_to_answer(addresses, remaining)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _addresses_of(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]


def _looked_up(host: str, port: int, seconds: float) -> list[Address]:
    """Return the addresses of a name, looked up in a thread of its own, because that cannot be interrupted."""
    answers: queue.SimpleQueue[list[Address] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_addresses_of(host, port))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of the name is empty or too long
            answers.put(error)

    threading.Thread(target=ask, name="spanpact-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    if isinstance(answer, UnicodeError):
        raise OSError(errno.EINVAL, "not the name of a host")
    return answer


def _connected(address: Address, seconds: float) -> socket.socket:
    family, kind, protocol, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(seconds)
        connection.connect(where)
    except BaseException:
        connection.close()
        raise
    return _blocking(connection)


def _first_to_answer(addresses: Sequence[Address], remaining: Callable[[], float]) -> socket.socket:
    waiting, error = deque(addresses), OSError(errno.EADDRNOTAVAIL, "the host has no address")
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or selector.get_map():
                if waiting and (failed := _begin(waiting.popleft(), selector)):
                    error = failed
                    continue
                seconds = remaining()
                for key, _ in selector.select(min(seconds, NEXT_ADDRESS_SECONDS) if waiting else seconds):
                    connection: Any = key.fileobj
                    selector.unregister(connection)
                    code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        return _blocking(connection)
                    connection.close()
                    error = OSError(code, os.strerror(code))
        finally:
            for key in list(selector.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]
    raise error


def _begin(address: Address, selector: selectors.BaseSelector) -> OSError | None:
    """Begin to connect, and register the socket. Return the error if that failed at once."""
    family, kind, protocol, where = address
    try:
        connection = socket.socket(family, kind, protocol)
    except OSError as error:  # a family that this machine lacks
        return error
    connection.setblocking(False)
    code = connection.connect_ex(where)
    if code not in _UNDER_WAY:
        connection.close()
        return OSError(code, os.strerror(code))
    selector.register(connection, selectors.EVENT_WRITE)
    return None


def _blocking(connection: socket.socket) -> socket.socket:
    connection.setblocking(True)
    return connection
