"""The well-behaved client, a process of its own: `python -m benchmarks.attack.client URL SECONDS`.

It exports 10,000 spans a second, 100 in a request, at times that do not wait for answers, over four connections. It
prints what it was answered as JSON (`Answers`).
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import subprocess
import sys
import threading
import time
from typing import Final
from urllib.parse import urlsplit

import msgspec

SPANS_A_REQUEST: Final = 100
REQUESTS_A_SECOND: Final = 100
_CONNECTIONS: Final = 4
_HEADERS: Final = {"content-type": "application/json"}
_TRACE: Final = "5b8efff798038103d269b633ffffffff"


class Answers(msgspec.Struct, frozen=True):
    """What a client was answered: `refused` by status or error; times from when a request was due to its answer, ms.

    `took_s` are the seconds from the first request to the last answer.
    """

    requests: int
    refused: dict[str, int]
    median_ms: float
    p99_ms: float
    longest_ms: float
    took_s: float


def begin(url: str, seconds: float) -> subprocess.Popen[bytes]:
    """Start a client, whose answers `answers_of` waits for."""
    command = [sys.executable, "-m", "benchmarks.attack.client", url, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def answers_of(client: subprocess.Popen[bytes]) -> Answers:
    """Wait for a client's end, and return what it was answered. Raise ValueError if it failed."""
    return msgspec.json.decode(client.communicate()[0], type=Answers)


def body_of(number: int, client: int = 0) -> bytes:
    """Return a request of 100 spans, a trace of its own for each client and number."""
    return _TEMPLATE.replace(_TRACE, f"{client:016x}{number + 1:016x}").encode()


def _template() -> str:
    spans = [
        {
            "traceId": _TRACE, "spanId": f"{span + 1:016x}", "parentSpanId": f"{1:016x}" if span else "",
            "name": f"step {span % 7}", "kind": 1, "startTimeUnixNano": "1000", "endTimeUnixNano": "2000",
            "attributes": [{"key": "n", "value": {"intValue": str(span)}}],
        }
        for span in range(SPANS_A_REQUEST)
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


_TEMPLATE: Final = _template()


class _Client:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._due: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        self._took: list[float] = []
        self._refused: dict[str, int] = {}
        self._lock = threading.Lock()

    def send(self, seconds: float) -> Answers:
        senders = [threading.Thread(target=self._send) for _ in range(_CONNECTIONS)]
        for each in senders:
            each.start()
        total, began = int(seconds * REQUESTS_A_SECOND), time.monotonic()
        for number in range(total):
            at, body = began + number / REQUESTS_A_SECOND, body_of(number, os.getpid())
            time.sleep(max(0.0, at - time.monotonic()))
            self._due.put((at, body))
        for _ in senders:
            self._due.put(None)
        for each in senders:
            each.join()
        took_s = time.monotonic() - began
        median, p99, longest = (sorted(self._took)[int(share * (total - 1))] * 1000 for share in (0.5, 0.99, 1))
        return Answers(total, self._refused, median, p99, longest, took_s)

    def _send(self) -> None:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
        while (item := self._due.get()) is not None:
            at, body = item
            try:
                connection.request("POST", "/v1/traces", body, _HEADERS)
                response = connection.getresponse()
                outcome = "" if response.read() == b"{}" and response.status == 200 else str(response.status)
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
                connection.close()
            with self._lock:
                self._took.append(time.monotonic() - at)
                if outcome:
                    self._refused[outcome] = self._refused.get(outcome, 0) + 1
        connection.close()


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_Client(sys.argv[1]).send(float(sys.argv[2]))))
