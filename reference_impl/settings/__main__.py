"""Print every setting, its value and its origin; with `--markdown`, the table of variables of the tracing guide."""

from __future__ import annotations

import os
import sys

from reference_impl.settings.loading import RULES, Settings
from reference_impl.settings.resolving import Rule, SettingsError


def main(arguments: list[str]) -> int:
    """Print the settings and return 0; for a bad value, print one line to stderr and return 2."""
    try:
        settings = None if "--markdown" in arguments else Settings.load()
    except SettingsError as problem:
        print(f"studio-api: {problem}", file=sys.stderr)
        return 2
    try:
        print(_as_columns(settings) if settings else as_markdown(), flush=True)
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. The interpreter's own flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for warning in settings.warnings if settings else ():
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def _as_columns(settings: Settings) -> str:
    rows = [("setting", "value", "from"), *settings.table()]
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{name:<{name_width}}  {value:<{value_width}}  {origin}".rstrip() for name, value, origin in rows)


def as_markdown() -> str:
    """Return the table of variables of docs/tracing-guide.md."""
    head = "| variable | meaning | accepted | default |\n|---|---|---|---|"
    return "\n".join([head, *(_row(rule) for rule in RULES if rule.read)])


def _row(rule: Rule) -> str:
    variables = ", ".join(f"`{name}`" for name in rule.read)
    plain = str(rule.default).lower() if isinstance(rule.default, bool) else rule.default
    default = rule.default_text or (f"`{plain}`" if plain not in (None, "", ()) else "none")
    return f"| {variables} | {rule.about} | {rule.kind.accepted} | {default} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
