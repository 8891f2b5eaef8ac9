"""`python -m containers`: which backends this machine has, and from where; starts each and stops it again.

`--backend redis=RUNG` (or a URL for the rung) forces a rung; `--require redis` makes a missing backend an error.
Exit code 0, or 1 where a required backend is missing, or 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from containers.ladder import BackendUnavailable
from containers.postgres_server import PostgresBackend, postgres_backend
from containers.redis_server import RedisBackend, redis_backend

Open: TypeAlias = Callable[[str | None], AbstractContextManager[RedisBackend] | AbstractContextManager[PostgresBackend]]

BACKENDS: Mapping[str, Open] = {"redis": redis_backend, "postgres": postgres_backend}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each backend and one for each rung that was passed over; returns the exit code."""
    options = _options(arguments)
    missing = [name for name in BACKENDS if not _announce(name, options.backend.get(name))]
    return 1 if set(missing) & set(options.require) else 0


def _announce(name: str, prefer: str | None) -> bool:
    try:
        with BACKENDS[name](prefer) as backend:
            print(backend)
            for passed in backend.passed_over:
                print(f"  passed over {passed}")
    except BackendUnavailable as error:
        print(error)
        return False
    except ValueError as error:
        sys.exit(_wrong_usage(str(error)))
    return True


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m containers", description="Which backends this machine has.")
    parser.add_argument("--backend", action="append", default=[], type=_name_and_rung, metavar="NAME=RUNG")
    parser.add_argument("--require", action="append", default=[], choices=sorted(BACKENDS), metavar="NAME")
    options = parser.parse_args(arguments)
    options.backend = dict(options.backend)
    return options


def _name_and_rung(text: str) -> tuple[str, str]:
    name, _, rung = text.partition("=")
    if name not in BACKENDS or not rung:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=RUNG with a name of {', '.join(BACKENDS)}")
    return name, rung


def _wrong_usage(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
