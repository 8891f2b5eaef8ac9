"""Wait for a condition by polling, until it holds or a deadline has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

DEADLINE: Final = 30.0
"""Seconds until a wait fails; it ends as soon as the condition holds."""
_PAUSE: Final = 0.02
T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str = "anything", *, within: float = DEADLINE) -> T:
    """Call `condition` until its result is true and return that. Fail, naming `what`, after `within` seconds."""
    deadline = time.monotonic() + within
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s"
        time.sleep(_PAUSE)
    return result
