"""The project in which scripts of CI run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.recorded_program import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an empty project."""
    return Project(tmp_path)
