"""Run programs of the shared environment: tests, their coverage, and sessions beside others."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nox

from ci.sessions.environments import CACHE, ROOT, development_environment, program

COVERAGE = CACHE / "coverage"
BESIDE: dict[str, subprocess.Popen[bytes]] = {}


def tool(session: nox.Session, name: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run a program of the shared environment, with that environment's programs first on PATH."""
    environment = development_environment(session)
    path = os.pathsep.join([str(environment / "bin"), os.environ.get("PATH", os.defpath)])
    # Where the user wants no bytecode in the checkout, none of it would be kept, and every process start cost seconds.
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}
    variables = {"PATH": path, **bytecode, **(env or {})}
    # After Ctrl+C, what was started is stopped: containers take longer than the third of a second that nox gives.
    session.run(program(environment, name), *arguments, env=variables, interrupt_timeout=60)


def chosen(session: nox.Session, folder: str) -> Sequence[str]:
    """Return pytest's arguments: what follows `--`, or else the folder without its expensive tests."""
    return session.posargs or ["--numprocesses=auto", "-m", "not expensive", folder]


def measured_tests(session: nox.Session, name: str, arguments: Sequence[str], **environ: str) -> None:
    """Run pytest, with more variables, and measure branches; `report_coverage` finds them by name."""
    COVERAGE.mkdir(parents=True, exist_ok=True)
    for stale in COVERAGE.glob(f"branches.{name}.*"):
        stale.unlink()
    data = {"COVERAGE_FILE": str(COVERAGE / f"branches.{name}")}
    tool(session, "coverage", "run", "-m", "pytest", *arguments, env=data | environ)


def report_coverage(session: nox.Session, name: str, *options: str) -> None:
    """Report what `measured_tests` measured; fail under the bar of pyproject.toml."""
    data = {"COVERAGE_FILE": str(COVERAGE / f"{name}_branches")}
    measured = sorted(map(str, COVERAGE.glob(f"branches.{name}.*")))
    tool(session, "coverage", "combine", "--keep", "--quiet", *measured, env=data)
    tool(session, "coverage", "report", *options, env=data)


def pytest_folder(session: nox.Session, folder: str) -> None:
    """Run the tests of a folder, or log that it has none."""
    if any((ROOT / folder).rglob("test_*.py")):
        named = any(Path(argument.partition("::")[0]).exists() for argument in session.posargs)
        tool(session, "pytest", "-m", "not expensive", *session.posargs, *([] if named else [folder]))
    else:
        session.log(f"0 tests: {folder}/ holds none yet")


def start_beside(session: nox.Session, name: str) -> None:
    """Start a session of this file in a process of its own, whose output `report_beside` shows when it has ended."""
    command = [sys.executable, "-m", "nox", "--session", name]
    with (CACHE / f"{name}.log").open("wb") as log:
        # In a group of its own: Ctrl+C reaches it once, by end_beside, and so all that it started is stopped in peace.
        BESIDE[name] = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    session.log(f"{name} runs beside what follows; it reports at the end")
    atexit.register(end_beside, name)


def report_beside(session: nox.Session, name: str) -> None:
    """Wait for a session that runs beside, show what it printed, and fail if it failed."""
    code = BESIDE[name].wait()
    sys.stdout.write((CACHE / f"{name}.log").read_text(errors="replace"))
    sys.stdout.flush()
    if code:
        session.error(f"{name} failed, with exit code {code}")


def end_beside(name: str) -> None:
    """At the end of an interrupted run: what runs beside stops what it started, and ends too."""
    if BESIDE[name].poll() is None:
        os.killpg(BESIDE[name].pid, signal.SIGINT)
        BESIDE[name].wait()
