"""A dead man's switch: ends a server after its owner has ended, even if the owner was killed.

An owner that ends, raises or is interrupted stops its servers itself. One that is killed (SIGKILL, out of memory, a
build machine's time limit) cannot: then the kernel closes its end of a pipe, and a shell that waits at the other end
stops the server.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

__all__ = ["DeadMansSwitch"]

# A line from the owner means that the server has ended; an end of file means that the owner has.
# A paused server handles no SIGTERM, hence the SIGCONT; `kill -0` checks whether a process exists.
_SCRIPT = """
read -r word && exit
kill -CONT "$1"; kill -TERM "$1"
for tenth in $(seq "$2"); do kill -0 "$1" || break; sleep 0.1; done
kill -KILL "$1"
[ -z "$3" ] || rm -rf -- "$3"
"""


class DeadMansSwitch:
    """Ends process `pid` (SIGTERM, after `timeout` seconds SIGKILL) and removes `folder` if this process dies."""

    def __init__(self, pid: int, *, timeout: float, folder: Path | None = None) -> None:
        parameters = [str(pid), str(max(1, round(timeout * 10))), str(folder or "")]
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "dead-mans-switch", *parameters],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a signal to the owner's group must not end the switch
        )

    def disarm(self) -> None:
        """Switch off, because the process has ended and its id may be reused. A second call does nothing."""
        if self._shell.poll() is None:
            with contextlib.suppress(BrokenPipeError):  # the shell was killed just now
                self._shell.communicate(b"gone\n")
