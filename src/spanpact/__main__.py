"""Run the command line as a program: `spanpact` and `python -m spanpact`."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import Final

from spanpact.cli import main

_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000  # a command line that verifies one small file makes fewer


def run_program() -> int:
    """Run the command line of this process, and return its exit code.

    Modules, classes and functions live until the process ends. To search them for garbage, while they are imported
    and once more at exit, takes a tenth of the time of a short verification.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)
    return main()


if __name__ == "__main__":
    sys.exit(run_program())
