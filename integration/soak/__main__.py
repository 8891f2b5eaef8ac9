"""Run a soak and print its figures; 1 if something is wrong, 3 if a backend is not to be had.

nox -s soak                              30 minutes
nox -s soak -- --minutes 3 --seed 7      a short one
nox -s soak -- --write-docs              also write the figures into docs/reliability.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from containers.ladder import BackendUnavailable
from integration.soak.outcome import find_wrong
from integration.soak.page import render_outcome, write_page
from integration.soak.running import SoakPlan, own_backends, run_soak


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options. Exit with 2 for wrong ones."""
    default = SoakPlan()
    parser = argparse.ArgumentParser(
        prog="python -m integration.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=_minutes, default=default.minutes, help=f"(default: {default.minutes:g})")
    parser.add_argument("--seed", type=int, default=default.seed, help=f"of the faults (default: {default.seed})")
    parser.add_argument("--spool", action="store_true", help="let spans wait on disk: then none may be lost")
    parser.add_argument(
        "--backend", choices=("docker", "program"), help="what starts servers (default: the first usable)"
    )
    parser.add_argument("--write-docs", action="store_true", help="write the figures into docs/reliability.md")
    return parser.parse_args(arguments)


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0.5 <= minutes <= 1440:
        raise argparse.ArgumentTypeError("accepted: 0.5 to 1440 minutes")
    return minutes


def main(arguments: Sequence[str]) -> int:
    """Run the soak and return the exit code."""
    given = parse(arguments)
    plan = SoakPlan(given.minutes, given.seed, given.spool)
    try:
        with own_backends(given.backend) as backends:
            soak, records = run_soak(plan, backends, lambda line: print(line, flush=True))
    except BackendUnavailable as error:
        print(f"no soak: {error}", file=sys.stderr)
        return 3
    wrong = find_wrong(soak, records)
    print(render_outcome(soak, wrong))
    if given.write_docs:
        write_page(soak, wrong)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
