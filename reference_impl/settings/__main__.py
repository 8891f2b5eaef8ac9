"""Print every setting, its value and its origin: `python -m reference_impl.settings`."""

from __future__ import annotations

import os
import sys

from reference_impl.settings.loading import Settings
from reference_impl.settings.resolving import SettingsError


def main() -> int:
    """Print the settings as a table and return 0; for a bad value, print one line to stderr and return 2."""
    try:
        settings = Settings.load()
    except SettingsError as problem:
        print(f"studio-api: {problem}", file=sys.stderr)
        return 2
    rows = [("setting", "value", "from"), *settings.table()]
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    try:
        for name, value, origin in rows:
            print(f"{name:<{name_width}}  {value:<{value_width}}  {origin}".rstrip())
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. The interpreter's own flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
