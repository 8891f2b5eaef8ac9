"""The fixture that runs command lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import CommandLine


@pytest.fixture
def cli(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a folder with a contract and traces, in which command lines are run."""
    return CommandLine(tmp_path, capfd)
