"""Show on a terminal how far long work is: one line on standard error, which is gone when the report comes."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO

from spanpact.sources.files import byte_stream

_AFTER_SECONDS = 1.0  # short work shows nothing
_EVERY_SECONDS = 0.25


@contextmanager
def progress(
    what: str,
    stream: TextIO | None = None,
    *,
    after_seconds: float = _AFTER_SECONDS,
    every_seconds: float = _EVERY_SECONDS,
) -> Iterator[Callable[[str], None]]:
    """Show `what`, the time it takes, and how far the file is read that is open, until the block ends.

    The block gets a function that takes how far it is, for work that reads no file.
    `stream` (default: standard error) gets nothing unless it is a terminal. Only one such block may be open.
    """
    shown = stream or sys.stderr
    if not shown.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    line = _ProgressLine(what, shown)
    ended = threading.Event()
    thread = threading.Thread(target=line.draw_until, args=(ended, after_seconds, every_seconds), daemon=True)
    byte_stream.on_open = line.note_open
    thread.start()
    try:
        yield line.note
    finally:
        byte_stream.on_open = None
        ended.set()
        thread.join()
        line.clear()


class _ProgressLine:
    """One line of a terminal, which is drawn anew by a thread."""

    def __init__(self, what: str, stream: TextIO) -> None:
        self._what, self._stream = what, stream
        self._start = time.monotonic()
        self._file: IO[bytes] | None = None
        self._name = ""
        self._noted = ""
        self._width = 0

    def note_open(self, path: str, file: IO[bytes]) -> None:
        """Take the file whose position is shown from now on."""
        self._file, self._name = file, os.path.basename(path)

    def note(self, how_far: str) -> None:
        """Take how far the work is, which is shown from now on."""
        self._noted = how_far

    def draw_until(self, ended: threading.Event, after_seconds: float, every_seconds: float) -> None:
        """Draw the line again and again, until the event is set."""
        if ended.wait(after_seconds):
            return
        while True:
            self._write(self._text())
            if ended.wait(every_seconds):
                return

    def clear(self) -> None:
        """Leave an empty line."""
        if self._width:
            self._write("")

    def _text(self) -> str:
        from spanpact.reporting.drawing.safe_text import escape_controls

        seconds = round(time.monotonic() - self._start)
        return escape_controls(f"{self._what} … {seconds} s{self._position()}")[: self._columns() - 1]

    def _position(self) -> str:
        file = self._file
        if file is None or self._noted:
            return self._noted and f", {self._noted}"
        try:
            size = os.fstat(file.fileno()).st_size
            return f", {self._name} {100 * file.tell() // size} %" if size else f", {self._name}"
        except (OSError, ValueError):  # a pipe has no position, and a file may be closed by now
            return ""

    def _columns(self) -> int:
        with suppress(OSError, ValueError):
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        return 80

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # the terminal may be gone
            encoding = self._stream.encoding or "ascii"
            shown = text.encode(encoding, "replace").decode(encoding)
            self._stream.write(f"\r{shown.ljust(self._width)}\r")
            self._stream.flush()
            self._width = len(shown)
