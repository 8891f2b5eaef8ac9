"""A clock that only the test moves, and a listener that keeps the events."""

from __future__ import annotations

import pytest

from tests.reference_impl.circuit_breaker.breaker_support import Clock, Recorder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seen() -> Recorder:
    return Recorder()
