"""The table of environment variables of tracing-guide.md: `python -m docs.draw_settings`."""

from __future__ import annotations

import sys

from reference_impl.settings.loading import RULES
from reference_impl.settings.resolving import Rule


def as_markdown() -> str:
    """Return the settings that have a variable as a Markdown table, in the order of their declaration."""
    head = "| variable | meaning | accepted | default |\n|---|---|---|---|"
    return "\n".join([head, *(_row(rule) for rule in RULES if rule.read)]) + "\n"


def _row(rule: Rule) -> str:
    variables = ", ".join(f"`{name}`" for name in rule.read)
    plain = str(rule.default).lower() if isinstance(rule.default, bool) else rule.default
    default = rule.default_text or (f"`{plain}`" if plain not in (None, "", ()) else "none")
    return f"| {variables} | {rule.about} | {rule.kind.accepted} | {default} |"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
