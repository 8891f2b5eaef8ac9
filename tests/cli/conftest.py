"""The fixture that runs command lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Desk


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Desk:
    """Return a folder with a contract and traces, in which command lines are run."""
    return Desk(tmp_path, capfd)
