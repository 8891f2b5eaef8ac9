"""HTTP servers for the tests of clients: one that sends given bytes, and certificates for a small TLS set-up."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trustme

Script = Callable[[str], "bytes | Sequence[bytes] | None"]
"""Gives, for the head of a request, what to send (in parts, each at once); None is silence until the server stops."""


def answer(status: int, body: bytes = b"", content_type: str = "application/json", **headers: str) -> bytes:
    """A whole answer."""
    named = {"content-type": content_type, "content-length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class ScriptedServer:
    """Answers each connection's one request by the script, and remembers the heads of the requests."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.heads: list[str] = []
        self._script = script
        self._tls = tls
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def targets(self) -> list[str]:
        """Return the targets of the requests received."""
        return [head.split()[1] for head in self.heads]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._converse(connection)
                except OSError:  # the client went away, or trusts us not
                    continue

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection:
            head = b""
            while b"\r\n\r\n" not in head and b"GET "[: len(head)] == head[:4]:
                if not (data := connection.recv(1 << 16)):
                    return
                head += data
            self.heads.append(head.decode("latin-1"))
            reply = self._script(self.heads[-1])
            if reply is None:
                self._stopped.wait(10)
                return
            for part in [reply] if isinstance(reply, bytes) else reply:
                connection.sendall(part)


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, and a certificate with its key that it signed for 127.0.0.1."""

    authority: str
    certificate: str
    key: str

    def server(self, *, asks_client: bool = False) -> ssl.SSLContext:
        """The context of a server; `asks_client` wants a client's certificate of the same authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if asks_client:
            context.load_verify_locations(self.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def make_certificates(folder: Path) -> Certificates:
    """A new authority, and a certificate of it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    paths = [folder / name for name in ("ca.pem", "end.pem", "end.key")]
    authority.cert_pem.write_to_path(paths[0])
    issued.cert_chain_pems[0].write_to_path(paths[1])
    issued.private_key_pem.write_to_path(paths[2])
    return Certificates(*map(str, paths))
