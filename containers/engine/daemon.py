"""Start `dockerd` for as long as a context lasts, installed from Debian if need be. Root on Debian only.

The daemon's pid file and state are in a folder of its own, because the pid file of a daemon that was killed would stop
the next one from starting. Its containers are on a bridge of its own. `setpriv` makes the kernel end the daemon when
this process is killed. If all processes were killed at once, the next start removes what they left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from containers.commands import install_packages, last_line
from containers.engine import api as engine_api
from containers.engine import bridge
from containers.ladder import BackendUnavailable

__all__ = ["find_program", "run_daemon"]

FOLDER = "/run"
"""The parent of the daemon's folder: writable by root, and short, as a socket's path has at most 107 characters."""
_PREFIX = "spanpact-engine-"
_START_TIMEOUT = 60.0  # seconds
_STOP_TIMEOUT = 30.0  # seconds
_POLL_INTERVAL = 0.1  # seconds; each is a wait for the daemon's end, so that a daemon that ended is noticed at once


def find_program() -> str:
    """Return the path of `dockerd`, installed if there is none. Raise `BackendUnavailable` where that fails."""
    if os.geteuid() != 0:
        raise BackendUnavailable("no Docker engine answers; start one, or run this as root on Debian")
    found = shutil.which("dockerd")
    if found is None:
        _install()
        found = shutil.which("dockerd")
    if found is None:
        raise BackendUnavailable("no Docker engine answers, and there is no dockerd after installing docker.io")
    return found


def _install() -> None:
    if shutil.which("apt-get") is None:
        raise BackendUnavailable("no Docker engine answers, and this machine has no apt-get to install docker.io with")
    print("installing docker.io", flush=True)
    install_packages("docker.io")


@contextmanager
def run_daemon(program: str) -> Iterator[None]:
    """Run the daemon for as long as the context lasts; it answers when the context is entered.

    Raise `BackendUnavailable` with the last line of its log where it does not start.
    """
    _remove_killed_engines()
    with _locked_folder() as folder, bridge.temporary_bridge() as name:
        (folder / "bridge").write_text(name)
        with (folder / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(
                _command(program, folder, name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl+C must reach the command alone, which needs the daemon to clean up
            )
        try:
            _await_answer(process, folder / "dockerd.log")
            yield
        finally:
            _stop(process, folder)
            _unmount(folder)
            (folder / "bridge").unlink()  # once the bridge is removed, another engine may have one of its name


@contextmanager
def _locked_folder() -> Iterator[Path]:
    """Make a folder and hold its lock until this process ends, even if it is killed."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=FOLDER, ignore_cleanup_errors=True) as name,
        _lock(Path(name)),
    ):
        yield Path(name)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which ends with the process. Raise BlockingIOError where another process holds it."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _remove_killed_engines() -> None:
    """Remove what engines left that were killed with all their processes.

    Their containers' networks are mounted in the engine's folder. Without a process in them they still answer at their
    addresses, and so refuse connections that are meant for a living container.
    """
    # A folder without this file belongs to an engine that has not locked it yet.
    for folder in [file.parent for file in Path(FOLDER).glob(f"{_PREFIX}*/bridge")]:
        with suppress(BlockingIOError, FileNotFoundError), _lock(folder):  # it lives; another process removed it
            name = (folder / "bridge").read_text()
            _unmount(folder)
            bridge.remove(name)
            shutil.rmtree(folder, ignore_errors=True)


def _command(program: str, folder: Path, bridge_name: str) -> list[str]:
    ends_with_parent = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    options = {
        "host": f"unix://{engine_api.socket_path()}",
        "pidfile": folder / "pid",
        "exec-root": folder / "run",
        "bridge": bridge_name,
    }
    return [*ends_with_parent, program, "--log-level=warn", *(f"--{name}={value}" for name, value in options.items())]


def _await_answer(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while not engine_api.answers():
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_INTERVAL)
            raise BackendUnavailable(f"dockerd ended with code {process.returncode}: {last_line(log.read_text())}")
        if time.monotonic() > deadline:
            last = last_line(log.read_text())
            raise BackendUnavailable(f"dockerd did not answer within {_START_TIMEOUT:g} s: {last}")


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        with suppress(OSError, ValueError):  # containerd ends with the daemon, but not if that was killed
            os.kill(int((folder / "run/containerd/containerd.pid").read_text()), signal.SIGKILL)


def _unmount(folder: Path) -> None:
    """Unmount network namespaces, which keep the folder from being removed: a daemon that ended leaves the host's."""
    for mounted in folder.glob("run/netns/*"):
        subprocess.run(["umount", str(mounted)], capture_output=True, check=False)
