"""How many examples a property gets: a quarter in `nox -s tests`, all of them in `nox -s properties`."""

from __future__ import annotations

from typing import Final

from hypothesis import settings

LEAST: Final = 10


def examples(number: int) -> int:
    """Return how many of `number` examples to try under the Hypothesis profile in use (tests/conftest.py)."""
    return min(number, max(LEAST, number * settings().max_examples // 100))
