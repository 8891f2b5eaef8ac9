"""The endpoint of a soak, a process of its own: `python -m integration.soak.span_archive PORT JAEGER FILE`.

It passes each request on to a Jaeger (its base URL of OTLP over HTTP), keeps the body if Jaeger took it, and gives
Jaeger's answer. If Jaeger does not answer, it closes the connection. As a black hole it answers no request. The file
has each body behind its length in 4 bytes, big endian: a format that spanpact reads.
"""

from __future__ import annotations

import http.client
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final
from urllib.parse import urlsplit

from containers.servers.processes import LOOPBACK, ServerProcess

JAEGER_S: Final = 2.0
"""Seconds that Jaeger may take: less than an export may (`outcome.EXPORT_S`), so that what is kept is acknowledged."""
ON, OFF = "/black-hole/on", "/black-hole/off"
_LENGTH: Final = 4


class SpanArchive:
    """An archive in a process of its own, while the context of `span_archive` lasts."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}"

    def swallow(self) -> None:
        """Become a black hole."""
        _post(f"{self.url}{ON}")

    def answer(self) -> None:
        """Stop being a black hole: connections whose requests were swallowed are closed."""
        _post(f"{self.url}{OFF}")


@contextmanager
def span_archive(jaeger_otlp: str, file: Path) -> Iterator[SpanArchive]:
    """Run an archive in front of a Jaeger, on a free port of loopback, until the context ends."""
    with ServerProcess("span-archive", partial(_command, jaeger_otlp, file), answers=_answers) as server:
        yield SpanArchive(server.port)


def read_messages(file: Path) -> Iterator[bytes]:
    """Yield the bodies that a file has. Raise ValueError if the last one is cut off."""
    with file.open("rb") as opened:
        while length := opened.read(_LENGTH):
            size = int.from_bytes(length, "big")
            message = opened.read(size)
            if len(message) != size or len(length) != _LENGTH:
                raise ValueError(f"{file}: the last message is cut off")
            yield message


def write_message(opened: BinaryIO, message: bytes) -> None:
    """Append a body to a file."""
    opened.write(len(message).to_bytes(_LENGTH, "big") + message)


def _command(jaeger_otlp: str, file: Path, port: int, _folder: Path) -> Sequence[str]:
    return [sys.executable, "-m", "integration.soak.span_archive", str(port), jaeger_otlp, str(file)]


def _post(url: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=30) as response:
        response.read()


def _answers(port: int) -> bool:
    try:
        SpanArchive(port).answer()
    except OSError:
        return False
    return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    jaeger: ClassVar[str] = ""
    file: ClassVar[BinaryIO]
    lock: ClassVar = threading.Lock()
    answering: ClassVar = threading.Event()

    def setup(self) -> None:
        super().setup()
        self._connection: http.client.HTTPConnection | None = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path in (ON, OFF):
            (self.answering.set if self.path == OFF else self.answering.clear)()
            self._answer(200, b"")
        elif not self.answering.is_set():
            self.answering.wait()
            self.close_connection = True
        elif (answer := self._jaegers_answer(body)) is None:
            self.close_connection = True
        else:
            if answer[0] == 200 and body:
                with self.lock:
                    write_message(self.file, body)
            self._answer(*answer)

    def _jaegers_answer(self, body: bytes) -> tuple[int, bytes] | None:
        """Pass a request on, and return status and body of the answer; None if there is none."""
        try:
            if self._connection is None:
                parts = urlsplit(self.jaeger)
                self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=JAEGER_S)
            self._connection.request("POST", self.path, body, {"content-type": self.headers["content-type"]})
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return None

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def main(port: int, jaeger: str, file: str) -> None:
    """Serve until the process is ended."""
    _Handler.jaeger, _Handler.file = jaeger, open(file, "ab", buffering=0)  # noqa: SIM115 -- until the process ends
    ThreadingHTTPServer((LOOPBACK, port), _Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
