"""A dead man's switch: ends a server whose holder is gone, however it went.

A holder that ends, raises or is interrupted stops its servers itself. One that is killed outright (SIGKILL, an
out-of-memory kill, a build machine's time limit) cannot: then the kernel closes its end of a pipe, and a shell that
waits at the other end does it.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

# Reads one line: the holder's word that the server is gone. An end of file instead means that the holder is.
# A paused server handles no SIGTERM, hence the SIGCONT; `kill -0` asks whether a process is there.
_SCRIPT = """
read -r word && exit
kill -CONT "$1"; kill -TERM "$1"
for tenth in $(seq "$2"); do kill -0 "$1" || break; sleep 0.1; done
kill -KILL "$1"
[ -z "$3" ] || rm -rf -- "$3"
"""


class DeadMansSwitch:
    """Ends process `pid` (SIGTERM, after `within` seconds SIGKILL) and removes `folder`, should this process die."""

    def __init__(self, pid: int, *, within: float, folder: Path | None = None) -> None:
        parameters = [str(pid), str(max(1, round(within * 10))), str(folder or "")]
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "dead-mans-switch", *parameters],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what kills the holder's group must not kill the switch
        )

    def disarm(self) -> None:
        """The process has ended and its id may be another's by now: do nothing any more; harmless when said twice."""
        if self._shell.poll() is None:
            with contextlib.suppress(BrokenPipeError):  # somebody killed the shell just now
                self._shell.communicate(b"gone\n")
