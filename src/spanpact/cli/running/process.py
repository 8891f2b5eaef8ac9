"""Run a command as a shell would: same streams, signals forwarded, its own exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from spanpact.errors import UsageError

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals by which a user, a supervisor or a terminal that is closed ends a program."""
_FORWARDED = (*ENDING, signal.SIGQUIT)
_BY_KEY = (signal.SIGINT, signal.SIGQUIT)  # the terminal sends these to all processes in its foreground
_BY_SIGNAL = 128  # a shell reports 128 + n for a command that signal n ended


def run_command(command: Sequence[str], environment: Mapping[str, str], signals: SignalForwarder | None = None) -> int:
    """Run the command to its end and return its exit code, 128 + n if signal n ended it.

    Signals that end a program are forwarded, by `signals` where that is given. Raises `UsageError` if the command
    cannot be started.
    """
    if signals is None:
        with forwarding_signals() as signals:
            return run_command(command, environment, signals)
    try:
        process = subprocess.Popen(list(command), env=dict(environment))
    except FileNotFoundError as error:
        raise UsageError(f"command not found: {command[0]}") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot run {command[0]}: {why}") from error
    with process:
        signals.forward_to(process)
        code = process.wait()
    return code if code >= 0 else _BY_SIGNAL - code


def describe_exit(code: int) -> str:
    """Return a sentence that says how the command ended."""
    ended_by = {_BY_SIGNAL + each: each.name for each in signal.Signals}
    return f"the command was ended by {ended_by[code]}" if code in ended_by else f"the command's exit code was {code}"


class SignalForwarder:
    """Forwards signals to the command; signals that arrive before it runs are kept for it.

    When the command has ended, the first signal sets `stopped`, and the next one interrupts.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []
        self.stopped = False  # no event: its lock is not for handlers of signals

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        for number in self.early:
            process.send_signal(number)

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self.process is not None and self.process.returncode is not None:
            if self.stopped:
                raise KeyboardInterrupt
            self.stopped = True
            return
        if number in _BY_KEY and _is_in_foreground():
            return  # the terminal has sent it to the command too; a second Ctrl-C makes many programs quit at once
        if self.process is None:
            self.early.append(number)
        else:
            self.process.send_signal(number)


@contextmanager
def forwarding_signals() -> Iterator[SignalForwarder]:
    """Forward SIGINT, SIGTERM, SIGHUP and SIGQUIT until the block ends, as `handling_signals` does."""
    forwarder = SignalForwarder()
    with handling_signals(_FORWARDED, forwarder.handle):
        yield forwarder


@contextmanager
def handling_signals(
    numbers: Sequence[signal.Signals], handle: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    """Handle signals until the block ends, where it runs in the main thread: handlers can be set there only.

    SIGHUP stays ignored where it is, as below `nohup`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    handled = [number for number in numbers if not (is_ignored and number == signal.SIGHUP)]
    before = {number: signal.signal(number, handle) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """Return whether this process is in the foreground of a terminal, whose Ctrl-C reaches all processes there."""
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
