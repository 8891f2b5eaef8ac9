"""The counts of a process's spool, as another process finds them at any moment."""

from __future__ import annotations

import os
from pathlib import Path

from reference_impl.export.spool.counts import CountsFile, read_counts

LAST = 300_000


def test_the_number_of_records_is_never_seen_to_fall(tmp_path: Path) -> None:
    path = tmp_path / "1-00000000.counts"
    counts = CountsFile.create(path)
    reader = os.fork()
    if reader == 0:
        os._exit(falls(path))
    for number in range(1, LAST + 1):
        counts.number(number)
    _, status = os.waitpid(reader, 0)
    counts.close()
    assert os.waitstatus_to_exitcode(status) == 0


def falls(path: Path) -> int:
    """Read the counts until all is written. Return 1 if a number was smaller than one before."""
    largest = 0
    while largest < LAST:
        found = read_counts(path)
        if found is None or found.numbered < largest:
            return 1
        largest = found.numbered
    return 0
