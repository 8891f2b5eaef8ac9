"""Run every test that names a fault, and print the scorecard; 1 if a promise is not kept or not tested.

nox -s faults
nox -s faults -- --write-docs     also write the table of docs/reliability.md
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from integration.scorecard.marked import ROOT
from integration.scorecard.outcomes import Outcome
from integration.scorecard.page import write_page
from integration.scorecard.score import render_scorecard, score_faults

RUNS: Final = (
    ("tests", "--numprocesses=auto"),
    ("integration", "--ignore=integration/browser", "--ignore=integration/stores"),
    ("integration/browser",),  # alone: its event loop runs as long as the browser, and others could start none
)
"""The arguments of each run of pytest."""
NO_TESTS: Final = 5
"""What pytest exits with when it has collected no test."""


def run_tests(file: Path, *arguments: str) -> bool:
    """Run the marked tests of a folder and append their outcomes to a file. Return whether pytest ended well."""
    command = [sys.executable, "-m", "pytest", "-p", "integration.scorecard.outcomes", "--outcomes", str(file)]
    done = subprocess.run([*command, "-m", "fault", "--quiet", "--durations=0", "--durations-min=5", *arguments],
                          cwd=ROOT, check=False)  # fmt: skip
    return done.returncode in (0, NO_TESTS)


def main(arguments: list[str]) -> int:
    """Run the tests and print the scorecard. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m integration.scorecard", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write the table of docs/reliability.md")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        file = Path(folder) / "outcomes.jsonl"
        file.touch()
        ended = [run_tests(file, *run) for run in RUNS]
        outcomes = [msgspec.json.decode(line, type=Outcome) for line in file.read_bytes().splitlines()]
    scores = score_faults(outcomes)
    print(f"\n{render_scorecard(scores)}\n{len(outcomes)} tests, {time.monotonic() - started:.0f} s")
    if not all(ended):
        print("pytest did not end well: see above")
    if given.write_docs:
        write_page()
    return int(not all(ended) or any(score.is_wrong for score in scores))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
