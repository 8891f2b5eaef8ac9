"""Patterns of span and event names: literal text and wildcards, matched in linear time.

`*` matches any number of characters, `\\*` an asterisk. Matching is case-sensitive and covers the whole name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_MOST_REMEMBERED: Final = 4096  # names; a trace with more has names of high cardinality, not worth remembering


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A list of name patterns, one of which must match. `texts` are the patterns as written in the contract."""

    texts: tuple[str, ...]
    exact: frozenset[str] = field(init=False, compare=False, repr=False)
    any: bool = field(init=False, compare=False, repr=False)
    _wild: tuple[tuple[str, ...], ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        parts = [_split_at_wildcards(text) for text in self.texts]
        object.__setattr__(self, "exact", frozenset(p[0] for p in parts if len(p) == 1))
        object.__setattr__(self, "any", ("", "") in parts)
        object.__setattr__(self, "_wild", tuple(p for p in parts if len(p) > 1))

    @property
    def literal(self) -> bool:
        """Return whether no pattern has a wildcard, so that exactly the names in `exact` match."""
        return not self._wild

    def fits(self, name: str) -> bool:
        """Return whether one of the patterns matches the whole name."""
        if self.any or name in self.exact:
            return True
        return any(_covers(parts, name) for parts in self._wild)

    def overlaps(self, other: NamePattern) -> bool:
        """Return whether some name could match both."""
        if self.any or other.any or not self.exact.isdisjoint(other.exact):
            return True
        if any(map(other.fits, self.exact)) or any(map(self.fits, other.exact)):
            return True
        return any(_overlap(a, b) for a in self._wild for b in other._wild)

    def __str__(self) -> str:
        return " | ".join(self.texts)


def _split_at_wildcards(text: str) -> tuple[str, ...]:
    """Return the literal parts around the wildcards: ("a", "b") for `a*b`, one part where there is no wildcard."""
    pieces = re.findall(r"\\\*|\*+|[^*\\]+|\\", text)
    parts = [""]
    for piece in pieces:
        if piece[0] == "*":
            parts.append("")
        else:
            parts[-1] += "*" if piece == "\\*" else piece
    return tuple(parts)


def _covers(parts: tuple[str, ...], name: str) -> bool:
    first, last = parts[0], parts[-1]
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for part in parts[1:-1]:  # the leftmost match leaves most of the name for the next part
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether some name matches both of two patterns with wildcards.

    One of the two prefixes must start with the other, and one suffix end with the other. What is between them matches
    the other pattern's wildcard.
    """
    starts = one[0].startswith(other[0]) or other[0].startswith(one[0])
    return starts and (one[-1].endswith(other[-1]) or other[-1].endswith(one[-1]))


class FittingNames(dict[str, bool]):
    """Whether a name fits `pattern` and not `excluded`, found when it is first looked up; some names are remembered."""

    def __init__(self, pattern: NamePattern | None, excluded: NamePattern | None = None) -> None:
        self._pattern, self._excluded = pattern, excluded

    def __missing__(self, name: str) -> bool:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        excluded = self._excluded is not None and self._excluded.fits(name)
        fits = self[name] = self._pattern is not None and not excluded and self._pattern.fits(name)
        return fits
