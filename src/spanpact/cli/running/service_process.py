"""Run a service in the background for as long as a block lasts, and stop all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, Final, Self

from spanpact.cli.running.process import describe_exit
from spanpact.errors import UsageError

STOP_SECONDS: Final = 10.0
"""How long a service has to end after SIGTERM."""


class ServiceProcess:
    """A service in a process group of its own."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it. Raise UsageError if it cannot be started."""
        try:
            self._process = subprocess.Popen(list(command), env=dict(environment), start_new_session=True)
        except FileNotFoundError as error:
            raise UsageError(f"command not found: {command[0]}") from error
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"cannot run {command[0]}: {why}") from error

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, 128 + n if signal n ended it; None while it runs."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    def stop(self) -> str:
        """Stop the group by SIGTERM, so that the service can send its last spans, and kill it if it does not end.

        Return a sentence on how it ended, "" if it ended as asked.
        """
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"the service did not end within {STOP_SECONDS:g} s after SIGTERM, and was killed"
        code = self.exit_code
        return describe_exit(code) if code not in (None, 0, 128 + signal.SIGTERM) else ""

    def kill(self) -> None:
        """Kill what is left of the group."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


class Interrupts:
    """Lets SIGTERM interrupt as Ctrl-C does until the block ends, where it runs in the main thread.

    Until `release`, both are kept: a service that is being started could not be stopped yet.
    """

    def __init__(self) -> None:
        self._kept = False
        self._released = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # handlers can be set there only
            heard = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) != signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._handle) for number in heard}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def release(self) -> None:
        """Interrupt from now on. Raise KeyboardInterrupt if a signal has come already."""
        self._released = True
        if self._kept:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._kept = True
        if self._released:
            raise KeyboardInterrupt
