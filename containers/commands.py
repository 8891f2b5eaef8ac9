"""Run programs of this machine whose failure means that a backend is unavailable. Standard library only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from containers.ladder import BackendUnavailable

__all__ = ["install_packages", "last_line", "run_command"]

# Another process may hold dpkg's lock: wait for it instead of failing at once.
_APT_GET = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq")


def run_command(
    command: Sequence[str], *, name: str = "", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end and return its standard output.

    `name` stands for the command in messages, by default its first three words. `env` is added to the environment of
    this process. Raise `BackendUnavailable`, with the last line that the command printed, if it fails.
    """
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        shown = name or " ".join(command[:3])
        raise BackendUnavailable(f"{shown} ended with code {done.returncode}: {last_line(done.stderr or done.stdout)}")
    return done.stdout


def last_line(output: str) -> str:
    """Return the last line of a program's output, `no output` if there is none."""
    return (output.strip().splitlines() or ["no output"])[-1]


def install_packages(*packages: str) -> None:
    """Install Debian packages, as root. Raise `BackendUnavailable`, with apt-get's last line, if that fails."""
    for step in ("update",), ("install", "-y", "--no-install-recommends", *packages):
        run_command([*_APT_GET, *step], name=f"apt-get {step[0]}", env={"DEBIAN_FRONTEND": "noninteractive"})
