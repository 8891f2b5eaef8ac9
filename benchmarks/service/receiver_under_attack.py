"""Measure a receiver that others attack: `python -m benchmarks.service.receiver_under_attack [SECONDS] [CONTRACTS...]`.

One sender exports 10,000 spans a second, 100 in a request, at times that do not wait for answers. Next to it 200
sockets stall in their heads, 10,000 connections are opened and dropped, and once a second bodies come that inflate
beyond every limit, are nested, are compressed as zstd, or drip. It prints the time from when a request was due to its
answer (ms), the answers that were no success, the spans that were judged, and the memory of the receiver (MiB).
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

SPANS_A_REQUEST: Final = 100
REQUESTS_A_SECOND: Final = 100
STALLED: Final = 200
DROPPED: Final = 10_000
_SENDERS: Final = 4
_HEADERS: Final = {"content-type": "application/json"}
_BOMB: Final = gzip.compress(b" " * (96 << 20))


def body_of(number: int) -> bytes:
    """Return a request of 100 spans, a trace of its own."""
    spans = [
        {
            "traceId": f"{number + 1:032x}", "spanId": f"{span + 1:016x}", "parentSpanId": f"{1:016x}" if span else "",
            "name": f"step {span % 7}", "kind": 1, "startTimeUnixNano": "1000", "endTimeUnixNano": "2000",
            "attributes": [{"key": "n", "value": {"intValue": str(span)}}],
        }
        for span in range(SPANS_A_REQUEST)
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


class Attack:
    """A receiver's address, and whether the attack goes on."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self.host, self.port, self.seconds = host, port, seconds
        self.over = threading.Event()
        self.dropped = 0

    def stall(self) -> None:
        """Keep sockets that never end their head; those that the receiver closes are opened again."""
        sockets: list[socket.socket] = []
        while not self.over.wait(0.5):
            while len(sockets) < STALLED:
                sockets.append(socket.create_connection((self.host, self.port), 10))
                sockets[-1].sendall(b"POST /v1/traces HTTP/1.1\r\nhost: here\r\nx: ")
            for each in list(sockets):
                try:
                    each.send(b"x")
                except OSError:
                    sockets.remove(each)
        for each in sockets:
            each.close()

    def drop(self) -> None:
        """Open and close 10,000 connections, evenly over the time."""
        while self.dropped < DROPPED and not self.over.wait(self.seconds / DROPPED / 1.2):
            with contextlib.suppress(OSError):
                socket.create_connection((self.host, self.port), 10).close()
                self.dropped += 1

    def bomb(self) -> None:
        """Send what no receiver should take, once a second each."""
        bodies = [
            (_BOMB, {"content-encoding": "gzip"}),
            (b"\x28\xb5\x2f\xfd" + bytes(1000), {"content-encoding": "zstd"}),
            (b"[" * (4 << 20), {}),
            (gzip.compress(b'{"a":' * (3 << 20)), {"content-encoding": "gzip"}),
        ]
        while not self.over.wait(1):
            for body, more in bodies:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
                    connection.request("POST", "/v1/traces", body, _HEADERS | more)
                    assert connection.getresponse().status >= 400
                    connection.close()

    def drip(self) -> None:
        """Send a body byte by byte."""
        head = b"POST /v1/traces HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
        while not self.over.wait(0.1):
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 10) as slow:
                slow.sendall(head)
                while not self.over.wait(0.2):
                    slow.sendall(b" ")


def send(
    attack: Attack, due: queue.SimpleQueue[tuple[float, bytes] | None], took: list[float], failed: list[str]
) -> None:
    """Send what is due on one connection, and note how long after that the answer was there (s)."""
    connection = http.client.HTTPConnection(attack.host, attack.port, timeout=30)
    while (item := due.get()) is not None:
        at, body = item
        try:
            connection.request("POST", "/v1/traces", body, _HEADERS)
            response = connection.getresponse()
            if response.status != 200 or response.read() != b"{}":
                failed.append(str(response.status))
        except (OSError, http.client.HTTPException) as error:
            failed.append(type(error).__name__)
            connection.close()
        took.append(time.monotonic() - at)


@contextlib.contextmanager
def receiving(contracts: list[str], folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `spanpact receive` and yield its process and URL."""
    command = [sys.executable, "-m", "spanpact", "receive", *contracts, "--listen", "127.0.0.1:0", "--format", "json"]
    command += ["--url-file", str(folder / "url")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not (folder / "url").exists():
                time.sleep(0.05)
            yield process, (folder / "url").read_text(encoding="utf-8").strip()
        finally:
            process.kill()


def memory_of(pid: int, field: str) -> float:
    """Return `VmRSS` or `VmHWM` of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def measure(seconds: float, contracts: list[str]) -> dict[str, object]:
    """Attack a receiver for some seconds and return the figures."""
    with tempfile.TemporaryDirectory() as folder, receiving(contracts, Path(folder)) as (process, url):
        host, _, port = url.removeprefix("http://").rpartition(":")
        attack = Attack(host, int(port), seconds)
        before = memory_of(process.pid, "VmRSS")
        jobs: list[Callable[[], None]] = [attack.stall, attack.drop, attack.bomb, attack.drip]
        attackers = [threading.Thread(target=job) for job in jobs]
        due: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        took: list[float] = []
        failed: list[str] = []
        senders = [threading.Thread(target=send, args=(attack, due, took, failed)) for _ in range(_SENDERS)]
        for each in (*attackers, *senders):
            each.start()
        total = int(seconds * REQUESTS_A_SECOND)
        start = time.monotonic()
        for number in range(total):
            at = start + number / REQUESTS_A_SECOND
            body = body_of(number)
            time.sleep(max(0.0, at - time.monotonic()))
            due.put((at, body))
        for _ in senders:
            due.put(None)
        for each in senders:
            each.join()
        lasted = time.monotonic() - start
        attack.over.set()
        for each in attackers:
            each.join()
        peak = memory_of(process.pid, "VmHWM")
        connection = http.client.HTTPConnection(host, int(port), timeout=600)
        connection.request("POST", "/stop?format=json")
        report = json.loads(connection.getresponse().read())
        process.wait(60)
    took.sort()
    return {
        "requests": total,
        "spans per second": round(total * SPANS_A_REQUEST / lasted),
        "answers that were no success": failed,
        "spans sent": total * SPANS_A_REQUEST,
        "spans judged": report["source"]["spans"],
        "connections dropped": attack.dropped,
        "ms": {name: round(1000 * took[int(share * (len(took) - 1))], 1) for name, share in
               (("median", 0.5), ("p99", 0.99), ("most", 1.0))},
        "MiB": {"before": round(before), "most": round(peak)},
    }  # fmt: skip


if __name__ == "__main__":
    given = sys.argv[1:]
    print(json.dumps(measure(float(given[0]) if given else 60.0, given[1:]), indent=2))
