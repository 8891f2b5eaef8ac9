"""Find exceptions in the log of a service, whose lines are JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

_OF_EXCEPTIONS: Final = ("exception", "exc_info", "stack_info", "traceback")


def exceptions_in(lines: Iterable[str]) -> list[str]:
    """Return the lines that are no log line, or that show an exception."""
    return [line for line in lines if not _is_harmless(line)]


def _is_harmless(line: str) -> bool:
    try:
        fields = json.loads(line)
    except ValueError:
        return False
    return isinstance(fields, dict) and "Traceback" not in line and not any(fields.get(each) for each in _OF_EXCEPTIONS)
