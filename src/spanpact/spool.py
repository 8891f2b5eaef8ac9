"""Keep bytes outside memory until they are read again: what a verification notes of each trace of a large archive.

The file has no name, so nothing is left of it when the process has ended, however it ends.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import IO, Final

_IN_MEMORY: Final = 1 << 16  # bytes: most verifications need no file


class Spool:
    """Blocks of bytes in a temporary file. Any thread may write and read.

    The first 64 KiB are held in memory; the file is made for the first block beyond them. Blocks that the disk cannot
    take are held in memory: a full disk costs memory, never a verdict.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._end = 0
        self._start = bytearray()
        self._held: dict[int, bytes] = {}
        self._patches: dict[int, list[tuple[int, bytes]]] = {}  # by the place of their block

    def write(self, block: bytes) -> int:
        """Keep a block, and return its place."""
        with self._lock:
            place = self._end
            self._end += len(block)
            try:
                self._put(block, place)
            except OSError:
                self._held[place] = block
            return place

    def patch(self, place: int, offset: int, data: bytes) -> None:
        """Put data in the place of as many bytes of the block at a place."""
        with self._lock:
            try:
                if place not in self._held:
                    self._put(data, place + offset)
                    return
            except OSError:  # a file system may take room even for what is overwritten
                pass
            self._patches.setdefault(place, []).append((offset, data))

    def _put(self, block: bytes, place: int) -> None:
        if (end := place + len(block)) <= _IN_MEMORY:
            self._start[place:end] = block
            return
        if self._file is None:
            from tempfile import TemporaryFile  # takes long to import

            self._file = TemporaryFile(buffering=0, prefix="spanpact-")  # noqa: SIM115 - closed by `__del__`
        self._file.seek(place)
        rest = memoryview(block)
        while rest:  # a file without a buffer may take a part
            rest = rest[self._file.write(rest) :]

    def read(self, place: int, length: int) -> bytes:
        """Return the block of this place and length. Raise OSError where the disk fails."""
        with self._lock:
            block = self._held.get(place) or self._read(place, length)
            for offset, data in self._patches.get(place, ()):
                block = block[:offset] + data + block[offset + len(data) :]
            return block

    def _read(self, place: int, length: int) -> bytes:
        if place + length <= _IN_MEMORY:
            return bytes(self._start[place : place + length])
        assert self._file is not None
        self._file.seek(place)
        data = self._file.read(length)
        while len(data) < length:  # a file may return less than it was asked for
            more = self._file.read(length - len(data))
            if not more:
                raise OSError("a temporary file is shorter than what was written to it")
            data += more
        return data

    def __del__(self) -> None:
        """Close the file, which frees its room: nobody knows when a report has been read for the last time."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
