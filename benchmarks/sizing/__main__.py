"""Measure what takes spans: `python -m benchmarks.sizing [--spans 200000] [--rounds 3] [--write-docs]`.

Prints the tables; with `--write-docs` it writes them into docs/deploy.md. Takes some five minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from importlib.util import find_spec

from benchmarks.sizing.measuring import Sizes, hash_time_ms, request_bodies
from benchmarks.sizing.receivers import RECEIVERS
from benchmarks.sizing.table import PAGE, lines, written
from containers.ladder import BackendUnavailable


def main() -> int:
    """Measure each receiver in turn, round after round, and print the tables. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description="Measure what takes spans.")
    parser.add_argument("--spans", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write-docs", action="store_true", help="write the tables into docs/deploy.md")
    options = parser.parse_args()
    bodies, runs = request_bodies(options.spans), dict[str, list[Sizes]]()
    try:
        for number in range(options.rounds):
            for name, measured in RECEIVERS.items():
                runs.setdefault(name, []).append(measured(bodies))
                print(f"round {number + 1}, {name}: {runs[name][-1]}", file=sys.stderr)
    except BackendUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    text = lines(runs, _machine())
    print("\n".join(text))
    if options.write_docs:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


def _machine() -> str:
    core = "with" if find_spec("spanpact_core") else "without"
    return (
        f"Run of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {os.cpu_count()} cores, shared with the sender, load of the "
        f"last minute {os.getloadavg()[0]:.1f}, SHA-256 of 1 MiB in {hash_time_ms():.2f} ms of CPU; "
        f"spanpact {core} its core."
    )


if __name__ == "__main__":
    sys.exit(main())
