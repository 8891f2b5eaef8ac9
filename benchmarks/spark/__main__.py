"""Verify an archive on local[1] and local[2] in turn, and print what a span costs: `-m benchmarks.spark ARCHIVE`.

`--rounds N` (3), `--partitions N` (4). The machine should have nothing else to do: the load of each run is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from statistics import median
from typing import Any

MASTERS = ("local[1]", "local[2]")


def main() -> None:
    """Run it and print a line for each run, then the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("archive", help="the folder of an archive")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--partitions", type=int, default=4, help="partitions of the traces (default: 4)")
    given = parser.parse_args()
    runs: dict[str, list[dict[str, Any]]] = {master: [] for master in MASTERS}
    for _ in range(given.rounds):
        for master in MASTERS:
            command = [sys.executable, "-m", "benchmarks.spark.one_run", master, given.archive, str(given.partitions)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            run = json.loads(done.stdout.splitlines()[-1])
            runs[master].append(run)
            spans = run["spans"]
            print(
                f"{master}: {run['seconds']:.1f} s, {run['cpu_seconds'] / spans * 1e6:.1f} CPU µs a span, "
                f"{run['shuffle_bytes'] / spans:.1f} shuffle bytes a span, {spans} spans, load {run['load']:.1f}",
                flush=True,
            )
    one, two = (median(run["seconds"] for run in runs[master]) for master in MASTERS)
    print(f"local[2] is {one / two:.2f} times as fast as local[1]")


if __name__ == "__main__":
    main()
