"""Let the settings of a project stand in for options that a command line does not give."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from spanpact.errors import UsageError
from spanpact.settings import Settings, find_settings

_SCORE: Final = "instrumentation-score"


def apply_settings(given: argparse.Namespace, formats: Sequence[str], known_formats: Sequence[str]) -> None:
    """Complete parsed arguments by the settings of the project; the command line wins.

    `formats` are those of the command, `known_formats` those of any. Raise UsageError for a wrong file.
    """
    settings = find_settings()
    values = settings.values
    has = vars(given).__contains__
    if has("contracts") and not given.contracts and not getattr(given, "packs", ()):
        given.contracts = values.get("contracts", [])
    if has("packs") and not given.packs:
        given.packs = values.get("pack", [])
    if has("min_score") and given.min_score is None and _SCORE in given.packs and "min-score" in values:
        given.min_score = float(values["min-score"])
    elsewhere = getattr(given, "examples", False) or getattr(given, "has_command", False)  # where traces come from
    if has("sources") and not given.sources and not elsewhere:
        given.sources = values.get("from", [])
    if has("scenarios") and given.scenarios is None and getattr(given, "sources", True):
        given.scenarios = values.get("scenarios")
    if has("fail_on") and given.fail_on is None:
        given.fail_on = values.get("fail-on", "violation") if getattr(given, "sources", True) else "violation"
    for name in ("time_limit", "memory_limit"):
        if has(name) and getattr(given, name) is None and given.sources:
            setattr(given, name, values.get(name.replace("_", "-")))
    if has("format") and given.format is None:
        given.format = _format(settings, formats, known_formats)
    for name in ("strict", "allow_unseen"):
        if has(name) and getattr(given, name) is None:
            setattr(given, name, values.get(name.replace("_", "-"), False))


def _format(settings: Settings, formats: Sequence[str], known_formats: Sequence[str]) -> str | None:
    """Return the format of the settings if the command has it. Raise UsageError for one that no command has."""
    name = settings.values.get("format")
    if name is None or name in formats:
        return name
    if name not in known_formats:
        raise UsageError(f"{settings.file}: unknown format {name!r}", hint=f"accepted: {', '.join(known_formats)}")
    return None
