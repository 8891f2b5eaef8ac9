"""The earlier build with which verification is compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.earlier_build import NoEarlierBuild, earlier_build


@pytest.fixture(scope="module")
def earlier() -> Iterator[Path]:
    """Return the folder of build 47e6372, from this checkout's history."""
    try:
        with earlier_build() as folder:
            yield folder
    except NoEarlierBuild as error:
        pytest.fail(str(error), pytrace=False)
