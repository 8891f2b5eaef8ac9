"""Send spans to a process as fast as it takes them, and read its CPU time, memory and disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from benchmarks.verification.encoded_requests import in_protobuf
from benchmarks.verification.made_traces import requests

SPANS_A_REQUEST: Final = 256
_CONNECTIONS: Final = 2
_IDLE_S: Final = 1.5
_SAMPLE_S: Final = 0.02
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process uses: CPU time in seconds, and memory of its own in bytes.

    Pages of files, which Badger maps, are not counted: the kernel takes them back when memory is short.
    """

    cpu_s: float
    memory: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """What some spans cost: CPU seconds, and bytes of memory and disk.

    `idle` is the memory before, `after` with the spans, `peak` the most. `disk` is 0 where nothing is stored on one.
    """

    spans: int
    cpu_s: float
    idle: int
    after: int
    peak: int
    disk: int = 0


def request_bodies(number: int) -> list[bytes]:
    """Return the requests with at least `number` spans of studio-api's flows, in OTLP protobuf."""
    return [in_protobuf(request) for request in requests(number, SPANS_A_REQUEST)]


def send(url: str, bodies: Sequence[bytes]) -> None:
    """Send the requests on two connections, each as soon as the last was answered.

    Raise RuntimeError for an answer that is no success: such spans would be cheap, and lost.
    """
    waiting: Iterator[bytes] = iter(bodies)
    lock, failed = threading.Lock(), list[str]()
    parts = urlsplit(url)

    def send_some() -> None:
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        while not failed:
            with lock:
                body = next(waiting, None)
            if body is None:
                break
            connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failed.append(str(answer.status))
        connection.close()

    senders = [threading.Thread(target=send_some) for _ in range(_CONNECTIONS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failed:
        raise RuntimeError(f"{url} answered {failed[0]}")


def usage(pid: int) -> Usage:
    """Return what a process of this machine uses (Linux). Raise KeyError if it has ended."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Usage(_cpu_s(pid), int(status["RssAnon"].split()[0]) * 1024)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def idle_usage(pid: int) -> Usage:
    """Return what a process has used, once it has hardly used the CPU for a while."""
    before = usage(pid)
    while True:
        time.sleep(_IDLE_S)
        now = usage(pid)
        if now.cpu_s - before.cpu_s <= 0.05 * _IDLE_S:
            return now
        before = now


class Peak:
    """A context that notes the most memory that a process has meanwhile, in bytes; `cpu_s` as soon as it has ended."""

    def __init__(self, pid: int) -> None:
        self.memory, self.cpu_s = 0, 0.0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for_end(self) -> None:
        """Wait until the process has ended; it must be a child for which nobody has waited yet."""
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            try:
                self.memory = max(self.memory, usage(self._pid).memory)
            except KeyError:
                self.cpu_s = _cpu_s(self._pid)
                return


def measure(pid: int, url: str, bodies: Sequence[bytes]) -> Sizes:
    """Send the requests to a process that listens at `url`, and return what they cost, but for the disk."""
    before = idle_usage(pid)
    with Peak(pid) as peak:
        send(url, bodies)
        after = idle_usage(pid)
    spans = len(bodies) * SPANS_A_REQUEST
    return Sizes(spans, after.cpu_s - before.cpu_s, before.memory, after.memory, peak.memory)


def disk_use(folder: Path) -> int:
    """Return the bytes that the files of a folder take on the disk; holes in them take none."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def hash_time_ms(clock: Callable[[], float] = time.process_time) -> float:
    """Return the milliseconds of CPU that SHA-256 of a mebibyte takes, the least of some: how fast the machine is."""
    import hashlib

    def once() -> float:
        began = clock()
        hashlib.sha256(bytes(_MEBIBYTE)).digest()
        return (clock() - began) * 1000

    return min(once() for _ in range(50))
