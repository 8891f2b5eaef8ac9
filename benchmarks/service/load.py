"""Send a load from a process of its own: `python -m benchmarks.service.load`.

It reads one JSON object from standard input, `{"url", "headers", "rate", "seconds", "connections"}`, and writes the
result (`benchmarks.service.open_loop.LoadResult`) to standard output. It uses one thread and `select`, whose timeouts
are exact to microseconds where those of epoll are exact to milliseconds; 2,000 requests a second take a fifth of a
core.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from time import perf_counter, process_time
from urllib.parse import urlsplit

from benchmarks.service.open_loop import LoadResult, Plan

ANSWER_TIMEOUT_S = 5.0
"""How long to wait for answers after the last request was due."""
_LARGEST = 65536


class BrokenAnswer(Exception):
    """The service sent an answer that cannot be read, or closed a connection."""


class Connection:
    """One kept-alive connection with at most one request under way: `request` is its number, -1 for none."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=ANSWER_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""
        self.request = -1
        self.free_since = 0.0

    def fileno(self) -> int:
        """Return the file descriptor, for `select`."""
        return self._socket.fileno()

    def send(self, message: bytes, number: int) -> None:
        """Send a request."""
        self._socket.sendall(message)
        self.request = number

    def receive(self) -> int | None:
        """Return the status of the answer once all of it has arrived, else None. Raise BrokenAnswer."""
        piece = self._socket.recv(_LARGEST)
        if not piece:
            raise BrokenAnswer("the service closed a connection")
        self._got += piece
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return None
        self._got = b""
        return int(head[9:12])

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    if not found:
        raise BrokenAnswer("an answer without a content-length")
    return int(rest.partition(b"\r\n")[0])


def message_of(url: str, headers: Mapping[str, str]) -> bytes:
    """Return the GET request that is sent repeatedly."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path or '/'} HTTP/1.1", f"host: {parts.netloc}", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def run(plan: Plan, url: str, headers: Mapping[str, str]) -> LoadResult:
    """Send the load and wait for its answers, at most ANSWER_TIMEOUT_S. Raise BrokenAnswer, OSError."""
    parts, message = urlsplit(url), message_of(url, headers)
    connections = [Connection(parts.hostname or "", parts.port or 80) for _ in range(plan.connections)]
    try:
        return _Run(plan, message, connections).load()
    finally:
        for connection in connections:
            connection.close()


class _Run:
    def __init__(self, plan: Plan, message: bytes, connections: Sequence[Connection]) -> None:
        self._plan, self._message = plan, message
        self._free, self._busy = deque(connections), set[Connection]()
        self._latencies, self._late = [-1.0] * plan.requests, [0.0] * plan.requests
        self._next = self._failed = 0
        self._last = 0.0

    def load(self) -> LoadResult:
        plan, cpu = self._plan, process_time()
        self._began = perf_counter()
        end = plan.due(plan.requests) + ANSWER_TIMEOUT_S
        while (now := self._now()) < end and (self._next < plan.requests or self._busy):
            self._send_what_is_due(now)
            self._receive_until(plan.due(self._next) if self._next < plan.requests and self._free else end)
        waited = self._now()
        unanswered = [number for number, took in enumerate(self._latencies) if took < 0]
        for number in unanswered:
            self._latencies[number] = waited - plan.due(number)
        return LoadResult(
            plan, self._latencies, self._late, self._failed, len(unanswered), self._last, process_time() - cpu
        )

    def _now(self) -> float:
        return perf_counter() - self._began

    def _send_what_is_due(self, now: float) -> None:
        plan = self._plan
        while self._next < plan.requests and self._free and (due := plan.due(self._next)) <= now:
            connection = self._free.popleft()
            connection.send(self._message, self._next)
            now = self._now()
            self._late[self._next] = now - max(due, connection.free_since)
            self._busy.add(connection)
            self._next += 1

    def _receive_until(self, until: float) -> None:
        readable, _, _ = select.select(self._busy, (), (), max(0.0, until - self._now()))
        for connection in readable:
            status = connection.receive()
            if status is None:
                continue
            self._last = connection.free_since = self._now()
            self._latencies[connection.request] = self._last - self._plan.due(connection.request)
            self._failed += status != 200
            self._busy.discard(connection)
            self._free.append(connection)


def main() -> int:
    """Return exit code 0, or 3 with one line on standard error where the load could not be sent."""
    order = json.load(sys.stdin)
    url, headers = order.pop("url"), order.pop("headers")
    try:
        load = run(Plan(**order), url, headers)
    except (OSError, BrokenAnswer) as error:
        print(f"benchmarks.service.load: {url}: {error}", file=sys.stderr)
        return 3
    json.dump(asdict(load), sys.stdout)
    return 0


def parse_result(text: str) -> LoadResult:
    """Parse a result as `main` wrote it."""
    fields = json.loads(text)
    return replace(LoadResult(**fields), plan=Plan(**fields["plan"]))


if __name__ == "__main__":
    sys.exit(main())
