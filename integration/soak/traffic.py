"""The callers of a soak, a process of its own: `python -m integration.soak.traffic` with an `Order` on standard input.

They create, read and end sessions. With a rate, requests are due at fixed times, and one that finds no free connection
is not sent, and counted: such a caller has given up. Without a rate, each connection sends as fast as it gets answers.
Each answer is a record in a file: its trace, when its request was sent, when it came, and its status.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

ANSWER_S: Final = 20.0
"""Seconds that an answer may take; no deadline of the service is as long."""
CONNECTIONS: Final = 16
"""As many for the load as to measure the capacity: so a machine that becomes slower makes callers give up, not wait."""
_RECORD: Final = struct.Struct("<16sddH")
_TICK_S: Final = 0.002
_FEWEST, _MOST = 100, 400  # sessions that live
_EXPECTED: Final = {"create": (201, 503), "read": (200, 503), "end": (204, 503), "tampered": (401,)}


class Order(msgspec.Struct, frozen=True):
    """What to send: `rate` requests a second for `seconds`, 0 for as many as go; `log` is the file of the records."""

    url: str
    rate: float
    seconds: float
    connections: int
    seed: int
    log: str


class Sent(msgspec.Struct, frozen=True):
    """What was sent: numbers of answers by kind of request and status, of requests not sent, and what was wrong."""

    answers: dict[str, int]
    not_sent: int
    wrong: dict[str, int]
    seconds: float

    @property
    def answered(self) -> int:
        """Return the number of answers."""
        return sum(self.answers.values())


class Record(NamedTuple):
    """An answer: its trace id, when its request was sent and when it came (Unix time, s), and its status."""

    trace_id: bytes
    sent: float
    came: float
    status: int


def send_traffic(order: Order) -> Sent:
    """Send requests from a process of its own. Raise CalledProcessError if that fails."""
    command = [sys.executable, "-m", "integration.soak.traffic"]
    done = subprocess.run(
        command, input=msgspec.json.encode(order), stdout=subprocess.PIPE, check=True, timeout=order.seconds + 120
    )
    return msgspec.json.decode(done.stdout, type=Sent)


def read_records(log: Path) -> Iterator[Record]:
    """Yield the answers that a file has."""
    with log.open("rb") as opened:
        while data := opened.read(_RECORD.size * 4096):
            for fields in _RECORD.iter_unpack(data):
                yield Record(*fields)


class _Connection:
    """A kept-alive connection; it is opened again after a failure."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send a request. Return status, head and body of its answer. Raise OSError, EOFError, TimeoutError."""
        try:
            async with asyncio.timeout(ANSWER_S):
                if self._streams is None or self._streams[0].at_eof():  # the service closes what is idle for 5 s
                    self.close()
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _header(head, b"content-length")
                return int(head[9:12]), head, await reader.readexactly(int(length)) if length else b""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


class _Callers:
    """All callers: what they know of sessions, and what they were answered."""

    def __init__(self, order: Order, log: BinaryIO) -> None:
        self._order, self._log = order, log
        parts = urlsplit(order.url)
        self._front = f" HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        self._connections = [_Connection(parts.hostname or "", parts.port or 80) for _ in range(order.connections)]
        self._chosen = random.Random(order.seed)
        self._tokens: list[str] = []
        self._answers, self._wrong = Counter[str](), Counter[str]()
        self._not_sent = 0

    async def send(self) -> Sent:
        began = time.monotonic()
        until = began + self._order.seconds
        await (self._at_a_rate(began) if self._order.rate else self._as_fast_as_possible(until))
        took = time.monotonic() - began
        for connection in self._connections:
            connection.close()
        return Sent(dict(self._answers), self._not_sent, dict(self._wrong), took)

    async def _as_fast_as_possible(self, until: float) -> None:
        async def repeat(connection: _Connection) -> None:
            while time.monotonic() < until:
                await self._exchange(connection)

        async with asyncio.TaskGroup() as group:
            for connection in self._connections:
                group.create_task(repeat(connection))

    async def _at_a_rate(self, began: float) -> None:
        free, rate, number = deque(self._connections), self._order.rate, 0

        async def once(connection: _Connection) -> None:
            await self._exchange(connection)
            free.append(connection)

        async with asyncio.TaskGroup() as group:
            while number < rate * self._order.seconds:
                due = min((time.monotonic() - began) * rate, rate * self._order.seconds)
                while number < due:
                    number += 1
                    if free:
                        group.create_task(once(free.popleft()))
                    else:
                        self._not_sent += 1
                await asyncio.sleep(_TICK_S)

    async def _exchange(self, connection: _Connection) -> None:
        kind, token, request = self._next()
        sent = time.time()
        try:
            status, head, body = await connection.ask(request)
        except (OSError, EOFError) as error:
            self._wrong[f"{kind}: no answer ({type(error).__name__})"] += 1
            return
        trace_id = bytes.fromhex(_header(head, b"traceresponse").decode().split("-")[1])
        self._log.write(_RECORD.pack(trace_id, sent, time.time(), status))
        self._answers[f"{kind} {status}"] += 1
        if status == 201:
            self._tokens.append(json.loads(body)["token"])
        ended_meanwhile = kind == "read" and status == 401 and token not in self._tokens
        if status not in _EXPECTED[kind] and not ended_meanwhile:
            self._wrong[f"{kind}: answered {status}"] += 1

    def _next(self) -> tuple[str, str, bytes]:
        """Return the kind of the next request, the token that it is about, and the request."""
        kind = self._chosen.choices(("create", "read", "end", "tampered"), (10, 75, 10, 5))[0]
        if kind == "create" and len(self._tokens) >= _MOST:
            kind = "end"
        if kind != "create" and len(self._tokens) < _FEWEST:
            kind = "create"
        if kind == "create":
            body = json.dumps({"email": f"caller{self._chosen.randrange(1000)}@example.com", "device": "web"})
            head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            return kind, "", f"POST /sessions{self._front}{head}{body}".encode()
        place = self._chosen.randrange(len(self._tokens))
        token = self._tokens.pop(place) if kind == "end" else self._tokens[place]
        method, sent = ("DELETE" if kind == "end" else "GET"), (f"{token}x" if kind == "tampered" else token)
        return kind, token, f"{method} /session{self._front}authorization: Bearer {sent}\r\n\r\n".encode()


def _header(head: bytes, name: bytes) -> bytes:
    """Return a header's value, b"" if there is none."""
    _, found, rest = head.partition(b"\r\n" + name + b": ")
    return rest.partition(b"\r\n")[0] if found else b""


def main() -> None:
    """Send what is ordered on standard input, and write what was sent to standard output."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    with open(order.log, "ab") as log:
        sent = asyncio.run(_Callers(order, log).send())
    sys.stdout.buffer.write(msgspec.json.encode(sent))


if __name__ == "__main__":
    main()
