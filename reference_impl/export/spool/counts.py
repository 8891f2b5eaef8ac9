"""The counts of one process's spool: a file in memory, exact at each moment in which SIGKILL may end the process.

The file has the number of the records that were begun, in two words, and two places for all else. These are written
in turn, each with a sequence number and a checksum: if a process ends while it writes one, the other has the counts
before. The kernel keeps the file when a process ends. A lock on it says that its process lives, or that another one
sends what it left.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zlib import crc32

from reference_impl.export.ledger import ENCODE, EXPORT, REJECTED, SPOOL_EXPIRED, SPOOL_FULL, SPOOL_TORN

REASONS: Final = (ENCODE, EXPORT, REJECTED, SPOOL_FULL, SPOOL_EXPIRED, SPOOL_TORN)
"""The reasons for which a span of a spool may be lost, in the order of the file."""
SIZE: Final = 4096
"""The bytes of the file."""
_NUMBERED: Final = 1024
_WORD: Final = 8
_PLACES: Final = (0, 512)
_NUMBERS: Final = struct.Struct(f"<8sQQQQQ{len(REASONS)}Q")
_CHECKSUM: Final = struct.Struct("<I")
_TWICE: Final = struct.Struct("QQ")  # in the machine's order
_MAGIC: Final = b"spool 1\n"


@dataclass(slots=True)
class Counts:
    """Numbers of one process's spans: of records that were begun, of the first that is not settled, and by outcome.

    `segment` and `offset`, in bytes, are the place up to which all are settled.
    """

    numbered: int = 0
    next: int = 0
    stored: int = 0
    segment: int = 0
    offset: int = 0
    lost: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))

    @property
    def pending(self) -> int:
        """Return how many spans are neither stored nor lost."""
        return self.numbered - self.next

    @property
    def ended(self) -> int:
        """Return how many spans have ended: those with a record that is not settled, and all others by outcome."""
        return self.pending + self.stored + sum(self.lost.values())


class CountsFile:
    """An open file of counts, locked by this process. Not thread-safe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, SIZE)
        self._words = memoryview(self._map).cast("Q")
        self._sequence, found = _read(self._map)
        self.is_readable = found is not None
        """Whether the file had counts."""
        self.counts = found or Counts()

    @classmethod
    def create(cls, path: Path) -> CountsFile:
        """Create and lock a file. Raise OSError, also where the disk has no place for it."""
        new = path.with_suffix(".new")  # nobody else looks at it before it is locked
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.write(descriptor, bytes(SIZE)) != SIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            made = cls(descriptor)
            made.save()
            new.rename(path)
        except BaseException:
            os.close(descriptor)
            new.unlink(missing_ok=True)
            raise
        return made

    @classmethod
    def take_over(cls, path: Path) -> CountsFile | None:
        """Lock and read the file of a process that has ended; None if it lives, or if another one was quicker."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino != path.stat().st_ino:
                raise FileNotFoundError  # removed, and made again, before it was locked
            if os.fstat(descriptor).st_size < SIZE:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, bytes(SIZE))
            return cls(descriptor)
        except (OSError, ValueError):
            os.close(descriptor)
            return None

    def number(self, numbered: int) -> None:
        """Write how many records were begun."""
        self.counts.numbered = numbered
        # Each is one store of the processor. `struct.pack_into` writes zeros first, which SIGKILL may leave there.
        self._words[_NUMBERED // _WORD] = self._words[_NUMBERED // _WORD + 1] = numbered

    def save(self) -> None:
        """Write all other counts. They outlive the process, and by `sync` the machine."""
        counts, self._sequence = self.counts, self._sequence + 1
        places = (counts.next, counts.stored, counts.segment, counts.offset)
        packed = _NUMBERS.pack(_MAGIC, self._sequence, *places, *counts.lost.values())
        place = _PLACES[self._sequence & 1]
        self._map[place : place + len(packed) + _CHECKSUM.size] = packed + _CHECKSUM.pack(crc32(packed))

    def sync(self) -> None:
        """Have the disk keep the counts."""
        self._map.flush()

    def close(self) -> None:
        """Close the file; this unlocks it, unless a process that was forked has it open."""
        self._words.release()
        self._map.close()
        os.close(self._descriptor)


def read_counts(path: Path) -> Counts | None:
    """Return the counts of a file, without locking it; None if there are none."""
    return _read(path.read_bytes())[1]


def _read(data: bytes | mmap.mmap) -> tuple[int, Counts | None]:
    """Return the sequence number and the counts of the newer place that is whole."""
    found: tuple[int, Counts | None] = (0, None)
    for place in _PLACES:
        packed = bytes(data[place : place + _NUMBERS.size + _CHECKSUM.size])
        if len(packed) < _NUMBERS.size + _CHECKSUM.size:
            continue
        magic, sequence, first, stored, segment, offset, *lost = _NUMBERS.unpack_from(packed)
        (checksum,) = _CHECKSUM.unpack_from(packed, _NUMBERS.size)
        if magic == _MAGIC and checksum == crc32(packed[: _NUMBERS.size]) and sequence > found[0]:
            one, other = _TWICE.unpack_from(data, _NUMBERED)
            numbered = max(first, one, other) if abs(one - other) <= 1 else first  # else corrupt
            by_reason = dict(zip(REASONS, lost, strict=True))
            found = (sequence, Counts(numbered, first, stored, segment, offset, by_reason))
    return found
