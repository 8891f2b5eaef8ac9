"""The attackers, a process of their own: `python -m benchmarks.attack.attackers URL SECONDS`.

At the same time 200 sockets stall within their heads, 10,000 connections are opened and dropped, a body drips, and once
a second bodies come that inflate beyond every limit, are nested, or are compressed as zstd. They go on until standard
input ends, and then print what they were answered as JSON (`Attacked`).
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Final
from urllib.parse import urlsplit

import msgspec

STALLED: Final = 200
DROPPED: Final = 10_000
_JSON: Final = {"content-type": "application/json"}
_PROTOBUF: Final = {"content-type": "application/x-protobuf"}
_GZIP: Final = {"content-encoding": "gzip"}
# 8 kB of zstd that inflate to 128 MiB: a frame of blocks that each repeat one byte 131,072 times (RFC 8878).
_ZSTD: Final = b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10\x00" * 1023 + b"\x03\x00\x10\x00"
_MANY: Final = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * (6 << 20) + b"{}]}]}]}"


def hostile_bodies() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Return bodies with their headers, by what they are."""
    return {
        "gzip bomb": (gzip.compress(b" " * (96 << 20)), _JSON | _GZIP),
        "gzip bomb, protobuf": (gzip.compress(bytes(96 << 20)), _PROTOBUF | _GZIP),
        "zstd bomb": (_ZSTD, _JSON | {"content-encoding": "zstd"}),
        "nested": (b"[" * (4 << 20), _JSON),
        "nested, gzip": (gzip.compress(b'{"a":' * (3 << 20)), _JSON | _GZIP),
        "many spans, gzip": (gzip.compress(_MANY), _JSON | _GZIP),
        "many messages, gzip": (gzip.compress(b"\x0a\x00" * (8 << 20)), _PROTOBUF | _GZIP),
    }


class Attacked(msgspec.Struct, frozen=True):
    """What attackers did: connections dropped, slow bodies begun, and the answers to bodies by kind and status."""

    dropped: int
    dripped: int
    answers: dict[str, dict[str, int]]


def begin(url: str, seconds: float) -> subprocess.Popen[bytes]:
    """Start attackers that open and drop 10,000 connections in so many seconds, and go on until `ended`."""
    command = [sys.executable, "-m", "benchmarks.attack.attackers", url, str(seconds)]
    attackers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert attackers.stdout is not None
    attackers.stdout.readline()  # they are ready: their bodies are compressed
    return attackers


def ended(attackers: subprocess.Popen[bytes]) -> Attacked:
    """End attackers, and return what they did."""
    return msgspec.json.decode(attackers.communicate(b"")[0], type=Attacked)


class _Attack:
    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._pause = seconds / DROPPED / 2  # connecting takes time as well
        self._over = threading.Event()
        self._dropped = self._dripped = 0
        self._answers: dict[str, Counter[str]] = {}
        self._bodies = hostile_bodies()

    def run(self) -> Attacked:
        jobs = [threading.Thread(target=job) for job in (self._stall, self._drop, self._send_bodies, self._drip)]
        for job in jobs:
            job.start()
        sys.stdin.buffer.read()
        self._over.set()
        for job in jobs:
            job.join()
        return Attacked(self._dropped, self._dripped, {name: dict(found) for name, found in self._answers.items()})

    def _stall(self) -> None:
        """Keep sockets that never end their head; those that the receiver closes are opened again."""
        sockets: list[socket.socket] = []
        while not self._over.wait(0.5):
            with contextlib.suppress(OSError):
                while len(sockets) < STALLED:
                    sockets.append(socket.create_connection(self._address, 10))
                    sockets[-1].sendall(b"POST /v1/traces HTTP/1.1\r\nhost: here\r\nx: ")
            for each in list(sockets):
                try:
                    each.send(b"x")
                except OSError:
                    each.close()
                    sockets.remove(each)
        for each in sockets:
            each.close()

    def _drop(self) -> None:
        while self._dropped < DROPPED and not self._over.wait(self._pause):
            with contextlib.suppress(OSError):
                socket.create_connection(self._address, 10).close()
                self._dropped += 1

    def _send_bodies(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            for name, (body, headers) in self._bodies.items():
                self._answers.setdefault(name, Counter())[self._answer(body, headers)] += 1
            self._over.wait(began + 1 - time.monotonic())

    def _answer(self, body: bytes, headers: dict[str, str]) -> str:
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        try:
            connection.request("POST", "/v1/traces", body, headers)
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def _drip(self) -> None:
        """Send bodies byte by byte."""
        head = b"POST /v1/traces HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
        while not self._over.wait(0.1):
            with contextlib.suppress(OSError), socket.create_connection(self._address, 10) as slow:
                slow.sendall(head)
                self._dripped += 1
                while not self._over.wait(0.2):
                    slow.sendall(b" ")


if __name__ == "__main__":
    attack = _Attack(sys.argv[1], float(sys.argv[2]))
    print("ready", flush=True)
    sys.stdout.buffer.write(msgspec.json.encode(attack.run()))
