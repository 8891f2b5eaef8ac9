"""Write an archive, and end without notice at the N-th file that is opened, renamed or removed in its folder.

`python killed_writer.py FOLDER N SPANS`: exit code 9 if it was stopped, 0 if it came to its end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.verification.made_traces import requests
from tests.sources.archive.archiving import batch_of, write_archive

_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")


def main(folder: str, steps: int, spans: int) -> None:
    """Write the spans, with a commit for each hundred of them."""
    taken = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal taken
        if event in _EVENTS and any(str(each).startswith(folder) for each in arguments):
            taken += 1
            if taken > steps:
                os._exit(9)

    batches = list(map(batch_of, requests(spans)))
    sys.addaudithook(count)
    write_archive(Path(folder), batches, committed_spans=100, partitions=2)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
