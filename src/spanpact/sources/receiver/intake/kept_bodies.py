"""The bodies that a receiver has accepted, as they were sent: in memory while they are few, then on disk.

A body takes some 300 to 1,000 bytes a span, a tenth of its decoded form. The file has no name, so nothing is left of it
when the process has ended, however it ends.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from struct import Struct
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

from spanpact.otlp import Signal
from spanpact.sources.receiver.responses import Encoding

_IN_MEMORY: Final = 8 << 20  # bytes
_HEAD: Final = Struct("<BBdIIBI")  # signal, encoding, arrival, spans, log records, whether it is whole, length
_SIGNALS: Final[tuple[Signal, ...]] = ("traces", "logs")
_ENCODINGS: Final[tuple[Encoding, ...]] = ("json", "protobuf")


class KeptBody(NamedTuple):
    """A body that was accepted: `arrived` (s, monotonic), and how many of its first spans and log records count.

    `whole`: all of them count.
    """

    signal: Signal
    encoding: Encoding
    arrived: float
    spans: int
    logs: int
    whole: bool
    data: bytes


class KeptBodies:
    """Bodies in the order in which they were added. Any thread may add and read; `close` frees the room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] = io.BytesIO()
        self._in_memory = True
        self._end = 0

    def __len__(self) -> int:
        """Return the bytes that are taken."""
        return self._end

    def append(self, body: KeptBody) -> None:
        """Add a body. Raise OSError where the disk is full; then it is not added."""
        kinds = _SIGNALS.index(body.signal), _ENCODINGS.index(body.encoding)
        head = _HEAD.pack(*kinds, body.arrived, body.spans, body.logs, body.whole, len(body.data))
        size = len(head) + len(body.data)
        with self._lock:
            if self._in_memory and self._end + size > _IN_MEMORY:
                self._move_to_disk()
            self._file.seek(self._end)
            _write(self._file, head)
            _write(self._file, body.data)
            self._end += size

    def _move_to_disk(self) -> None:
        memory = self._file
        memory.seek(0)
        # without a buffer: what `append` has written is in the file, and a full disk is noticed there
        with ExitStack() as stack:
            file: IO[bytes] = stack.enter_context(TemporaryFile(buffering=0, prefix="spanpact-"))
            _write(file, memory.read())
            stack.pop_all()
        self._file, self._in_memory = file, False

    def iterate(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, KeptBody]]:
        """Yield the bodies from one place to another (default: all that are there now), each with its end."""
        end = self._end if end is None else end
        while start < end:
            body = self._read(start)
            start += _HEAD.size + len(body.data)
            yield start, body

    def _read(self, place: int) -> KeptBody:
        with self._lock:
            self._file.seek(place)
            signal, encoding, arrived, spans, logs, whole, length = _HEAD.unpack(self._exactly(_HEAD.size))
            data = self._exactly(length)
            return KeptBody(_SIGNALS[signal], _ENCODINGS[encoding], arrived, spans, logs, bool(whole), data)

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        while len(data) < size:  # a file may return less than it was asked for
            data += self._file.read(size - len(data))
        return data

    def close(self) -> None:
        """Free the room; nothing can be read or added after that."""
        with self._lock:
            self._end = 0
            self._file.close()

    def __del__(self) -> None:
        """Close the file: a receiver may be read after it was stopped, so that nobody knows when it is done with."""
        self._file.close()


def _write(file: IO[bytes], data: bytes) -> None:
    """Write all of the data: a file without a buffer may take a part of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
