"""Show live judging: as a screen on a terminal, else as one line for each event."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol, TextIO

from spanpact.cli.output import print_text, write_whole
from spanpact.listening import Event
from spanpact.reporting import TextOptions, options_for
from spanpact.reporting.live.event_lines import event_lines
from spanpact.reporting.live.frame import LiveView, live_frame

_MOST_LATEST: Final = 200  # events: more than a terminal has lines
_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l"  # the other screen, no cursor, no wrapping
_LEAVE: Final = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_HOME: Final = "\x1b[H"
_REST_OF_LINE: Final = "\x1b[K"
_REST_OF_SCREEN: Final = "\x1b[J"


class Display(Protocol):
    """Shows events as they happen, and the state whenever it is asked to."""

    def show(self, events: Sequence[Event]) -> None:
        """Show events."""

    def refresh(self, view: Callable[[Sequence[Event]], LiveView]) -> None:
        """Show the state; `view` returns it, given the latest events."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class LineDisplay:
    """Prints a line for each event, and nothing in between."""

    def __init__(self, stream: TextIO, options: TextOptions) -> None:
        self._stream, self._options = stream, options

    def show(self, events: Sequence[Event]) -> None:
        """Print the lines of events."""
        canvas = self._options.canvas
        lines = [line.drawn(canvas) for event in events for line in event_lines(event, self._options)]
        if lines:
            print_text("\n".join(lines) + "\n", self._stream)

    def refresh(self, view: Callable[[Sequence[Event]], LiveView]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class ScreenDisplay:
    """Draws the whole screen of a terminal, in the size that it has now."""

    def __init__(self, stream: TextIO, options: TextOptions) -> None:
        self._stream, self._base = stream, options
        self._latest: deque[Event] = deque(maxlen=_MOST_LATEST)
        self._write(_ENTER)

    def show(self, events: Sequence[Event]) -> None:
        """Keep the latest events for the next drawing."""
        self._latest.extend(events)

    def refresh(self, view: Callable[[Sequence[Event]], LiveView]) -> None:
        """Draw the state."""
        columns, rows = self._size()
        options = options_for(self._stream, os.environ, columns=lambda: columns, base=self._base)
        lines = live_frame(view(tuple(self._latest)), options, rows)
        self._write(_HOME + "\r\n".join(f"{line}{_REST_OF_LINE}" for line in lines) + _REST_OF_SCREEN)

    def close(self) -> None:
        """Return to the screen that was there before."""
        self._write(_LEAVE)

    def _size(self) -> tuple[int, int]:
        with suppress(OSError, ValueError):
            columns, rows = os.get_terminal_size(self._stream.fileno())
            if columns and rows:
                return columns, rows
        return 80, 24

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # the terminal may be gone
            write_whole(text, self._stream)


def display_for(options: TextOptions, *, events_beside_report: bool) -> Display:
    """Return the display: on standard output, or on standard error where only the report may be there."""
    stream = sys.stdout if events_beside_report else sys.stderr
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return ScreenDisplay(stream, options)
    return LineDisplay(stream, options_for(stream, os.environ, columns=lambda: options.width, base=options))
