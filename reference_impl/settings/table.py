"""The table of environment variables that docs/tracing-guide.md shows: `python -m reference_impl.settings.table`."""

from __future__ import annotations

import sys

from reference_impl.settings.rules import RULES, Rule


def as_table() -> str:
    """Return the settings that have a variable as a Markdown table, in the order of their declaration."""
    rows = [_row(rule) for rule in RULES if rule.standard or rule.own]
    return "\n".join(["| variable | meaning | accepted | default |", "|---|---|---|---|", *rows]) + "\n"


def _row(rule: Rule) -> str:
    variables = ", ".join(f"`{name}`" for name in (*rule.standard, *rule.own))
    default = rule.default_text or (f"`{_plain(rule.default)}`" if rule.default not in (None, "", ()) else "none")
    return f"| {variables} | {rule.about} | {rule.accepted} | {default} |"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.stdout.write(as_table())
