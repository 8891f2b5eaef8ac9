"""Run a service, and count what Python's garbage collector does in it meanwhile.

    python -P benchmarks/service/watched_service.py COUNTS MODULE

COUNTS is a file of SIZE bytes that both processes map. This program imports nothing of the project, so that an earlier
build runs in it as well (`benchmarks.earlier_build`); the measuring process imports it for `Collections`.
"""

from __future__ import annotations

import gc
import mmap
import runpy
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_GENERATIONS: Final = 3
_LONGEST: Final = 3
SIZE: Final = 8 * 4
"""Bytes of the file: the collections of each generation, then the CPU time of the longest, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Collections:
    """The garbage collections of a time: how many looked at all objects, and the CPU time of the longest in seconds."""

    full: int
    longest_s: float


class CollectionCounts:
    """The counts of a file, for the process that counts and for the one that reads."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._numbers = memoryview(mmap.mmap(opened.fileno(), SIZE)).cast("Q")
        self._began = 0

    def note(self, phase: str, info: Mapping[str, Any]) -> None:
        """Note the start or the end of a collection; one of `gc.callbacks`."""
        if phase == "start":
            self._began = time.thread_time_ns()
            return
        took = time.thread_time_ns() - self._began
        self._numbers[info["generation"]] += 1
        self._numbers[_LONGEST] = max(took, self._numbers[_LONGEST])

    def read(self) -> Collections:
        """Return what was counted since the last `reset`."""
        return Collections(self._numbers[_GENERATIONS - 1], self._numbers[_LONGEST] / 1e9)

    def reset(self) -> None:
        """Count from zero; while the service is idle, as it counts without a lock."""
        for number in range(_GENERATIONS + 1):
            self._numbers[number] = 0


def main(file: str, module: str) -> None:
    """Run a module as a program, and count."""
    gc.callbacks.append(CollectionCounts(Path(file)).note)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
