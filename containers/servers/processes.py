"""Run a server as a process of this machine: on loopback, ready when it answers, its files removed at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Self

from containers.commands import last_line
from containers.ladder import BackendUnavailable
from containers.servers.dead_mans_switch import DeadMansSwitch

__all__ = ["LOOPBACK", "PortTaken", "ServerProcess", "free_port", "stopped_on_error"]

LOOPBACK = "127.0.0.1"
_POLL_INTERVAL = 0.01  # seconds; each is a wait for the process's end, so that a dead server is noticed at once
_PORTS_TO_TRY = 3  # a free port can be taken by another process before the server binds it


class PortTaken(BackendUnavailable):
    """The server ended at once because another process took its port."""


@contextlib.contextmanager
def stopped_on_error(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` if the block raises."""
    try:
        yield
    except BaseException:
        stop()
        raise


@dataclass(eq=False, repr=False)
class ServerProcess:
    """One server process on a free loopback port, with faults for tests: pause, resume, kill, restart.

    `command` returns the argument list for the port and the server's folder; `answers` returns whether the server on a
    port is ready. Timeouts are in seconds. The port stays the same across a restart. `stop` removes the folder. As a
    context manager it starts the server and stops it. If this Python process is killed, the server ends and its folder
    is removed.
    """

    name: str
    command: Callable[[int, Path], Sequence[str]]
    _: KW_ONLY
    answers: Callable[[int], bool]
    start_timeout: float = 10.0
    stop_timeout: float = 5.0
    port: int = field(default=0, init=False)
    folder: Path = field(init=False)
    """The server's folder, with its data and its log, `server.log`."""

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._switch: DeadMansSwitch | None = None
        self._paused = False

    @property
    def running(self) -> bool:
        """Return whether the process is alive; a paused one is."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the process's id. Raise RuntimeError if it does not run."""
        return self._living().pid

    def __repr__(self) -> str:
        state = "paused" if self._paused else "running" if self.running else "stopped"
        return f"<{self.name} on {LOOPBACK}:{self.port}, {state}>"

    def __enter__(self) -> Self:
        with stopped_on_error(self.stop):
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server on a free port and wait until it answers. Raise `BackendUnavailable` if it does not."""
        for attempt in range(1, _PORTS_TO_TRY + 1):
            self.port = free_port()
            try:
                return self._launch()
            except PortTaken:
                if attempt == _PORTS_TO_TRY:
                    raise
        return None

    def pause(self) -> None:
        """Freeze the process and its children (SIGSTOP): connections stay open, nothing is answered."""
        self._signal_all(signal.SIGSTOP)
        # Its threads continue for a moment after the signal was sent.
        os.waitid(os.P_PID, self._living().pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self._paused = True

    def resume(self) -> None:
        """Let a paused process and its children continue (SIGCONT)."""
        self._signal_all(signal.SIGCONT)
        self._paused = False

    def kill(self) -> None:
        """End the process at once (SIGKILL) and wait until it has ended; its data in memory is lost."""
        process = self._living()
        process.kill()
        process.wait()
        self._paused = False
        self._disarm()

    def restart(self) -> None:
        """Start again on the same port, ending the process first if it runs. Return when it answers."""
        if self.running:
            self.kill()
        self._disarm()  # the process may have ended by itself
        self._launch()

    def stop(self) -> None:
        """End the process (SIGTERM, then SIGKILL) if it runs, and remove its folder."""
        try:
            if self.running:
                self._end(self._living())
        finally:
            self._disarm()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _disarm(self) -> None:
        if self._switch is not None:
            self._switch.disarm()
            self._switch = None

    def _living(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal the process first, so that it starts no more children. PostgreSQL's children are not in its group."""
        process = self._living()
        process.send_signal(number)
        for child in _children(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if self._paused:  # a stopped process handles no SIGTERM
            self.resume()
        process.terminate()
        try:
            process.wait(self.stop_timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _launch(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    list(self.command(self.port, self.folder)),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl+C must reach the owner alone, which then stops the server
                )
            except OSError as error:
                raise BackendUnavailable(f"{self.name} cannot be started: {error.strerror}") from error
        self._switch = DeadMansSwitch(self._process.pid, timeout=self.stop_timeout, folder=self.folder)
        try:
            self._await_answer(self._process)
        except BackendUnavailable:  # the process has ended
            self._disarm()
            raise

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self.start_timeout
        while not self.answers(self.port):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_INTERVAL)
                raise self._ended_early(process)
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise BackendUnavailable(f"{self.name} did not answer within {self.start_timeout:g} s")
        if process.poll() is not None:  # another process answered on that port
            raise self._ended_early(process)

    def _ended_early(self, process: subprocess.Popen[bytes]) -> BackendUnavailable:
        log = (self.folder / "server.log").read_text(errors="replace")
        message = f"{self.name} ended with code {process.returncode}: {last_line(log)}"
        taken = "Address already in use" in log
        return PortTaken(message) if taken else BackendUnavailable(message)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # not Linux: signal the process alone
        return []


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
