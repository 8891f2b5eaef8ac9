"""The session `demo` verifies what the demo does, and only prints what is asked to be printed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@cache
def load_noxfile() -> Any:
    """Return the noxfile as a module."""
    spec = importlib.util.spec_from_file_location("noxfile_under_test", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo_command() -> Callable[[Sequence[str]], Sequence[str]]:
    command: Callable[[Sequence[str]], Sequence[str]] = load_noxfile().demo_command
    return command


@pytest.mark.parametrize("option", ["--list", "--help", "-h"])
def test_an_option_that_only_prints_is_not_verified(
    demo_command: Callable[[Sequence[str]], Sequence[str]], option: str
) -> None:
    assert demo_command([option]) == ["python", "-m", "demo", option]


def test_flows_are_verified_with_their_options(demo_command: Callable[[Sequence[str]], Sequence[str]]) -> None:
    verified = demo_command(["--break", "hit-says-miss"])
    assert verified[:2] == ["spanpact", "run"]
    assert verified[-6:] == ["--", "python", "-m", "demo", "--break", "hit-says-miss"]


def test_an_absent_python_is_skipped_with_the_way_to_name_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPANPACT_PYTHON_3_13", str(tmp_path / "absent"))
    command = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "--session", "python(3.13)"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert "NOT TESTED: there is no Python 3.13 here; install one, or name one in SPANPACT_PYTHON_3_13" in run.stderr
    assert "skipped" in run.stderr
