"""Limits of one verification: how long it may take, and how much memory the process may hold.

They are looked at between traces, and between the flows of a trace. What was not judged by then is not checked.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spanpact.engine.checks import Undecided
    from spanpact.findings.report import Reason

MIB: Final = 1 << 20
_PAUSE: Final = 0.01  # seconds between two looks at the memory, which cost more than one at the clock
_STATM: Final = Path("/proc/self/statm")


def held_bytes() -> int:
    """Return the memory that the process holds, in bytes: its resident set; where that is not known, its largest."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest if sys.platform == "darwin" else largest * 1024


class LimitReached(Exception):
    """A limit was reached before any trace could be judged."""


class Limits:
    """A time limit in seconds, from now on, and a memory limit in MiB, of the whole process; None for no limit.

    Once one is reached, that stays so. `clock` returns seconds, `held` the bytes that the process holds.
    """

    __slots__ = ("_clock", "_deadline", "_held", "_next_look", "_reached", "mebibytes", "seconds")

    def __init__(
        self,
        seconds: float | None = None,
        mebibytes: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        held: Callable[[], int] = held_bytes,
    ) -> None:
        self.seconds, self.mebibytes = seconds, mebibytes
        self._clock, self._held = clock, held
        self._deadline = None if seconds is None else clock() + seconds
        self._next_look = 0.0
        self._reached: Undecided | None = None

    def reached(self) -> Undecided | None:
        """Return which limit is reached, as a reason for what is not checked; None if none is."""
        if self._reached or (self._deadline is None and self.mebibytes is None):
            return self._reached
        now = self._clock()
        if self._deadline is not None and now >= self._deadline:
            self._reached = _reason("time-limit", f"the time limit of {self.seconds:g} s")
        elif self.mebibytes is not None and now >= self._next_look:
            self._next_look = now + _PAUSE
            if self._held() > self.mebibytes * MIB:
                self._reached = _reason("memory-limit", f"the memory limit of {self.mebibytes} MiB")
        return self._reached


def _reason(reason: Reason, limit: str) -> Undecided:
    from spanpact.engine.checks import Undecided

    return Undecided(reason, f"{limit} was reached before all traces were judged")


NO_LIMITS: Final = Limits()
