"""`python -m containers`: show which backends this machine has and from which rung, by starting and stopping each.

`--backend redis=RUNG` (or a URL for the rung) forces a rung; `--require redis,docker` makes a missing one an error.
Exit code: 0, 1 where a required backend is missing, or 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from containers.backends import BACKENDS, REQUIRABLE, describe_engine, open_backend, parse_name_and_rung, parse_names
from containers.ladder import BackendUnavailable


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each backend and one for each skipped rung. Return the exit code."""
    options = _options(arguments)
    missing = [] if _announce_engine() else ["docker"]
    missing += [name for name in BACKENDS if not _announce(name, dict(options.backend).get(name))]
    return 1 if set(missing) & {name for required in options.require for name in required} else 0


def _announce_engine() -> bool:
    try:
        print(describe_engine())
    except BackendUnavailable as error:
        print(error)
        return False
    return True


def _announce(name: str, prefer: str | None) -> bool:
    try:
        with open_backend(name, prefer) as backend:
            print(backend)
            for rung in backend.skipped:
                print(f"  skipped {rung}")
    except BackendUnavailable as error:
        print(error)
        return False
    except ValueError as error:
        sys.exit(_wrong_usage(str(error)))
    return True


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m containers", description="Show which backends this machine has.")
    parser.add_argument("--backend", action="append", default=[], type=parse_name_and_rung, metavar="NAME=RUNG")
    parser.add_argument(
        "--require", action="append", default=[], type=parse_names, metavar="NAMES", help=f"of {', '.join(REQUIRABLE)}"
    )
    return parser.parse_args(arguments)


def _wrong_usage(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
