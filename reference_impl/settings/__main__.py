"""Print every setting, its value and its origin: `python -m reference_impl.settings`."""

from __future__ import annotations

import os
import sys

from reference_impl.settings.loading import Settings, SettingsError


def main() -> int:
    """Print the settings as a table and return 0; for a bad value, print one line to stderr and return 2."""
    try:
        settings = Settings.load()
    except SettingsError as problem:
        print(f"studio-api: {problem}", file=sys.stderr)
        return 2
    try:
        print_table(settings)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. The interpreter's own flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def print_table(settings: Settings) -> None:
    """Print one line for each setting: name, value, origin."""
    rows = [("setting", "value", "from"), *settings.table()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, origin in rows:
        print(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
