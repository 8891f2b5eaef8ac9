"""Processes with a spool that are killed by SIGKILL at random moments: `python killed_processes.py SEED ROUNDS`.

In each round a process ends spans until it is killed. Another one takes its spool over; in every second round that is
killed too, and the next follows. One line of JSON for each round, for the test. Processes are forked from this one,
which has imported everything and traces nothing.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reference_impl.export.spool import processor, spooled_spans
from reference_impl.export.spool.counts import Counts, read_counts
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

LONGEST_S = 0.04
"""A process is killed within this time of its first span."""

SHARED = memoryview(mmap.mmap(-1, 4096)).cast("q")
"""Memory shared with the processes: how many calls of `end` have returned, and what the last process counted.

Each word is written in one step: `struct.pack_into` writes zeros first, after which the process may be killed.
"""


def clear() -> None:
    """Forget what the last process noted."""
    for word in range(4):
        SHARED[word] = 0


def forked(work: Callable[[], None]) -> int:
    """Run a function in a process of its own. Return its id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return pid


def end_spans(name: str) -> None:
    """End spans for ever, and note how many."""
    tracer = configure_tracing(Settings.load()).tracer("killed")
    number = 0
    while True:
        tracer.start_span(f"{name} {number}").end()
        number += 1
        SHARED[0] = number


def take_over() -> None:
    """Send what is left, and note the ledger."""
    telemetry = configure_tracing(Settings.load())
    SHARED[0] = 1
    while telemetry.ledger().pending:
        telemetry.flush(1)
    now = telemetry.ledger()
    SHARED[1], SHARED[2], SHARED[3] = now.ended, now.stored, now.lost_total
    telemetry.shutdown(60)
    os._exit(0)


def killed(pid: int, after_s: float) -> int:
    """Kill a process some time after its first note. Return its last note."""
    while SHARED[0] == 0:
        time.sleep(0.001)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return SHARED[0]


def counted(folder: Path) -> Counts | None:
    """Return the counts of the process whose files are the only ones with spans, None without any."""
    found = {path.name: counts for path in folder.glob("*.counts") if (counts := read_counts(path)) and counts.ended}
    assert len(found) <= 1, found
    return next(iter(found.values()), None)


def perform(round_number: int, seeded: random.Random, folder: Path) -> dict[str, object]:
    """Perform one round. Return what was seen of it."""
    clear()
    returned = killed(forked(lambda: end_spans(str(round_number))), seeded.uniform(0, LONGEST_S))
    first = counted(folder)
    assert first is not None
    before: Counts | None = first
    kills = 0
    while round_number % 2 and kills < 3 and before is not None:
        clear()
        killed(forked(take_over), seeded.uniform(0, LONGEST_S / 4))
        before = counted(folder)
        kills += 1
    clear()
    pid = forked(take_over)
    _, status = os.waitpid(pid, 0)
    ended, stored, lost = SHARED[1:4]
    return {
        "returned": returned,
        "ended": first.ended,
        "known": before is not None,  # else a killed process had settled everything, and taken its counts with it
        "pending": before.pending if before else 0,
        "settled": before.stored if before else 0,
        "lost before": sum(before.lost.values()) if before else 0,
        "heir": {"status": status, "ended": ended, "stored": stored, "lost": lost},
        "files": len(list(folder.iterdir())),
    }


def main() -> None:
    """Perform the rounds."""
    seed, rounds = map(int, sys.argv[1:])
    spooled_spans.SEGMENT = 4096
    processor.TRY_AGAIN_S = 0.01
    seeded, folder = random.Random(seed), Path(os.environ["STUDIO_SPOOL_DIR"])
    for number in range(rounds):
        print(json.dumps(perform(number, seeded, folder)), flush=True)


if __name__ == "__main__":
    main()
