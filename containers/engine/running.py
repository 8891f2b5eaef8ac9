"""`python -m containers.engine -- COMMAND`: run a command with a Docker engine, started here where none answers.

An engine that answers is used and left as it is. Where none does, root on Debian installs `docker.io` if there is no
`dockerd`, and the daemon runs for as long as the command: on the socket that DOCKER_HOST names, or the usual one.
It is ended by its own process id, after what the command left in it was removed. Standard library only, so that it
runs before any environment is made. Exit code: the command's, or 1 where no engine can be had.

The daemon's pid file and state lie in a folder of their own: a pid file of a daemon that was killed would stop the
next one. Its containers are on a bridge of its own. `setpriv` has the kernel end the daemon should this process be
killed outright; what all of it, killed at once, has left behind goes when the next engine starts.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from containers.engine import api as engine_api
from containers.engine import bridge
from containers.ladder import BackendUnavailable

FOLDER = "/run"
"""Where the daemon's folder is made: root's, and short, because a socket's path is at most 107 characters long."""
_PREFIX = "spanpact-engine-"
_STARTS_WITHIN = 60.0  # seconds
_ENDS_WITHIN = 30.0  # seconds
_PAUSE_BETWEEN_QUESTIONS = 0.1  # seconds; a wait for the daemon's end, so that a dead one is seen at once
_INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "docker.io")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with an engine; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m containers.engine", description="A command with a Docker engine.")
    parser.add_argument("command", nargs="+", metavar="-- COMMAND")
    command = parser.parse_args(arguments).command
    try:
        with engine() as described:
            print(described, flush=True)
            return _run(command)
    except BackendUnavailable as error:
        print(error, file=sys.stderr)
        return 1


@contextmanager
def engine() -> Iterator[str]:
    """An engine that answers, described in one line, for as long as the context lasts.

    Raises `BackendUnavailable`, with how to get one, where none answers and none can be started.
    """
    try:
        engine_api.socket_path()
    except engine_api.EngineError as error:
        raise BackendUnavailable(str(error)) from error
    if engine_api.answers():
        yield f"Docker engine {engine_api.version()} at {engine_api.socket_path()} (it was there)"
        return
    with _daemon(_program()):
        try:
            yield f"Docker engine {engine_api.version()} at {engine_api.socket_path()} (started here)"
        finally:
            _sweep()


def _sweep() -> None:
    try:
        for name in engine_api.remove_leftovers():
            print(f"removed the container {name} that was left behind", file=sys.stderr)
    except engine_api.EngineError as error:
        print(f"what was left behind could not be removed: {error}", file=sys.stderr)


def _program() -> str:
    """Where `dockerd` is, installed if need be."""
    if os.geteuid() != 0:
        raise BackendUnavailable("no Docker engine answers; start one, or have root on Debian run this")
    found = shutil.which("dockerd")
    if found is None:
        _install()
        found = shutil.which("dockerd")
    if found is None:
        raise BackendUnavailable("no Docker engine answers, and there is no dockerd after installing docker.io")
    return found


def _install() -> None:
    if shutil.which("apt-get") is None:
        raise BackendUnavailable("no Docker engine answers, and this machine has no apt-get to install docker.io by")
    print("installing docker.io", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (("apt-get", "update", "-qq"), _INSTALL):
        done = subprocess.run(step, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise BackendUnavailable(f"{' '.join(step)} ended with code {done.returncode}: {_last_line(done.stdout)}")


@contextmanager
def _daemon(program: str) -> Iterator[None]:
    _sweep_killed()
    with _folder() as folder, bridge.own_bridge() as own:
        (folder / "bridge").write_text(own)
        with (folder / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(
                _command(program, folder, own),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl+C is for the command, whose containers need the daemon to be removed
            )
        try:
            _await_answer(process, folder / "dockerd.log")
            yield
        finally:
            _end(process, folder)
            _unmount(folder)
            (folder / "bridge").unlink()  # once removed, it may be another engine's


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is locked for as long as this process lives, also should it be killed."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=FOLDER, ignore_cleanup_errors=True) as name,
        _locked(Path(name)),
    ):
        yield Path(name)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which goes with the process; raises BlockingIOError where another process has it."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _sweep_killed() -> None:
    """Remove what engines left that were killed with all their processes.

    Above all the networks of their containers, which lie mounted in the engine's folder: without a process in them they
    still answer at their addresses, and so refuse what was meant for a living container.
    """
    # One without this file is only about to be locked.
    for folder in [file.parent for file in Path(FOLDER).glob(f"{_PREFIX}*/bridge")]:
        with suppress(BlockingIOError, FileNotFoundError), _locked(folder):  # its engine lives; another has swept it
            noted = (folder / "bridge").read_text()
            _unmount(folder)
            bridge.remove(noted)
            shutil.rmtree(folder, ignore_errors=True)


def _command(program: str, folder: Path, own_bridge: str) -> list[str]:
    dies_with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    options = {
        "host": f"unix://{engine_api.socket_path()}",
        "pidfile": folder / "pid",
        "exec-root": folder / "run",
        "bridge": own_bridge,
    }
    return [*dies_with_us, program, "--log-level=warn", *(f"--{name}={value}" for name, value in options.items())]


def _await_answer(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while not engine_api.answers():
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE_BETWEEN_QUESTIONS)
            raise BackendUnavailable(f"dockerd ended with code {process.returncode}: {_last_line(log.read_text())}")
        if time.monotonic() > deadline:
            said = _last_line(log.read_text())
            raise BackendUnavailable(f"dockerd did not answer within {_STARTS_WITHIN:g} s: {said}")


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        with suppress(OSError, ValueError):  # it ends with the daemon, but not with one that was killed
            os.kill(int((folder / "run/containerd/containerd.pid").read_text()), signal.SIGKILL)


def _unmount(folder: Path) -> None:
    """Unmount network namespaces, which keep the folder from going: a daemon that ended leaves that of the host."""
    for mounted in folder.glob("run/netns/*"):
        subprocess.run(["umount", str(mounted)], capture_output=True, check=False)


def _run(command: Sequence[str]) -> int:
    """Run the command to its end: Ctrl+C reaches it by the terminal, SIGTERM is passed on."""
    process = subprocess.Popen(command)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            process.terminate()

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
