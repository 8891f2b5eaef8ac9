"""The session `demo` verifies what the demo does, and only prints what is asked to be printed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def demo_command() -> Callable[[Sequence[str]], Sequence[str]]:
    spec = importlib.util.spec_from_file_location("noxfile_under_test", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    command: Callable[[Sequence[str]], Sequence[str]] = module.demo_command
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
