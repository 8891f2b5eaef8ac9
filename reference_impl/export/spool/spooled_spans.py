"""The spans of one process in a folder: appended as they end, read in batches, removed once they are settled."""

from __future__ import annotations

import errno
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

from reference_impl.export.ledger import SPOOL_EXPIRED, SPOOL_FULL, SPOOL_TORN
from reference_impl.export.spool.counts import SIZE, CountsFile
from reference_impl.export.spool.records import pack_record, read_records

SEGMENT = 1 << 20
"""The bytes after which another file is begun, so that what is settled can be removed."""
_MOST_BYTES: Final = 4 << 20
_MOST_HEADS: Final = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Spans to send, each with its head, in the order in which they ended.

    `lost` counts those among them that are lost, by reason. `next`, `segment` and `offset` are where the rest begins.
    """

    spans: Sequence[tuple[bytes, bytes]]
    lost: Mapping[str, int]
    next: int
    segment: int
    offset: int


class SpooledSpans:
    """The files `NAME.counts` and `NAME.N.spans` of a process.

    Any thread may append; one at a time reads and settles.
    """

    def __init__(self, folder: Path, name: str, counts: CountsFile, most_bytes: int = 0) -> None:
        self.name = name
        self.most_bytes = most_bytes
        """The bytes that the files may have."""
        self.counts = counts.counts
        """The counts; they are changed here only."""
        self._folder, self._file = folder, counts
        self._checksums: dict[bytes, int] = {}  # of heads
        self._lock = threading.RLock()  # a handler of a signal may end a span while one is appended
        self._descriptor = -1  # of the last segment, in the process that appends to it
        self._last = counts.counts.segment
        self._found: Sequence[int] = ()  # the numbers of the segments that an ended process left
        self._size, self._bytes = 0, SIZE  # of the last segment, and of all files
        self._is_closed = False

    def append(self, ended_ns: int, head: bytes, span: bytes) -> bool:
        """Write a span that ended. Return False, and count it as lost, if there is no room. Never raise OSError."""
        with self._lock:
            if self._is_closed:
                return False
            number = self.counts.numbered
            checksum = self._checksums.get(head) or self._checksum(head)
            record = pack_record(number, ended_ns, head, checksum, span)
            self._file.number(number + 1)  # before the record: one that a kill leaves out is counted
            if self._written(record):
                return True
            self._file.number(number)
            self._lose(SPOOL_FULL)
            return False

    def count_lost(self, reason: str) -> None:
        """Count a span that ended and gets no record."""
        with self._lock:
            self._lose(reason)

    def _lose(self, reason: str) -> None:
        self.counts.lost[reason] += 1
        if not self._is_closed:
            self._file.save()

    def _checksum(self, head: bytes) -> int:
        if len(self._checksums) >= _MOST_HEADS:
            self._checksums.clear()
        return self._checksums.setdefault(head, crc32(head))

    def _written(self, record: bytes) -> bool:
        size = len(record)
        if self._bytes + size > self.most_bytes:
            return False
        try:
            if self._descriptor < 0 or self._size >= SEGMENT:
                self._begin_segment()
            if os.write(self._descriptor, record) != size:
                os.ftruncate(self._descriptor, self._size)  # the disk became full within the record
                return False
        except OSError:
            return False
        self._size += size
        self._bytes += size
        return True

    def _begin_segment(self) -> None:
        number = self._last if self._descriptor < 0 else self._last + 1
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._segment(number), flags, 0o600)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._last, self._size = descriptor, number, 0

    def _segment(self, number: int) -> Path:
        return self._folder / f"{self.name}.{number}.spans"

    def _segments(self, first: int, end: int) -> Sequence[int]:
        """Return the numbers of the segments from `first`, before `end`."""
        return [number for number in self._found if first <= number < end] if self._found else range(first, end)

    def recount(self) -> int:
        """Prepare the files that an ended process left. Return how many of its spans are not settled.

        Records that its counts do not know, which the disk may have kept without them, are counted now.
        """
        counts = self.counts
        names = (path.name.split(".")[1] for path in self._folder.glob(f"{self.name}.*.spans"))
        self._found = sorted(int(name) for name in names if name.isdecimal())
        self._last = max([counts.segment, *self._found])
        if self._found and not self._file.is_readable:
            counts.segment = self._found[0]
        found: list[int] = []
        for number in self._segments(counts.segment, self._last + 1):
            start = counts.offset if number == counts.segment else 0
            found += [record[0] for record in read_records(self._read(number, start))]
        if found and not self._file.is_readable:
            counts.next = found[0]
        self._file.number(max([counts.next, counts.numbered, *(number + 1 for number in found)]))
        self._file.save()
        return counts.pending

    def batch(self, most: int, oldest_ns: int) -> Batch | None:
        """Return at most `most` spans that are not settled, without those that ended before `oldest_ns`; None: no more.

        What cannot be read is noticed by the numbers of the records, and counted. Raise OSError if a file cannot be
        read now.
        """
        with self._lock:
            counts = self.counts
            segment, offset, number, numbered = counts.segment, counts.offset, counts.next, counts.numbered
            last, last_size = self._last, self._size if self._descriptor >= 0 else None
        if number == numbered:
            return None
        spans: list[tuple[bytes, bytes]] = []
        lost: Counter[str] = Counter()
        size = 0
        while True:
            data, done = self._read(segment, offset, last_size if segment == last else None), 0
            for found, ended_ns, head, span, end in read_records(data):
                if not number <= found < numbered:
                    continue
                if ended_ns >= oldest_ns:
                    if len(spans) >= most or size >= _MOST_BYTES:
                        return Batch(spans, lost, number, segment, offset + done)
                    spans.append((head, span))
                    size += len(span)
                else:
                    lost[SPOOL_EXPIRED] += 1
                if found > number:
                    lost[SPOOL_TORN] += found - number
                number, done = found + 1, end
            if segment >= last:
                if number < numbered:
                    lost[SPOOL_TORN] += numbered - number
                return Batch(spans, lost, numbered, segment, offset + len(data))
            segment, offset = min(self._segments(segment + 1, last + 1)), 0

    def _read(self, segment: int, offset: int, end: int | None = None) -> bytes:
        """Return the rest of a segment, up to `end`; nothing if it is not there, or if the disk has lost it."""
        try:
            with self._segment(segment).open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size if end is None else end
                return os.pread(file.fileno(), max(0, size - offset), offset)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EIO):
                return b""
            raise

    def settle(self, batch: Batch, stored: int, lost: Mapping[str, int]) -> None:
        """Count the spans of a batch, and remove what is settled."""
        with self._lock:
            counts, first = self.counts, self.counts.segment
            counts.stored += stored
            for reason, number in lost.items():
                counts.lost[reason] += number
            counts.next, counts.segment, counts.offset = batch.next, batch.segment, batch.offset
            self._file.save()
            if self._descriptor >= 0 and batch.segment == self._last and batch.offset == self._size:
                self._empty()
        for number in self._segments(first, batch.segment):
            self._remove(number)

    def _empty(self) -> None:
        """Give the place of the last segment back, all of which is settled."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            self._bytes -= self._size
            self._size = self.counts.offset = 0
            self._file.save()

    def _remove(self, number: int) -> None:
        with suppress(OSError):
            size = self._segment(number).stat().st_size
            self._segment(number).unlink()
            with self._lock:
                self._bytes -= size

    def sync(self) -> None:
        """Have the disk keep what was appended so far."""
        with self._lock:
            descriptor = os.dup(self._descriptor) if self._descriptor >= 0 else -1
        if descriptor >= 0:
            with suppress(OSError):
                os.fsync(descriptor)
            os.close(descriptor)
        with suppress(OSError):
            self._file.sync()

    def close(self) -> None:
        """Close the files, and remove them if all spans are settled. Else the next process sends them."""
        with self._lock:
            if not self._is_closed and not self.counts.pending:
                # Also those that a process settled, and was killed before it removed them.
                first = 0 if self._found else self.counts.segment
                for number in self._segments(first, self._last + 1):
                    self._remove(number)
                (self._folder / f"{self.name}.counts").unlink(missing_ok=True)
            self.forget()

    def forget(self) -> None:
        """Close the files, as a process that was forked from theirs must."""
        if not self._is_closed:
            self._is_closed = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1
            self._file.close()
