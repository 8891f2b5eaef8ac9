"""The clause of a contract that a finding is about: the lines of its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanpact.contract.semconv import fragment_file
from spanpact.errors import Place

_LINES_AROUND: Final = 2
_LARGEST: Final = 1 << 20  # bytes; the loader refuses larger contracts


@dataclass(frozen=True, slots=True)
class Clause:
    """The place of a clause, its lines with those around it as (number, text), and why there are none.

    `problem` also says that the file no longer has the keyword at this place; the lines are there then.
    """

    place: Place
    lines: Sequence[tuple[int, str]] = ()
    problem: str = ""


def read_clause(place: Place, keyword: str, folder: Path = Path()) -> Clause:
    """Return the clause of a keyword at a place. A relative path is below `folder`."""
    path = fragment_file(place.file) or folder / place.file
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return Clause(place, problem="the file is not here: call explain where verify was called")
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return Clause(place, problem="the file cannot be read")
    lines = text.splitlines()
    if place.line > len(lines):
        return Clause(place, problem="the file has changed since the report: it has no such line")
    first = max(1, place.line - _LINES_AROUND)
    shown = list(enumerate(lines, 1))[first - 1 : place.line + _LINES_AROUND]
    here = lines[place.line - 1]
    changed = keyword and not _mentions(here, keyword)
    return Clause(place, shown, f"the file may have changed: this line has no {keyword}" if changed else "")


def _mentions(line: str, keyword: str) -> bool:
    """Return whether a line has the keyword, or the name behind it: `key` of `attributes.key`."""
    return any(each in line for each in (keyword, keyword.partition(".")[2], keyword.rpartition(".")[2]) if each)
