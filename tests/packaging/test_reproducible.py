"""The same sources give the same wheel and sdist, byte for byte, in any folder and at any time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("LICENSE", "README.md", "constraints.txt", "contracts", "pyproject.toml", "src")
"""What the wheel is made from, and some files that only the sdist holds."""


def copied(folder: Path) -> Path:
    """Copy the sources into a folder."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    folder.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


def as_if_checked_out_later(folder: Path) -> Path:
    """Give all files another time, and the modes that a user with a strict umask has."""
    for path in sorted(folder.rglob("*"), reverse=True):
        os.utime(path, (1_900_000_000, 1_900_000_000))
        path.chmod(0o700 if path.is_dir() else path.stat().st_mode & 0o700)
    return folder


def built(folder: Path, epoch: str) -> Mapping[str, str]:
    """Return the digests of the wheel and the sdist that are built in a folder, by their names."""
    dist = folder.parent / f"dist-{epoch}"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(dist)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": epoch}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(dist.iterdir())}


def test_two_builds_in_different_folders_are_the_same_bytes(tmp_path: Path) -> None:
    first = built(copied(tmp_path / "a"), epoch="1700000000")
    again = built(as_if_checked_out_later(copied(tmp_path / "elsewhere" / "b")), epoch="1700000000")
    assert {Path(name).suffix for name in first} == {".gz", ".whl"}
    assert again == first


def test_the_date_is_that_of_the_variable(tmp_path: Path) -> None:
    folder = copied(tmp_path / "a")
    early, late = built(folder, epoch="1700000000"), built(folder, epoch="1800000000")
    assert [name for name in early if early[name] == late[name]] == []
