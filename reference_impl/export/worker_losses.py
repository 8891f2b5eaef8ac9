"""Counts what forked workers lose, in memory that they share with their parent (S1.5).

A worker that SIGKILL ends takes its ledger with it. The parent reads how many of its spans were not stored when it
ended. Workers that are started anew (spawn) share no memory, so what they lose is not counted here.
"""

from __future__ import annotations

import mmap
import os
import weakref
from typing import Final

MOST_WORKERS: Final = 1024
"""Workers that are counted at a time. A place is used again once its worker has ended."""
_CLAIMED: Final = -1


class WorkerLosses:
    """For each forked worker of this process its id, and how many spans have ended in it and are not stored."""

    def __init__(self) -> None:
        self._begin()
        self._of_parent: memoryview | None = None
        self._place = 0
        if hasattr(os, "register_at_fork"):
            claim, enter = weakref.WeakMethod(self._claim), weakref.WeakMethod(self._enter)
            os.register_at_fork(
                before=lambda: (method := claim()) and method(),
                after_in_child=lambda: (method := enter()) and method(),
            )

    def _begin(self) -> None:
        self._workers = memoryview(mmap.mmap(-1, 16 * MOST_WORKERS)).cast("q")
        self._used = self._lost = 0
        self._next: int | None = None

    def note(self, unstored: int) -> None:
        """Note in a worker how many spans have ended and are not stored; nothing in other processes."""
        if self._of_parent is not None:
            self._of_parent[2 * self._place + 1] = unstored

    def read(self) -> int:
        """Return how many spans were lost by workers of this process that have ended, and that it has waited for."""
        return self._lost + sum(self._workers[2 * place + 1] for place in range(self._used) if self._has_ended(place))

    def _has_ended(self, place: int) -> bool:
        pid = self._workers[2 * place]
        if pid <= 0:
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it has another user now
        return False

    def _claim(self) -> None:
        """Choose the place of a worker that is about to be forked."""
        ended = (place for place in range(self._used) if self._has_ended(place))
        place = self._used if self._used < MOST_WORKERS else next(ended, None)
        self._next = place
        if place is None:
            return
        self._used = max(self._used, place + 1)
        self._lost += self._workers[2 * place + 1]
        self._workers[2 * place], self._workers[2 * place + 1] = _CLAIMED, 0

    def _enter(self) -> None:
        """Begin as the worker that was forked."""
        workers, place = self._workers, self._next
        self._begin()
        self._of_parent = None if place is None else workers
        if place is not None:
            self._place = place
            workers[2 * place] = os.getpid()
