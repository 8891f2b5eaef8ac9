"""Open a file or standard input as a stream of bytes, inflating gzip."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from spanpact.errors import SourceError, SourceUnfinished

STANDARD_INPUT: Final = "-"
_BUFFER_SIZE: Final = 1 << 18  # bytes; a line with many spans is long
_GZIP_MAGIC: Final = b"\x1f\x8b"


def display_name(path: str) -> str:
    """Return the path, or `standard input` for `-`."""
    return "standard input" if path == STANDARD_INPUT else path


@contextmanager
def open_stream(path: str) -> Iterator[io.BufferedReader]:
    """Open a file (`-`: standard input) and inflate it if it is gzip, recognised by its content.

    Raise SourceError where it is unreadable or damaged, and SourceUnfinished where it is missing, empty or cut short,
    also while the caller reads from it.
    """
    name = display_name(path)
    try:
        with _open(path) as raw:
            if not raw.peek(1):
                raise unfinished(f"{name}: is empty", path, hint="did the exporter flush before it stopped?")
            yield _inflate(raw)
    except EOFError as error:
        raise unfinished(f"{name}: the gzip data is damaged or cut short: {error}", path) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{name}: the gzip data is damaged or cut short: {error}") from None
    except FileNotFoundError as error:
        hint = "give the path of an OTLP file, or - for standard input"
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
def _open(path: str) -> Iterator[io.BufferedReader]:
    if path != STANDARD_INPUT:
        with open(path, "rb", buffering=0) as file:
            yield io.BufferedReader(cast("io.RawIOBase", file), _BUFFER_SIZE)
        return
    buffered: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer))
    try:
        yield buffered
    finally:
        buffered.detach()  # leave standard input open: it belongs to the process


def _inflate(raw: io.BufferedReader) -> io.BufferedReader:
    if raw.peek(2)[:2] != _GZIP_MAGIC:
        return raw
    return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)), _BUFFER_SIZE)
