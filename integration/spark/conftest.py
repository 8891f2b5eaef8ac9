"""Fixtures of the tests on Spark: one session for all, as it takes many seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration.spark.sessions import spark_session


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Return a session with two threads, in which a task that fails is tried again."""
    with spark_session("local[2,3]") as session:
        yield session
