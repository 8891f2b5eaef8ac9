"""A server whose holder is killed outright ends all the same, and its folder goes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from containers.servers.dead_mans_switch import DeadMansSwitch
from containers.servers.processes import ServerProcess

DEADLINE_S = 30.0
HOLDER = """
import sys, time
from containers.servers.processes import ServerProcess

server = ServerProcess(
    "server",
    lambda port, folder: [sys.executable, "-c", sys.argv[1]],
    answers=lambda port: b"up" in (server.folder / "server.log").read_bytes(),
    stop_timeout=0.2,
)
server.start()
if "paused" in sys.argv:
    server.pause()
print(server._process.pid, server.folder, flush=True)
time.sleep(600)
"""
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


def gone(pid: int) -> bool:
    """Return whether no process has this id, or only a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("server", [SLEEPER, DEAF], ids=["obedient", "deaf"])
@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_the_server_of_a_killed_holder_ends(server: str, paused: bool) -> None:
    command = [sys.executable, "-c", HOLDER, server, *(["paused"] if paused else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid, _, folder = holder.stdout.readline().strip().partition(" ")
        assert not gone(int(pid))
        assert Path(folder).is_dir()
        holder.kill()
    deadline = time.monotonic() + DEADLINE_S
    while not gone(int(pid)) or Path(folder).exists():
        assert time.monotonic() < deadline, f"server {pid} or its folder {folder} was left behind"
        time.sleep(0.01)


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_a_server_that_was_stopped_killed_or_restarted_leaves_no_switch_waiting() -> None:
    before = children()
    server = ServerProcess("server", lambda port, folder: [sys.executable, "-c", SLEEPER], answers=lambda port: True)
    server.start()
    assert len(children() - before) == 2
    server.restart()
    assert len(children() - before) == 2
    server.kill()
    assert children() <= before
    server.restart()
    server.stop()
    assert children() <= before


def test_disarming_twice_is_harmless() -> None:
    before = children()
    with subprocess.Popen([sys.executable, "-c", SLEEPER]) as server:
        switch = DeadMansSwitch(server.pid, timeout=1.0)
        server.kill()
        server.wait()
        switch.disarm()
        switch.disarm()
    assert children() <= before


def test_a_server_that_ends_early_leaves_no_switch_waiting() -> None:
    before = children()
    server = ServerProcess("server", lambda port, folder: [sys.executable, "-c", ""], answers=lambda port: False)
    with pytest.raises(Exception, match="server ended with code 0"):
        server.start()
    server.stop()
    assert children() <= before
