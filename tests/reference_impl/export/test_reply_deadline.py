"""A timeout of an export is for the whole reply, also by TLS and through a proxy (S1.1, fault E4)."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
import trustme

from reference_impl.export.reply_deadline import DeadlineAdapter

REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody"
MUCH_TOO_LONG_S = 15.0
"""A reply that drips takes 20 s."""


@contextmanager
def endpoint(first_pause_s: float, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer requests one byte at a time, with this pause after each of the first reply, and none later."""
    stopped, accepted = threading.Event(), list[socket.socket]()

    def answer(connection: socket.socket, pause_s: float) -> None:
        while connection.recv(65536):
            for place in range(len(REPLY)):
                connection.sendall(REPLY[place : place + 1])
                stopped.wait(pause_s)

    def serve() -> None:
        pauses = [first_pause_s]
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                accepted.append(connection)
                with connection, suppress(OSError):
                    if context is None:
                        answer(connection, pauses.pop() if pauses else 0)
                    else:
                        with context.wrap_socket(connection, server_side=True) as secure:
                            accepted.append(secure)
                            answer(secure, pauses.pop() if pauses else 0)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        stopped.set()
        for each in (listener, *accepted):  # a pool of urllib3 keeps its connections until it is collected
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@contextmanager
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        for scheme in ("http://", "https://"):
            made.mount(scheme, DeadlineAdapter())
        yield made


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context, str(tmp_path / "ca.pem")


@pytest.mark.fault("E4")
@pytest.mark.parametrize("way", ["http", "https", "proxy"])
def test_a_reply_that_drips_ends_at_the_timeout(way: str, certificates: tuple[ssl.SSLContext, str]) -> None:
    context, authority = certificates
    with endpoint(20 / len(REPLY), context if way == "https" else None) as port, session() as client:
        client.verify = authority
        if way == "proxy":
            client.proxies = {"http": f"http://127.0.0.1:{port}"}
        url = "http://elsewhere.example/" if way == "proxy" else f"{way}://127.0.0.1:{port}/"
        began = time.monotonic()
        with pytest.raises(requests.exceptions.RequestException, match=r"timed out|too long"):
            client.post(url, data=b"spans", timeout=0.5)
        assert time.monotonic() - began < MUCH_TOO_LONG_S
        assert client.post(url, data=b"spans", timeout=10).text == "body"


def test_each_request_of_a_connection_has_its_own_time_and_none_without_a_timeout() -> None:
    with endpoint(0.02) as port, session() as client:
        for timeout in (30, 0.2 + 20, None):
            assert client.post(f"http://127.0.0.1:{port}/", data=b"spans", timeout=timeout).text == "body"
