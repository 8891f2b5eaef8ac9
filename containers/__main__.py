"""`python -m containers`: which backends this machine has, and from where; starts each and stops it again.

`--backend redis=RUNG` (or a URL for the rung) forces a rung; `--require redis,docker` makes a missing one an error.
Exit code 0, or 1 where a required one is missing, or 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from containers.backends import BACKENDS, REQUIRABLE, engine_line, name_and_rung, names, opened
from containers.ladder import BackendUnavailable


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each backend and one for each rung that was skipped; returns the exit code."""
    options = _options(arguments)
    missing = [] if _announce_engine() else ["docker"]
    missing += [name for name in BACKENDS if not _announce(name, dict(options.backend).get(name))]
    return 1 if set(missing) & {name for required in options.require for name in required} else 0


def _announce_engine() -> bool:
    try:
        print(engine_line())
    except BackendUnavailable as error:
        print(error)
        return False
    return True


def _announce(name: str, prefer: str | None) -> bool:
    try:
        with opened(name, prefer) as backend:
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
    parser = argparse.ArgumentParser(prog="python -m containers", description="Which backends this machine has.")
    parser.add_argument("--backend", action="append", default=[], type=name_and_rung, metavar="NAME=RUNG")
    parser.add_argument(
        "--require", action="append", default=[], type=names, metavar="NAMES", help=f"of {', '.join(REQUIRABLE)}"
    )
    return parser.parse_args(arguments)


def _wrong_usage(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
