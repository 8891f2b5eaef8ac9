"""Labels that say which scenario a trace belongs to: lines `TRACE_ID SCENARIO` of a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spanpact.errors import UsageError

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan


def read_labels(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the labels of a file: trace id to scenario.

    Raises `UsageError` if the file cannot be read, and with the line number if a line is not a label.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read the scenarios in {os.fspath(path)}: {why}") from error
    return parse_labels(text.splitlines(), file=os.fspath(path))


def parse_labels(lines: Iterable[str], *, file: str) -> dict[str, str]:
    """Parse lines `TRACE_ID SCENARIO`; empty lines and lines that start with `#` are skipped."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or len(words[0]) != 32 or not set(words[0].lower()) <= set("0123456789abcdef"):
            hint = "expected: TRACE_ID SCENARIO, where TRACE_ID has 32 hex digits"
            raise UsageError(f"{file}:{number}: not a label", hint=hint)
        found[words[0].lower()] = words[1]
    return found


def unknown_scenarios_warning(labels: Mapping[str, str], plans: Sequence[ContractPlan]) -> str:
    """Return a warning about labels that no contract names (often a spelling mistake); "" if there are none."""
    known = {plan.scenario for plan in plans if plan.scenario}
    unknown = sorted(set(labels.values()) - known)
    return f"no contract names the scenario {', '.join(unknown)}" if unknown and known else ""
