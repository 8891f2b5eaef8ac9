"""Find and mask values of privacy classes in texts. The time is linear in the text's length for any pattern (RE2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import re2

from spanpact.privacy.classes import PrivacyClass, known_classes
from spanpact.privacy.confirmation import is_confirmed

_QUIET = re2.Options()
_QUIET.log_errors = False


class Leak(NamedTuple):
    """A match of the class `name` in a text, from character `start` (included) to `end` (excluded)."""

    name: str
    start: int
    end: int


class Scanner:
    """Finds and masks values of a fixed set of classes. Caches the results of recent texts."""

    __slots__ = ("_any", "_patterns", "_seen")
    _REMEMBERED = 4096

    def __init__(self, classes: Iterable[PrivacyClass]) -> None:
        chosen = dict.fromkeys((c.name, c.pattern) for c in classes)
        self._patterns = [(name, re2.compile(pattern)) for name, pattern in chosen]
        # Almost no text has a match, and one combined pattern finds that out in a single pass.
        self._any = _alternatives([pattern for _, pattern in chosen])
        self._seen: dict[str, Sequence[Leak]] = {}

    def scan(self, text: str) -> Sequence[Leak]:
        """Return every leak in the text, in the order of the classes, then by position."""
        found = self._seen.get(text)
        if found is None:
            found = self._scan(text)
            if len(self._seen) >= self._REMEMBERED:
                self._seen.clear()
            self._seen[text] = found
        return found

    def _scan(self, text: str) -> Sequence[Leak]:
        text = _searchable(text)
        if self._any.search(text) is None:
            return ()
        return [
            Leak(name, *match.span())
            for name, pattern in self._patterns
            for match in pattern.finditer(text)
            if match.start() < match.end() and is_confirmed(name, text, *match.span())
        ]

    def mask(self, text: str) -> str:
        """Return the text with every leak replaced by its class, as in `session:‹email›`."""
        leaks = self.scan(text)
        if not leaks:
            return text
        parts, position = [], 0
        for leak in sorted(leaks, key=lambda leak: (leak.start, -leak.end)):
            if leak.start < position:  # overlaps the leak masked before
                position = max(position, leak.end)
                continue
            parts += [text[position : leak.start], f"‹{leak.name}›"]
            position = leak.end
        return "".join([*parts, text[position:]])


def mask(text: str) -> str:
    """Return the text with every value of a built-in class masked."""
    return _KNOWN.mask(text)


def _searchable(text: str) -> str:
    """Return the text with lone surrogates, which RE2 rejects, as `?`; positions stay the same."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _alternatives(patterns: Sequence[str]) -> Any:
    """Compile one pattern that matches where any of `patterns` does.

    Where the combination is too large for RE2, return a pattern that matches any text.
    """
    try:
        return re2.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"[^\s\S]", _QUIET)
    except re2.error:
        return re2.compile("")


_KNOWN = Scanner(known_classes())
