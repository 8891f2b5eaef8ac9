"""Runs a command as if the user had started it: same streams, signals passed on, its own exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from spanpact.errors import UsageError

_PASSED_ON = (signal.SIGINT, signal.SIGTERM)
_BY_SIGNAL = 128  # what a shell adds to the number of the signal that ended a command


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs the command to its end and gives its exit code, 128 + n where signal n ended it.

    SIGINT and SIGTERM are passed on. Raises UsageError where the command cannot be started.
    """
    with _passing_signals_on() as children:
        try:
            process = subprocess.Popen(list(command), env=dict(environment))
        except FileNotFoundError as error:
            raise UsageError(f"command not found: {command[0]}") from error
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"cannot run {command[0]}: {why}") from error
        with process:
            children(process)
            code = process.wait()
    return code if code >= 0 else _BY_SIGNAL - code


def said(code: int) -> str:
    """How the command ended, in words."""
    ended_by = {_BY_SIGNAL + each: each.name for each in signal.Signals}
    return f"the command was ended by {ended_by[code]}" if code in ended_by else f"the command's exit code was {code}"


class _Children:
    """The command, once it runs; a signal that comes before is kept for it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []

    def __call__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        for number in self.early:
            process.send_signal(number)

    def handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and _is_in_foreground():
            return  # the terminal has sent it to the command too: twice would mean "at once" to many programs
        if self.process is None:
            self.early.append(number)
        else:
            self.process.send_signal(number)


@contextmanager
def _passing_signals_on() -> Iterator[_Children]:
    children = _Children()
    if threading.current_thread() is not threading.main_thread():  # only there can handlers be set
        yield children
        return
    before = {number: signal.signal(number, children.handle) for number in _PASSED_ON}
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """Whether this process runs in the foreground of a terminal, whose Ctrl-C reaches every process there."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
