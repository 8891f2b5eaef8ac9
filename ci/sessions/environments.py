"""The virtual environments of sessions: each is made once, and again when its pins change."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nox

ROOT = Path(__file__).parents[2]
PINS = ROOT / "constraints.txt"
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
CACHE = ROOT / ".nox"
DEVELOPMENT = CACHE / "development"
PIP_QUIETLY = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
# The supported Pythons, and where version managers keep theirs.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MANAGED_PYTHONS = ("~/.pyenv/versions/{}.*/bin/python", "~/.local/share/uv/python/cpython-{}.*/bin/python")


def development_environment(session: nox.Session) -> Path:
    """The shared environment, made where it is missing or older than its pins; gives its folder."""
    editable_environment(session, DEVELOPMENT, PINS, sys.executable)
    return DEVELOPMENT


def editable_environment(session: nox.Session, folder: Path, pins: Path, python: str) -> None:
    """A virtual environment with what a file pins and this checkout, made again where it is missing or out of date."""
    stamp, wanted = folder / "made-from", fingerprint(pins, python)
    if not (stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        make_environment(session, folder, python)
        install = (program(folder, "python"), *PIP_QUIETLY, "--no-deps")
        # Bytecode is written when a module is first imported: compiling all of it doubles the set-up's time.
        session.run(*install, "--no-compile", "--require-hashes", "-r", str(pins))
        session.run(*install, "--no-build-isolation", "--editable", str(ROOT))
        stamp.write_text(wanted)


def pinned_environment(session: nox.Session, folder: Path, pins: Path) -> None:
    """A virtual environment with what a file pins by hash, made again when the file changes."""
    stamp, wanted = folder / "made-from", pins.read_text() + sys.version
    if not (stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        make_environment(session, folder)
        install = (program(folder, "python"), *PIP_QUIETLY, "--no-deps", "--no-compile", "--require-hashes")
        session.run(*install, "-r", str(pins))
        stamp.write_text(wanted)


def make_environment(session: nox.Session, folder: Path, python: str = sys.executable) -> None:
    """A virtual environment by the virtualenv of nox: no venv module is needed, no download made."""
    options = ("--quiet", "--no-periodic-update", "--python", python)
    session.run(sys.executable, "-m", "virtualenv", *options, str(folder))


def fingerprint(pins: Path, python: str) -> str:
    """What an editable environment depends on: pins, the package's metadata, the Python, the checkout's place."""
    metadata = [PROJECT["project"], PROJECT["build-system"], PROJECT["tool"]["hatch"]]
    parts = [pins.read_text(), json.dumps(metadata, sort_keys=True), python_version(python), str(ROOT)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def versions_only(folder: Path) -> Path:
    """The pins without their hashes: a local wheel has none to offer, and pip wants all or nothing."""
    file = folder / "versions.txt"
    file.write_text("\n".join(pin_lines(PINS.read_text())) + "\n")
    return file


def pin_lines(pins: str) -> Sequence[str]:
    """`name==version ; marker` of every pin."""
    return [line.rstrip(" \\") for line in pins.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def wanted_python(session: nox.Session, version: str) -> str:
    """The path of a Python of a version; the session is skipped, with the reason, where there is none here."""
    variable = f"SPANPACT_PYTHON_{version.replace('.', '_')}"
    managed = (path for place in MANAGED_PYTHONS for path in glob.glob(os.path.expanduser(place.format(version))))
    places = [sys.executable, shutil.which(f"python{version}"), *managed]
    if named := os.environ.get(variable):
        places = [named]
    found = next((path for path in places if path and python_version(path).startswith(f"{version}.")), None)
    if found is None:
        session.skip(f"NOT TESTED: there is no Python {version} here; install one, or name one in {variable}")
    return found


def python_version(path: str) -> str:
    """What a Python says of its version; empty where the file is no Python that runs."""
    if not os.access(path, os.X_OK):
        return ""
    return subprocess.run([path, "-c", "import sys; print(sys.version)"], capture_output=True, text=True).stdout.strip()


def program(environment: Path, name: str) -> str:
    """The path of a program of an environment."""
    return str(environment / "bin" / name)
