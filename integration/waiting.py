"""Waiting for what must come: asked again and again, until it is there or the deadline has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

DEADLINE: Final = 30.0
"""Seconds within which what is waited for must come; a failure, never a pause."""
_PAUSE: Final = 0.02
T = TypeVar("T")


def until(asked: Callable[[], T], what: str = "anything", *, within: float = DEADLINE) -> T:
    """What `asked` gives once it is true; fails, and says `what` did not come, after so many seconds."""
    deadline = time.monotonic() + within
    while not (answer := asked()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s"
        time.sleep(_PAUSE)
    return answer
