"""The lines of a contract around a clause, to be read next to a finding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanpact.contract.semconv import fragment_file
from spanpact.errors import Place
from spanpact.privacy import Mask

_BEFORE: Final = 3
_AFTER: Final = 3
_LONGEST_LINE: Final = 160
_LARGEST_FILE: Final = 1 << 20
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a contract file: the number of the first, and their texts."""

    first: int
    lines: tuple[str, ...]


class ContractExcerpts:
    """Reads contract files as they are now, each once; what cannot be read has no excerpts."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._files: dict[str, list[str]] = {}

    def around(self, place: Place) -> Excerpt | None:
        """Return the lines around a place, None if the file has no such line."""
        if place.file not in self._files:
            self._files[place.file] = _lines_of(fragment_file(place.file) or Path(place.file))
        lines = self._files[place.file]
        if not 0 < place.line <= len(lines):
            return None
        first = max(1, place.line - _BEFORE)
        shown = lines[first - 1 : place.line + _AFTER]
        return Excerpt(first, tuple(self._mask(line)[:_LONGEST_LINE] for line in shown))


def _lines_of(file: Path) -> list[str]:
    try:
        if file.suffix not in _SUFFIXES or not file.is_file() or file.stat().st_size > _LARGEST_FILE:
            return []
        return file.read_text(encoding="utf-8-sig").rstrip().split("\n")
    except (OSError, ValueError):  # not readable, not UTF-8, or a name that no file can have
        return []
