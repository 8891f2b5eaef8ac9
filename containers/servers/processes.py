"""A server as a process of this machine: started on loopback, ready when it answers, stopped with its files."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from containers.commands import last_line
from containers.ladder import BackendUnavailable
from containers.servers.dead_mans_switch import DeadMansSwitch

LOOPBACK = "127.0.0.1"
_PAUSE_BETWEEN_QUESTIONS = 0.01  # seconds; a wait for the process's end, so that a dead server is seen at once
_PORTS_TO_TRY = 3  # a free port can be taken by another process before the server binds it


class PortTaken(BackendUnavailable):
    """The server ended at once because another process took its port."""


class ServerProcess:
    """One server process on a loopback port of its own, with faults for tests: pause, resume, kill, restart.

    `command` makes the argument list from the port and the server's folder; `answers` asks a port whether the server
    is ready. The folder is temporary and is removed by `stop`. The port stays the same over a restart. Should this
    Python process be killed, the server ends too, and its folder goes.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[int, Path], Sequence[str]],
        *,
        answers: Callable[[int], bool],
        start_within: float = 10.0,
        stop_within: float = 5.0,
    ) -> None:
        self._name = name
        self._command = command
        self._answers = answers
        self._start_within = start_within
        self._stop_within = stop_within
        self._process: subprocess.Popen[bytes] | None = None
        self._switch: DeadMansSwitch | None = None
        self._paused = False
        self._folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.port = 0

    @property
    def folder(self) -> Path:
        """The server's own folder: its data and its log, `server.log`."""
        return self._folder

    @property
    def running(self) -> bool:
        """Whether the process is alive (a paused one is)."""
        return self._process is not None and self._process.poll() is None

    def __repr__(self) -> str:
        state = "paused" if self._paused else "running" if self.running else "stopped"
        return f"<{self._name} on {LOOPBACK}:{self.port}, {state}>"

    def start(self) -> None:
        """Start the server on a free port and wait until it answers; raises `BackendUnavailable` if it does not."""
        for attempt in range(1, _PORTS_TO_TRY + 1):
            self.port = free_port()
            try:
                return self._launch()
            except PortTaken:
                if attempt == _PORTS_TO_TRY:
                    raise
        return None

    def pause(self) -> None:
        """Stop the process and its children in their tracks (SIGSTOP): connections stay open, nothing is answered."""
        self._signal_all(signal.SIGSTOP)
        # Its threads go on for a moment after the signal was sent.
        os.waitid(os.P_PID, self._living().pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self._paused = True

    def resume(self) -> None:
        """Let a paused process and its children go on (SIGCONT)."""
        self._signal_all(signal.SIGCONT)
        self._paused = False

    def kill(self) -> None:
        """End the process at once (SIGKILL) and wait until it is gone; its data in memory is lost."""
        process = self._living()
        process.kill()
        process.wait()
        self._paused = False
        self._disarm()

    def restart(self) -> None:
        """Start again on the same port, ending the process first if it lives; returns when it answers."""
        if self.running:
            self.kill()
        self._disarm()  # it may have ended by itself
        self._launch()

    def stop(self) -> None:
        """End the process (SIGTERM, then SIGKILL) and remove its folder; harmless when it is gone already."""
        try:
            if self.running:
                self._end(self._living())
        finally:
            self._disarm()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _disarm(self) -> None:
        if self._switch is not None:
            self._switch.disarm()
            self._switch = None

    def _living(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self._name} is not running")
        return self._process

    def _signal_all(self, number: signal.Signals) -> None:
        """The process first, so that it has no more children; by their ids, as PostgreSQL's leave its group."""
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
            process.wait(self._stop_within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _launch(self) -> None:
        with (self._folder / "server.log").open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    list(self._command(self.port, self._folder)),
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl+C is for whoever holds the server, which then stops it
                )
            except OSError as error:
                raise BackendUnavailable(f"{self._name} cannot be started: {error.strerror}") from error
        self._switch = DeadMansSwitch(self._process.pid, within=self._stop_within, folder=self._folder)
        try:
            self._await_answer(self._process)
        except BackendUnavailable:  # it has ended
            self._disarm()
            raise

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._start_within
        while not self._answers(self.port):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PAUSE_BETWEEN_QUESTIONS)
                raise self._ended_early(process)
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise BackendUnavailable(f"{self._name} did not answer within {self._start_within:g} s")
        if process.poll() is not None:  # somebody else answered on that port
            raise self._ended_early(process)

    def _ended_early(self, process: subprocess.Popen[bytes]) -> BackendUnavailable:
        log = (self._folder / "server.log").read_text(errors="replace")
        message = f"{self._name} ended with code {process.returncode}: {last_line(log)}"
        taken = "Address already in use" in log
        return PortTaken(message) if taken else BackendUnavailable(message)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # no Linux: the process itself will have to do
        return []


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
