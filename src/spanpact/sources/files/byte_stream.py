"""Open a file or standard input as a stream of bytes, decompressed, with its beginning known."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, NamedTuple, cast

from spanpact.errors import SourceError, SourceUnfinished
from spanpact.sources.files.compression import Decompressed, compression_of

STANDARD_INPUT: Final = "-"
_BUFFER_SIZE: Final = 1 << 18  # bytes; a line with many spans is long
_START: Final = 1 << 16
_MOST_LAYERS: Final = 3  # of compression: downloads are compressed twice now and then

on_open: Callable[[str, IO[bytes]], None] | None = None
"""Called with the path and the raw stream of each file that is opened: a terminal is shown how far it is read."""


class OpenFile(NamedTuple):
    """An open file: its name in errors, its content without compression, and the first 64 KiB of that."""

    name: str
    stream: io.BufferedReader
    start: bytes


def display_name(path: str) -> str:
    """Return the path, or `standard input` for `-`."""
    return "standard input" if path == STANDARD_INPUT else path


def is_read_once(path: str) -> bool:
    """Return whether a path can be read only once: standard input, and a pipe such as the shell's `<(zcat t.gz)`."""
    if path == STANDARD_INPUT:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def copy_input(path: str, most: int) -> IO[bytes]:
    """Copy what can be read only once to a temporary file without a name: at most one byte more than `most`.

    The file goes with the process. Raise SourceError where the input cannot be read, or the disk is full.
    """
    name = display_name(path)
    try:
        with _open(path, None) as raw:
            from tempfile import TemporaryFile

            copy = TemporaryFile(prefix="spanpact-")  # noqa: SIM115 - the caller closes it
            try:
                while (room := most + 1 - copy.tell()) and (data := raw.read(min(_BUFFER_SIZE, room))):
                    copy.write(data)
                copy.flush()
            except BaseException:
                copy.close()
                raise
            return copy
    except OSError as error:
        raise SourceError(f"{name}: cannot be copied to a temporary file: {error.strerror or error}") from None


@contextmanager
def open_file(path: str, copy: IO[bytes] | None = None) -> Iterator[OpenFile]:
    """Open a file (`-`: standard input) and decompress it. Compression is recognised by the content.

    `copy` is read in place of what can be read only once. Raise SourceError where it is unreadable or damaged, and
    SourceUnfinished where it is missing, empty or cut short, also while the caller reads from it.
    """
    name = display_name(path)
    try:
        with _open(path, copy) as raw:
            start, stream = _content(raw, name)
            if not start:
                raise unfinished(f"{name}: is empty", path, hint="did the exporter flush before it stopped?")
            yield OpenFile(name, stream, start)
    except FileNotFoundError as error:
        hint = "give the path of a trace file, or - for standard input"
        raise unfinished(f"{name}: cannot be read: {error.strerror}", path, hint=hint) from None
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror or error}", hint=_hint(error)) from None


def unfinished(what: str, path: str, *, hint: str = "") -> SourceError:
    """Return the error for a file that is not there yet or not whole. What standard input lacks never comes."""
    of_input = path in (STANDARD_INPUT, display_name(STANDARD_INPUT))
    return SourceError(what, hint=hint) if of_input else SourceUnfinished(what, hint=hint)


def _hint(error: OSError) -> str:
    return "give one file, not a folder" if isinstance(error, IsADirectoryError) else ""


@contextmanager
def _open(path: str, copy: IO[bytes] | None) -> Iterator[Any]:
    """Open the file as a raw stream; standard input stays open, as it belongs to the process, and so does a copy."""
    if copy is not None:
        copy.seek(0)
        yield copy
        return
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with open(path, "rb", buffering=0) as file:
        if on_open is not None:
            on_open(path, file)
        yield file


def _content(raw: Any, name: str) -> tuple[bytes, io.BufferedReader]:
    """Return the beginning of the decompressed content, and all of it as a stream."""
    start = _start_of(raw)
    for _ in range(_MOST_LAYERS):
        compression = compression_of(start, name)
        if compression is None:
            break
        raw = Decompressed(compression, _joined(start, raw), name, lambda what: unfinished(what, name))
        start = _start_of(raw)
    return start, _joined(start, raw)


def _start_of(raw: Any) -> bytes:
    """Read the first bytes of a raw stream, which may give them in several pieces."""
    start = b""
    while len(start) < _START and (more := raw.read(_START - len(start))):
        start += more
    return start


def _joined(start: bytes, rest: Any) -> io.BufferedReader:
    return io.BufferedReader(cast("io.RawIOBase", _Joined(start, rest)), _BUFFER_SIZE)


class _Joined(io.RawIOBase):
    """The bytes that were read from a stream, and then the rest of it."""

    def __init__(self, start: bytes, rest: Any) -> None:
        self._start = memoryview(start)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._start:
            return cast("int", self._rest.readinto(buffer))
        size = min(len(buffer), len(self._start))
        buffer[:size], self._start = self._start[:size], self._start[size:]
        return size
