"""The desk at which command lines are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Desk


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Desk:
    """A folder with a contract and traces."""
    return Desk(tmp_path, capfd)
